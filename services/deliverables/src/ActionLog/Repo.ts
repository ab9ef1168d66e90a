/** The SQL of deliverables' action log: its own table, and the retries of deliveries, which a log of their own keeps. */
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"

/** The log; a retry by a customer is in it as well, since nobody else asks for one in a customer's name. */
export const layer = ActionLogRepo.layer("deliverables_action_log", (sql) => [
  sql`select log_id, action, operator, timestamp, null::varchar as goal_instance_id, reason,
        jsonb_build_object('role', role, 'delivery_id', delivery_id, 'deliverable_id', deliverable_id,
          'customer_id', customer_id) as action_metadata
      from delivery_action_log`,
])

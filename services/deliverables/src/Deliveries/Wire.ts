/** A delivery on the wire. */
import { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import { Delivery } from "@stint/domain/deliverables/Deliveries"
import { Option, Schema } from "effect"
import { standingOf } from "../Deliverables/Row.ts"
import type { DeliveryRow } from "./Row.ts"

const decodeTarget = Schema.decodeUnknownOption(ExecutionSettings)

export const toDelivery = (row: DeliveryRow): Delivery => {
  const target = Option.map(decodeTarget(row.target), ({ target = "journal", ...rest }) => ({ target, ...rest }))
  return Delivery.make({
    delivery_id: row.delivery_id,
    deliverable_id: row.deliverable_id,
    customer_id: row.customer_id,
    hired_instance_id: row.hired_instance_id,
    goal_instance_id: row.goal_instance_id,
    approval_id: row.approval_id,
    target: Option.getOrNull(target),
    content_sha256: row.content_sha256,
    ...standingOf(row.state, row.refusal),
    attempts: row.attempts,
    last_error: row.last_error,
    next_attempt_at: row.next_attempt_at,
    armed_at: row.armed_at,
    gave_up_at: row.gave_up_at,
    delivered_at: row.delivered_at,
    created_at: row.created_at,
  }, { disableChecks: true })
}

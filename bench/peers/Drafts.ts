/** The draft of a job as a row of our deliverables table, and the statements that store it. */
import { randomUUID } from "node:crypto"
import type { DraftKind, JobData } from "./Protocol.ts"

/** A time-ordered uuid, as our ids have: version 7. */
const uuidv7 = () => {
  const time = Date.now().toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** A draft's row. */
export const rowOf = (kinds: ReadonlyArray<DraftKind>, job: JobData) => {
  const kind = kinds[job.kind]!
  return {
    deliverable_id: `DEL-${uuidv7()}`,
    hired_instance_id: kind.hired_instance_id,
    goal_instance_id: job.goal_instance_id,
    goal_template_id: kind.goal_template_id,
    title: kind.title,
    payload: { ...kind.payload, goal_instance_id: job.goal_instance_id },
    idempotency_key: `${job.goal_instance_id}:${job.scheduled_time}`,
    customer_id: kind.customer_id,
    scheduled_time: job.scheduled_time,
    approval_required: kind.approval_required,
    created_at: new Date().toISOString(),
  }
}

const columns = `deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload, idempotency_key,
  customer_id, scheduled_time, approval_required, created_at`

/** One row; `updated_at` is the database's word on when it was stored. */
export const insertOne = (kinds: ReadonlyArray<DraftKind>, job: JobData) => ({
  name: "draft",
  text: `insert into deliverables (${columns}, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp()) on conflict (idempotency_key) do nothing`,
  values: Object.values(rowOf(kinds, job)),
})

/** A batch's rows, as our deliverables service stores them: one statement. */
export const insertAll = (
  kinds: ReadonlyArray<DraftKind>,
  jobs: ReadonlyArray<JobData>,
) => ({
  name: "drafts",
  text: `insert into deliverables (${columns}, updated_at) select ${columns}, clock_timestamp()
    from json_to_recordset($1::json) as r (deliverable_id text, hired_instance_id text, goal_instance_id text,
      goal_template_id text, title text, payload jsonb, idempotency_key text, customer_id text,
      scheduled_time timestamptz, approval_required boolean, created_at timestamptz)
    on conflict (idempotency_key) do nothing`,
  values: [JSON.stringify(jobs.map((job) => rowOf(kinds, job)))],
})

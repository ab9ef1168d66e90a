/** The runs of a filter, to be saved as a file. */
import type { Run } from "@stint/domain/scheduler/Runs"
import { runsPage } from "../../api/Runs.ts"
import type { Query } from "../../api/Client.ts"
import { somePages } from "../../api/Pages.ts"
import type { Moment } from "../../format/Time.ts"
import { millisOf } from "../../format/Time.ts"
import { durationOf, latenessOf } from "./Words.ts"

/** The most pages of one file: 10,000 runs. */
const PAGES = 50

const iso = (moment: Moment): string => new Date(millisOf(moment)).toISOString()

/** The columns of the file. */
export const columns = [
  "scheduled_run_id",
  "scheduled_time",
  "status",
  "reason",
  "customer_id",
  "agent_id",
  "hired_instance_id",
  "goal_instance_id",
  "origin",
  "attempt",
  "lateness_ms",
  "duration_ms",
  "last_error",
  "deliverable_id",
  "idempotency_key",
] as const

/** A run as it stands in the file. */
export const record = (run: Run): Readonly<Record<typeof columns[number], unknown>> => ({
  scheduled_run_id: run.scheduled_run_id,
  scheduled_time: iso(run.scheduled_time),
  status: run.status,
  reason: run.reason,
  customer_id: run.customer_id ?? null,
  agent_id: run.agent_id ?? null,
  hired_instance_id: run.hired_instance_id,
  goal_instance_id: run.goal_instance_id,
  origin: run.origin,
  attempt: run.attempt,
  lateness_ms: latenessOf(run) ?? null,
  duration_ms: durationOf(run) ?? null,
  last_error: run.attempts.at(-1)?.error_details?.message ?? null,
  deliverable_id: run.deliverable_id,
  idempotency_key: run.idempotency_key,
})

/** The runs of a filter, the latest slot first, at most 10,000; `more` says that there are others. */
export const readAll = (filter: Query): Promise<{ readonly items: ReadonlyArray<Run>; readonly more: boolean }> =>
  somePages((cursor) => runsPage(filter, cursor), PAGES)

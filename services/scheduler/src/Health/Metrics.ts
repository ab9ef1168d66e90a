/** Pure: the figures of a scrape. */
import { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import type { Distribution, Figure, Gauge } from "@stint/edge/Metrics"
import { COUNTED_AS, DURATION_BUCKETS, LATENESS_BUCKETS } from "../Queue/Counters.ts"
import type { Vitals } from "./Row.ts"

/** The engine's counters, by `<name> <label>`. */
export type Counters = ReadonlyMap<string, number>

const distribution = (
  counters: Counters,
  name: string,
  bounds: ReadonlyArray<number>,
): Pick<Distribution, "buckets" | "above" | "sum"> => ({
  buckets: bounds.map((bound) => [bound, counters.get(`${name} ${bound}`) ?? 0] as const),
  above: counters.get(`${name} +Inf`) ?? 0,
  sum: counters.get(`${name} sum`) ?? 0,
})

/** What the engine counted: the same at every replica, and after every restart. */
export const counterFigures = (counters: Counters): ReadonlyArray<Figure> => [
  ...Object.values(COUNTED_AS).map((outcome): Gauge => ({
    name: "scheduler_runs_total",
    help: "Outcomes of claimed runs since the database was made, of all replicas",
    kind: "counter",
    labels: { outcome },
    value: counters.get(`runs ${outcome}`) ?? 0,
  })),
  {
    name: "scheduler_lease_takeovers_total",
    help: "Runs that were taken over after their lease had ended",
    kind: "counter",
    value: counters.get("takeovers ") ?? 0,
  },
  {
    name: "scheduler_lateness_seconds",
    help: "From when a run was due to when it began, without runs that were caught up",
    ...distribution(counters, "lateness", LATENESS_BUCKETS),
  },
  {
    name: "scheduler_draft_lateness_seconds",
    help: "From when a run was due to when its draft was there, retries included, without runs that were caught up",
    ...distribution(counters, "draft_lateness", LATENESS_BUCKETS),
  },
  {
    name: "scheduler_run_duration_seconds",
    help: "From claim to completion, of runs that completed",
    ...distribution(counters, "duration", DURATION_BUCKETS),
  },
]

/** The dead letters that were closed in the last hour, by how. */
export const closedFigures = (closed: ReadonlyMap<string, number>): ReadonlyArray<Figure> =>
  DeadLetterState.literals.filter((state) => state !== "open").map((state) => ({
    name: "scheduler_dead_letters_closed_last_hour",
    help: "Dead letters that were closed in the last hour, by how",
    labels: { state },
    value: closed.get(state) ?? 0,
  }))

/** The live runs, the last hour and the pauses. `paused`: the ids of the paused scopes. */
export const vitalFigures = (vitals: Vitals, paused: ReadonlyArray<string>): ReadonlyArray<Figure> => {
  const runs = (status: string, value: number): Gauge => ({
    name: "scheduler_runs",
    help: "Live runs, by status",
    labels: { status },
    value,
  })
  const finished = (outcome: string, value: number): Gauge => ({
    name: "scheduler_runs_finished_last_hour",
    help: "Runs that finished in the last hour, by outcome",
    labels: { outcome },
    value,
  })
  const pauses = (scope: string, prefix: string): Gauge => ({
    name: "scheduler_paused",
    help: "Pauses in force, by scope",
    labels: { scope },
    value: paused.filter((id) => id.startsWith(prefix)).length,
  })
  return [
    runs("pending", vitals.pending - vitals.retrying),
    runs("retrying", vitals.retrying),
    runs("running", vitals.running),
    finished("completed", vitals.succeeded),
    finished("dead_lettered", vitals.dead),
    {
      name: "scheduler_attempts_failed_last_hour",
      help: "Attempts that failed in the last hour",
      value: vitals.failed,
    },
    { name: "scheduler_queue_due", help: "Runs that could be claimed now", value: vitals.due },
    {
      name: "scheduler_oldest_due_age_seconds",
      help: "For how long the oldest of them has been due",
      value: vitals.oldest_due_seconds ?? 0,
    },
    { name: "scheduler_dead_letters_open", help: "Open dead letters", value: vitals.dead_letters },
    pauses("all", "global"),
    pauses("hire", "hire:"),
    pauses("customer", "customer:"),
  ]
}

/** Asks a scheduler of a test why its goals ran or did not. */
import { assert } from "@effect/vitest"
import type { GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import { DateTime, Effect } from "effect"
import { eventually, made, refused, type TestScheduler } from "./Harness.ts"

const MINUTE = 60_000
type As = `operator:${string}` | `customer:${string}`

/** An instant (epoch ms) as it is sent. */
export const iso = (millis: number) => new Date(millis).toISOString()
/** The beginning of the minute of an instant (epoch ms). */
export const minuteOf = (millis: number) => Math.floor(millis / MINUTE) * MINUTE
/** So many minutes ago. */
export const minutesAgo = (minutes: number) => ({ changed_at: DateTime.makeUnsafe(Date.now() - minutes * MINUTE) })

/** When the clock of Berlin is set forward and set back next, at least three days ahead; epoch ms. */
export const clockChanges = (): { readonly forward: number; readonly back: number } => {
  const next = (at: Temporal.ZonedDateTime) => at.getTimeZoneTransition("next")!
  const one = next(Temporal.Now.zonedDateTimeISO("Europe/Berlin").add({ days: 3 }))
  const other = next(one)
  const [forward, back] = one.offsetNanoseconds > other.offsetNanoseconds ? [one, other] : [other, one]
  return { forward: forward!.epochMilliseconds, back: back!.epochMilliseconds }
}

const final = new Set(["completed", "cancelled", "dead_lettered"])

/** A run as GET /runs has it. */
export interface ListedRun {
  readonly scheduled_run_id: string
  readonly scheduled_time: string
  readonly status: string
  readonly reason_code: string | null
  readonly deliverable_id: string | null
}

/** The questions. */
export const asking = (scheduler: () => TestScheduler) => {
  const t = { get: scheduler }
  const runsOf = async (goal: string): Promise<ReadonlyArray<ListedRun>> =>
    (await t.get().call("GET", `/runs?goal_instance_id=${goal}`)).json.items
  const ask = (goal: string, at?: string, as: As = "operator:olga") =>
    t.get().call("GET", `/goals/${goal}/explain${at === undefined ? "" : `?at=${at}`}`, { as })
  return {
    /** A hire and a goal that were written so many minutes ago. */
    since: (minutes: number, goal: Partial<GoalChange>, hire: Partial<HireChange> = {}) => {
      const hired = t.get().hire({ ...minutesAgo(minutes), ...hire })
      return t.get().goal(hired.hired_instance_id, { ...minutesAgo(minutes), ...goal })
    },
    runsOf,
    ask,
    explain: async (goal: string, at?: string, as?: As) => {
      const { json, status } = await ask(goal, at, as)
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json
    },
    /** The explanation, once its verdict is this. */
    whenVerdict: (goal: string, at: string, verdict: string) =>
      eventually(async () => (await ask(goal, at)).json, (answer) => answer.verdict === verdict, `it is ${verdict}`),
    /** The runs of a goal, once there are so many and one is in a status. */
    whenOne: async (goal: string, status: string) => {
      const runs = await eventually(
        () => runsOf(goal),
        (all) => all.some((run) => run.status === status),
        `a run is ${status}`,
      )
      return { runs, run: runs.find((run) => run.status === status)! }
    },
    /** The runs of a goal, once there are so many and all are final. */
    whenFinal: (goal: string, count: number) =>
      eventually(
        () => runsOf(goal),
        (runs) => runs.length >= count && runs.every((run) => final.has(run.status)),
        `${count} runs are final`,
      ),
    /** deliverables makes every draft. */
    makeAll: () => t.get().answer((runs) => Effect.succeed(runs.map(made))),
    /** deliverables refuses every draft. */
    refuseAll: (status: number, code: string) =>
      t.get().answer((runs) => Effect.succeed(runs.map((run) => refused(run, status, code)))),
    /** deliverables makes every draft once the returned function is called. */
    hold: () => {
      let finish = () => {}
      const finished = new Promise<void>((resolve) => finish = resolve)
      t.get().answer((runs) => Effect.as(Effect.promise(() => finished), runs.map(made)))
      return () => finish()
    },
  }
}

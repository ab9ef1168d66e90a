/** Every transition of `run_queue.state`: from each state, each verb leads where the diagram of Transitions.ts says. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import type { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Effect } from "effect"
import type { ClaimedRun, NewRun } from "../src/Model.ts"
import { byOperator, Queue } from "../src/Queue.ts"
import { claim, database, done, leasesEnd, write } from "./EngineHarness.ts"
import { unique } from "./Harness.ts"

const states = ["waiting", "timed", "ready", "held"] as const
type State = typeof states[number]

const goalRow = Effect.fnUntraced(function* () {
  const sql = yield* PgClient.PgClient
  const goal_instance_id = unique("GOI") as GoalInstanceId
  const hired_instance_id = unique("HAI") as HiredInstanceId
  yield* sql`insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version, changed_at)
    values (${hired_instance_id}, 'acme', 'a', 'UTC', true, 1, now())`
  yield* sql`insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at, enabled,
      frequency, schedule) values (${goal_instance_id}, ${hired_instance_id}, 'acme', 1, now(), true, 'on_demand', '{}')`
  return { goal_instance_id, hired_instance_id, customer_id: "acme" as CustomerId }
})

const newRun = (goal: Effect.Success<ReturnType<typeof goalRow>>, queue: NonNullable<NewRun["queue"]>): NewRun => ({
  ...goal,
  scheduled_run_id: unique("SCH") as ScheduledRunId,
  slot: Date.now(),
  origin: "schedule",
  request_id: null,
  run_metadata: {},
  queue,
})

const stateOf = Effect.fnUntraced(function* (id: string) {
  const sql = yield* PgClient.PgClient
  const [row] = yield* sql<{ state: State }>`select state from run_queue where scheduled_run_id = ${id}`
  return row?.state ?? "gone"
})

/** A run in a state, as the verbs bring it there; its claim when it is held. */
const runIn = Effect.fnUntraced(function* (state: State) {
  const queue = yield* Queue
  const goal = yield* goalRow()
  const run = newRun(goal, {
    serial: true,
    caught_up: false,
    forced: false,
    claimable_at: state === "waiting" ? null : state === "timed" ? Date.now() + 3_600_000 : Date.now() - 1_000,
  })
  yield* queue.enqueue([run])
  const claims = state === "held" ? yield* claim(1) : []
  assert.strictEqual(yield* stateOf(run.scheduled_run_id), state)
  const claimed: ClaimedRun = claims[0] ?? {
    ...run,
    scheduled_time: run.slot,
    attempt: 1,
    fence: 999_999,
    claimed_at: Date.now(),
    serial: true,
  }
  return { run, goal, claimed }
})

type At = Effect.Success<ReturnType<typeof runIn>>
/** A verb, and the states that it changes: what each leads to. From all others it changes nothing. */
interface Verb {
  readonly name: string
  readonly leads: Partial<Record<State, State | "gone">>
  readonly act: (at: At) => Effect.Effect<unknown, unknown, Queue | PgClient.PgClient>
}

const withQueue = <A, E, R>(use: (queue: Queue["Service"]) => Effect.Effect<A, E, R>) => Effect.flatMap(Queue, use)

const verbs: ReadonlyArray<Verb> = [
  { name: "claim", leads: { ready: "held" }, act: () => claim(1) },
  {
    name: "a claim once its time has come",
    leads: { timed: "held", ready: "held" },
    act: ({ run }) =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql`update run_queue set claimable_at = now() where scheduled_run_id = ${run.scheduled_run_id}
          and state = 'timed'`
        yield* claim(1)
      }),
  },
  {
    name: "a claim of others once its lease has ended",
    leads: { held: "ready" },
    act: ({ claimed }) =>
      Effect.gen(function* () {
        yield* leasesEnd([claimed])
        yield* claim(0)
      }),
  },
  { name: "renew", leads: {}, act: ({ claimed }) => withQueue((queue) => queue.renew([claimed], 10_000)) },
  { name: "complete", leads: { held: "gone" }, act: ({ claimed }) => write([done(claimed)]) },
  {
    name: "retry",
    leads: { held: "timed" },
    act: ({ claimed }) => write([{ _tag: "Retry", run: claimed, error: { type: "X", message: "x" }, delayMs: 60_000 }]),
  },
  {
    name: "release",
    leads: { held: "timed" },
    act: ({ claimed }) => write([{ _tag: "Released", run: claimed, delayMs: 0 }]),
  },
  {
    name: "an outcome that its goal is gone",
    leads: { held: "gone" },
    act: ({ claimed }) =>
      write([{
        _tag: "Gone",
        run: claimed,
        code: "goal_not_found",
        error: { type: "goal_not_found", message: "x" },
        reason: "x",
      }]),
  },
  {
    name: "dead-letter",
    leads: { held: "gone" },
    act: ({ claimed }) =>
      write([{ _tag: "Dead", run: claimed, error: { type: "X", message: "x" }, errorType: "PERMANENT" }]),
  },
  {
    name: "releaseNext",
    leads: { waiting: "ready" },
    act: ({ goal }) => withQueue((queue) => queue.releaseNext([goal.goal_instance_id])),
  },
  { name: "releaseStuck", leads: { waiting: "ready" }, act: () => withQueue((queue) => queue.releaseStuck) },
  {
    name: "cancel",
    leads: { waiting: "gone", timed: "gone", ready: "gone", held: "gone" },
    act: ({ goal }) =>
      withQueue((queue) => queue.cancel({ goal_instance_id: goal.goal_instance_id }, byOperator("olga", undefined))),
  },
  {
    name: "cancel of unclaimed slots",
    leads: { waiting: "gone", timed: "gone", ready: "gone" },
    act: ({ goal }) =>
      withQueue((queue) =>
        queue.cancel(goal, { code: "goal_disabled", words: "the goal was switched off" }, "unclaimed_slots")
      ),
  },
  {
    name: "remove",
    leads: { waiting: "gone", timed: "gone", ready: "gone" },
    act: ({ run }) => withQueue((queue) => queue.remove([run.scheduled_run_id])),
  },
  {
    name: "enqueue of its slot again",
    leads: {},
    act: ({ run }) => withQueue((queue) => queue.enqueue([run])),
  },
  {
    name: "requeue",
    leads: {},
    act: ({ run }) =>
      withQueue((queue) => queue.requeue([{ scheduled_run_id: run.scheduled_run_id, claimable_at: Date.now() }])),
  },
]

/** Takes the run out of the queue, if it is there: the next claim finds its own alone. */
const clear = ({ goal }: At) =>
  withQueue((queue) => queue.cancel({ hired_instance_id: goal.hired_instance_id }, byOperator("olga", undefined)))

layer(database, { excludeTestServices: true })("the queue's states", (it) => {
  for (const { act, leads, name } of verbs) {
    it.effect(
      `${name}: ${Object.entries(leads).map(([from, to]) => `${from} -> ${to}`).join(", ") || "changes no state"}`,
      () =>
        Effect.forEach(states, (from) =>
          Effect.gen(function* () {
            const at = yield* runIn(from)
            yield* act(at)
            assert.strictEqual(yield* stateOf(at.run.scheduled_run_id), leads[from] ?? from, `from ${from}`)
            yield* clear(at)
          })),
    )
  }

  it.effect("a final run comes back by requeue: timed before its time, ready from then on", () =>
    Effect.gen(function* () {
      const queue = yield* Queue
      for (const [claimable_at, state] of [[Date.now() + 3_600_000, "timed"], [Date.now() - 1_000, "ready"]] as const) {
        const at = yield* runIn("held")
        const { claimed, run } = at
        yield* write([{ _tag: "Dead", run: claimed, error: { type: "X", message: "x" }, errorType: "PERMANENT" }])
        assert.deepStrictEqual(
          yield* queue.requeue([{ scheduled_run_id: run.scheduled_run_id, claimable_at }]),
          [run.scheduled_run_id],
        )
        assert.strictEqual(yield* stateOf(run.scheduled_run_id), state)
        yield* clear(at)
      }
    }))

  it.effect("the database refuses a row whose columns do not fit its state", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const wrong: Record<State, string> = {
        waiting: "claimable_at = now()",
        timed: "claimable_at = null",
        ready: "holder = 'one', fence = 1, claimed_at = now()",
        held: "holder = null",
      }
      for (const state of states) {
        const at = yield* runIn(state)
        const refused = yield* Effect.flip(
          sql`update run_queue set ${sql.unsafe(wrong[state])} where scheduled_run_id = ${at.run.scheduled_run_id}`,
        )
        assert.include(JSON.stringify(refused), `ck_run_queue_${state}`)
        yield* clear(at)
      }
    }))
})

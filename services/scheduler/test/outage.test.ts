/** C2, A3: what is away charges nobody, and a customer whose calls fail harms no other. */
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Fault } from "@stint/edge/Absence"
import type { Fares } from "@stint/edge/Follower"
import { Neighbours } from "@stint/edge/Neighbours"
import { Effect, Layer } from "effect"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { Away, CallFailed } from "../src/Clients.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

/** Neighbours that a test plays: what deliverables says when it is asked. */
const playNeighbours = () => {
  let fault: Fault | undefined
  const away = Effect.sync(() =>
    fault === undefined ? [] : [{ part: "deliverables", since: Date.now() - 10_000, ...fault }]
  )
  return {
    say: (next: Fault | undefined) => void (fault = next),
    layer: Layer.succeed(Neighbours, {
      answered: () => Effect.void,
      failed: () => Effect.void,
      ask: () => Effect.sync(() => fault),
      said: () => fault,
      away,
      disputed: Effect.succeed([]),
    }),
  }
}

describe("an outage of hiring", () => {
  const since = Date.now() - 3_600_000
  const followers = new Map<string, Fares>([
    ["hiring's feed, as it was", {
      workedAt: since,
      held: true,
      rebuilds: 0,
      endedAt: since,
      behind: false,
      of: "hiring",
    }],
    ["another feed", { workedAt: since, held: true, rebuilds: 0, endedAt: since, behind: false, of: "elsewhere" }],
  ])
  const fault = { how: "unavailable" as const, detail: "it answered 503", since }
  const neighbours = Layer.succeed(Neighbours, {
    answered: () => Effect.void,
    failed: () => Effect.void,
    ask: () => Effect.succeed(undefined),
    said: () => undefined,
    away: Effect.succeed([
      { part: "hiring", ...fault, how: "refused" as const },
      { part: "deliverables", ...fault, because: "hiring" },
    ]),
    disputed: Effect.succeed([{ part: "catalog", ...fault, seen_by: "deliverables" }]),
  })
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler({ followers, neighbours })))
  afterAll(() => t.stop())

  it("C2: is one alert that names it; what follows from it is in the health, and alerts nobody", async () => {
    const alerts = await eventually(
      () =>
        asOwner(
          t.database.ownerUrl,
          (sql) => sql<{ kind: string; subject: string }>`select kind, subject from alerts order by kind, subject`,
        ),
      (rows) => rows.some(({ kind }) => kind === "away") && rows.some(({ kind }) => kind === "feed_held"),
      "both looks were made",
    )
    assert.deepStrictEqual(alerts.map(({ kind, subject }) => [kind, subject]), [
      ["away", "catalog"],
      ["away", "hiring"],
      ["feed_held", "another feed"],
    ])
    const { problems } = (await t.call("GET", "/health")).json
    assert.sameMembers(problems.map(({ because, part }: { because?: string; part: string }) => `${part} ${because}`), [
      "hiring undefined",
      "deliverables hiring",
      "hiring's feed, as it was undefined",
      "another feed undefined",
    ])
  })
})

describe("an outage", () => {
  const ends: Array<() => Promise<unknown>> = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  const start = async () => {
    const neighbours = playNeighbours()
    const clock = movableClock()
    const t = await startScheduler({ clock, neighbours: neighbours.layer })
    ends.push(() => t.stop())
    return { clock, neighbours, t }
  }
  const runOf = async (t: TestScheduler, goal: string) =>
    (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items[0]
  const completed = (t: TestScheduler, goal: string) =>
    eventually(() => runOf(t, goal), (run) => run?.status === "completed", "it is completed")

  it("C2: a batch without an answer, from a deliverables that does not answer when it is asked, charges nobody", async () => {
    const { neighbours, t } = await start()
    const fault = { how: "timed_out" as const, detail: "no answer within 3 s" }
    let calls = 0
    t.answer((runs) =>
      Effect.suspend(() => {
        if (++calls > 1) return Effect.succeed(runs.map(made))
        neighbours.say(fault)
        return Effect.fail(new CallFailed({ type: "TIMEOUT", message: "deliverables did not answer within 30s" }))
      })
    )
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const health = await eventually(
      async () => (await t.call("GET", "/health")).json,
      ({ problems }) => problems.length > 0,
      "the health names it",
    )
    assert.strictEqual(health.status, "degraded")
    assert.deepInclude(health.problems[0], { part: "deliverables", ...fault })
    await eventually(() => runOf(t, goal.goal_instance_id), (run) => run?.status === "pending", "it is released")
    assert.strictEqual(calls, 1, "while it says that it is away nothing is sent")
    neighbours.say(undefined)
    const run = await completed(t, goal.goal_instance_id)
    assert.deepStrictEqual(run.attempts.map(({ error_details }: { error_details: unknown }) => error_details), [null])
  })

  it("C7: its own database, read but not written, is named in its health, and gone from it afterwards", async () => {
    const { clock, t } = await start()
    const owner = (statement: string) => asOwner(t.database.ownerUrl, (sql) => sql.unsafe(statement).unprepared)
    await owner(`create function fail() returns trigger language plpgsql as
      $$ begin raise 'could not extend file' using errcode = '53100'; end $$`)
    await owner("create trigger fail before update on database_probe execute function fail()")
    // whether it can write is tried every ten seconds
    const health = async () => {
      clock.advance("200 millis")
      return (await t.call("GET", "/health")).json
    }
    // the moved clock may run past the deadline of an answer first
    const isFull = ({ how, part }: { how: string; part: string }) =>
      part === "the database of scheduler" && how === "unavailable"
    const full = await eventually(health, ({ problems }) => problems.some(isFull), "the health names it")
    assert.strictEqual(full.status, "degraded")
    // beside it may be what was late by the moved clock
    assert.deepInclude(full.problems.find(isFull), {
      part: "the database of scheduler",
      how: "unavailable",
      detail: "its disk is full: could not extend file",
    })
    await owner("drop trigger fail on database_probe")
    const after = await eventually(health, ({ problems }) => problems.length === 0, "it is over")
    assert.strictEqual(after.status, "healthy")
  })

  it("C2: a refused token and an unavailable part are away as well", async () => {
    const { t } = await start()
    let calls = 0
    t.answer((runs) =>
      ++calls < 3
        ? Effect.fail(new Away({ how: calls === 1 ? "token_refused" : "unavailable", message: "said the test" }))
        : Effect.succeed(runs.map(made))
    )
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    assert.strictEqual((await completed(t, goal.goal_instance_id)).attempt, 1)
  })

  it("A3: a customer whose runs break every call is charged alone, and the others' runs complete uncharged", async () => {
    const { t } = await start()
    t.answer((runs) =>
      runs.some(({ customer_id }) => customer_id === "bad")
        ? Effect.fail(new CallFailed({ type: "HTTP_500", message: "it answered 500" }))
        : Effect.succeed(runs.map(made))
    )
    assert.strictEqual((await t.call("POST", "/pause", { body: { reason: "look first" } })).status, 200)
    const bad = t.goal(t.hire({ customer_id: "bad" as never }).hired_instance_id)
    const others = ["one", "two", "three"].map((customer) =>
      t.goal(t.hire({ customer_id: customer as never }).hired_instance_id)
    )
    for (const goal of [bad, ...others]) t.request(goal)
    await eventually(
      async () => (await t.call("GET", "/status")).json.pending_goals_count,
      (pending) => pending === 4,
      "all wait, so that one claim takes them together",
    )
    await t.call("POST", "/resume", { body: {} })
    for (const { goal_instance_id } of others) {
      assert.strictEqual((await completed(t, goal_instance_id)).attempt, 1)
    }
    const run = await eventually(
      () => runOf(t, bad.goal_instance_id),
      (run) => run?.status === "retrying",
      "the bad one is charged",
    )
    assert.strictEqual(run.attempts[0].error_details.type, "HTTP_500")
    const health = (await t.call("GET", "/health")).json
    assert.isNotNull(health.last_failure, "a run that retries is not invisible")
    assert.isAbove(health.failure_rate_1h, 0)
  })

  it("C2: a maker's own failure counts as before", async () => {
    const { t } = await start()
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 504, "maker_late"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const run = await eventually(
      () => runOf(t, goal.goal_instance_id),
      (run) => run?.status === "retrying",
      "it retries",
    )
    assert.strictEqual(run.attempts[0].error_details.type, "maker_late")
  })
})

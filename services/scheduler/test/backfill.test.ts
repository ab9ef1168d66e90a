/** Backfills over HTTP: past slots run, once, and the action log has a line. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { asOwner } from "./Owner.ts"
import { eventually, made, startScheduler, type TestScheduler, unique } from "./Harness.ts"

const DAY = 86_400_000
/** The day on which the test begins: it may end meanwhile. */
const today = Math.floor(Date.now() / DAY)
/** Midnight of a day, so many days before. */
const daysAgo = (days: number) => new Date((today - days) * DAY).toISOString()
/** An hour of the day that is not now, nor soon. */
const hour = String((new Date().getUTCHours() + 12) % 24).padStart(2, "0")
const minute = (ago: number) => new Date(Math.floor(Date.now() / 60_000 - ago) * 60_000).toISOString()

interface Slot {
  readonly scheduled_time: string
  readonly outcome: string
  readonly scheduled_run_id?: string
  readonly status?: string
}

describe("backfill", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  const runsOf = async (goal: string) => (await t.call("GET", `/runs?goal_instance_id=${goal}&limit=200`)).json.items
  const completed = (goal: string, count: number) =>
    eventually(
      () => runsOf(goal),
      (runs) => runs.filter((r: { status: string }) => r.status === "completed").length === count,
      `${count} completed`,
    )
  const lineOf = async (goal: string) =>
    (await t.call("GET", "/actions")).json.items.find((line: { goal_instance_id: string }) =>
      line.goal_instance_id === goal
    )
  const backfill = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    t.call("POST", "/backfill", { body: { reason: "asked for", ...body }, headers })
  /** A goal that has arrived, by its id. */
  const arrived = async (more: Parameters<TestScheduler["goal"]>[1] = {}) => {
    const { goal_instance_id } = t.goal(t.hire().hired_instance_id, more)
    await eventually(
      () => backfill({ goal_instance_id, from: daysAgo(1), to: daysAgo(1), dry_run: true }),
      (a) => a.status === 200,
      "the goal arrives",
    )
    return goal_instance_id
  }
  const daily = () => arrived({ frequency: "daily", schedule: { at: `${hour}:00` } })
  const outcomes = (slots: ReadonlyArray<Slot>) => slots.map((slot) => slot.outcome)

  it("makes a run of each slot, oldest first, once; a preview says which and changes nothing", async () => {
    const goal_instance_id = await daily()
    const range = { goal_instance_id, from: daysAgo(5), to: daysAgo(0) }
    const preview = await backfill({ ...range, dry_run: true })
    assert.strictEqual(preview.status, 200)
    assert.isNull(preview.headers.get("location"))
    assert.deepInclude(preview.json, { matched: 5, queued: 0, next_from: null, dry_run: true })
    assert.deepStrictEqual(
      preview.json.slots,
      [5, 4, 3, 2, 1].map((ago) => ({
        scheduled_time: daysAgo(ago).replace("T00", `T${hour}`),
        outcome: "would_queue",
      })),
    )
    assert.deepStrictEqual(await runsOf(goal_instance_id), [])

    const done = await backfill({ ...range, reason: "the outage of last week" })
    assert.strictEqual(done.status, 202)
    assert.strictEqual(done.headers.get("location"), `/api/v1/scheduler/runs?goal_instance_id=${goal_instance_id}`)
    assert.deepInclude(done.json, { matched: 5, queued: 5, next_from: null, dry_run: false })
    const line = await lineOf(goal_instance_id)
    assert.deepInclude(line, { action: "backfill", operator: "olga", goal_instance_id })
    assert.strictEqual(line.reason, "the outage of last week")
    assert.deepInclude(line.action_metadata, { from: range.from, to: range.to, matched: 5, queued: 5, force: false })
    assert.match(line.action_metadata.hired_instance_id, /^HAI-/)
    const runs = await completed(goal_instance_id, 5)
    for (const run of runs) {
      assert.strictEqual(run.origin, "backfill")
      assert.strictEqual(run.idempotency_key, `${goal_instance_id}:${run.scheduled_time}`)
    }
    assert.deepStrictEqual(
      done.json.slots.map((slot: Slot) => slot.scheduled_run_id),
      runs.map((run: Slot) => run.scheduled_run_id).reverse(),
    )
    // the runs of one batch are made together; an older run is in no later batch
    const batches = t.batches.map((batch) =>
      batch.filter((run) => run.goal_instance_id === goal_instance_id).map((run) => run.scheduled_time)
    ).filter((slots) => slots.length > 0)
    for (const [nth, slots] of batches.slice(1).entries()) {
      assert.isAbove(Math.min(...slots), Math.max(...batches[nth]!))
    }

    const again = await backfill(range)
    assert.strictEqual(again.status, 200)
    assert.deepInclude(again.json, { matched: 5, queued: 0, finishes_at: null })
    assert.deepStrictEqual(
      again.json.slots.map((slot: Slot) => [slot.outcome, slot.status, slot.scheduled_run_id]),
      runs.map((run: Slot) => ["taken", "completed", run.scheduled_run_id]).reverse(),
    )
    assert.strictEqual((await lineOf(goal_instance_id)).log_id, line.log_id)
  })

  it("queues a skipped run again, under its key, and records why it was skipped", async () => {
    const goal_instance_id = await arrived({
      frequency: "cron",
      schedule: { cron: "* * * * *", missed: "skip" },
      changed_at: DateTime.makeUnsafe(Date.now() - 8 * 60_000),
    })
    const runs = await eventually(() => runsOf(goal_instance_id), (runs) => runs.length >= 7, "its slots are decided")
    const skipped = runs.filter((run: { reason_code: string }) => run.reason_code === "missed_skipped")
    assert.isTrue(skipped.length >= 5)
    const oldest = skipped.at(-1)
    const trigger = await t.call("POST", `/trigger/${goal_instance_id}`, {
      body: { scheduled_time: oldest.scheduled_time },
    })
    assert.strictEqual(trigger.status, 409)
    assert.strictEqual(trigger.json.scheduled_run_id, oldest.scheduled_run_id)

    const range = { goal_instance_id, from: oldest.scheduled_time, to: skipped[0].scheduled_time }
    const preview = (await backfill({ ...range, dry_run: true })).json
    assert.deepStrictEqual(
      preview.slots.map((slot: Slot) => [slot.outcome, slot.scheduled_run_id, slot.status]),
      skipped.map((run: Slot) => ["would_queue", run.scheduled_run_id, "cancelled"]).reverse(),
    )
    const done = await backfill(range)
    assert.strictEqual(done.json.queued, skipped.length)
    for (const { scheduled_run_id, idempotency_key } of skipped) {
      const run = await eventually(
        async () => (await t.call("GET", `/runs/${scheduled_run_id}`)).json,
        (run) => run.status === "completed",
        "it runs",
      )
      assert.deepInclude(run, { origin: "backfill", idempotency_key, reason: null, reason_code: null })
    }
    const rows = await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql<
          { run_metadata: Record<string, unknown> }
        >`select run_metadata from scheduled_goal_runs where scheduled_run_id = ${oldest.scheduled_run_id}`,
    )
    assert.deepInclude(rows[0]!.run_metadata, {
      skipped_for: "missed: the goal skips missed slots",
      backfilled_by: "olga",
      backfill: (await lineOf(goal_instance_id)).log_id,
    })
    const [first] = (await backfill({ ...range, dry_run: true })).json.slots
    assert.deepInclude(first, { outcome: "taken", status: "completed" })
  })

  it("of more slots than the cap queues the oldest, and says where to continue", async () => {
    const goal_instance_id = await arrived({ frequency: "cron", schedule: { cron: "0 * * * *" } })
    const range = { goal_instance_id, from: daysAgo(40), to: daysAgo(1) }
    const first = await backfill({ ...range, cap: 3, dry_run: true })
    assert.deepInclude(first.json, { matched: 39 * 24 + 1, next_from: daysAgo(40).replace("T00", "T03") })
    assert.strictEqual(first.json.slots.length, 3)
    const seen: Array<string> = []
    let from: string | null = daysAgo(2)
    while (from !== null) {
      const page: { json: { slots: ReadonlyArray<Slot>; next_from: string | null } } = await backfill({
        ...range,
        from,
        cap: 10,
        dry_run: true,
      })
      seen.push(...page.json.slots.map((slot) => slot.scheduled_time))
      from = page.json.next_from
    }
    assert.strictEqual(seen.length, 25)
    assert.deepStrictEqual(seen, [...new Set(seen)].toSorted())
  })

  it("starts its runs at the given pace, and says when the last one may start", async () => {
    const goal_instance_id = await daily()
    const before = Date.now()
    const done = await backfill({ goal_instance_id, from: daysAgo(4), to: daysAgo(0), per_minute: 2 })
    const [first, ...waiting] = (await eventually(
      () => runsOf(goal_instance_id),
      (runs) => runs.some((run: { status: string }) => run.status === "completed"),
      "the first runs at once",
    )).toReversed()
    assert.strictEqual(first.status, "completed")
    const at = waiting.map((run: { next_attempt_at: string }) => Date.parse(run.next_attempt_at))
    assert.deepStrictEqual(at.map((start: number) => start - at[0]), [0, 30_000, 60_000])
    assert.isTrue(at[0] >= before + 30_000 && at[0] <= Date.now() + 30_000, "30 s after the first")
    assert.strictEqual(Date.parse(done.json.finishes_at), at[2])
    assert.strictEqual((await lineOf(goal_instance_id)).action_metadata.per_minute, 2)
  })

  it("repeated under its Idempotency-Key, is the same backfill", async () => {
    const goal_instance_id = await daily()
    const body = { goal_instance_id, from: daysAgo(3), to: daysAgo(0) }
    const key = { "idempotency-key": unique("b") }
    const first = await backfill(body, key)
    const again = await backfill(body, key)
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    assert.strictEqual(again.status, 202)
    assert.deepStrictEqual(again.json, first.json)
    assert.strictEqual((await backfill({ ...body, cap: 1 }, key)).status, 422)
    await completed(goal_instance_id, 3)
  })

  it("while paused is refused unless it is forced; a preview is not", async () => {
    const goal_instance_id = await daily()
    const body = { goal_instance_id, from: daysAgo(2), to: daysAgo(0) }
    await t.call("POST", "/pause", { body: { reason: "quiet" } })
    const refused = await backfill(body)
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(refused.json, { code: "scheduler_paused", paused_reason: "quiet" })
    assert.strictEqual((await backfill({ ...body, dry_run: true })).status, 200)
    assert.deepStrictEqual(await runsOf(goal_instance_id), [])
    assert.strictEqual((await backfill({ ...body, force: true })).status, 202)
    assert.strictEqual((await lineOf(goal_instance_id)).action_metadata.force, true)
    await completed(goal_instance_id, 2)
    await t.call("POST", "/resume", { body: {} })
  })

  it("refuses an invalid stretch and a goal that can't run; an on_demand goal has no slots", async () => {
    const goal_instance_id = await arrived()
    const faults: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
      [{ to: new Date(Date.now() + 60_000).toISOString() }, "$.to"],
      [{ from: daysAgo(1), to: daysAgo(2) }, "$.from"],
      [{ from: daysAgo(370) }, "$.from"],
      [{ from: "yesterday" }, "$.from"],
      [{ cap: 0 }, "$.cap"],
      [{ cap: 1001 }, "$.cap"],
      [{ per_minute: 0 }, "$.per_minute"],
      [{ more: 1 }, "$.more"],
      [{ to: undefined }, "$.to"],
    ]
    const good = { goal_instance_id, from: daysAgo(2), to: daysAgo(1) }
    for (const [fault, path] of faults) {
      const answer = await backfill({ ...good, ...fault })
      assert.strictEqual(answer.status, 400, JSON.stringify(fault))
      assert.strictEqual(answer.json.errors[0].path, path)
    }
    const none = await backfill(good)
    assert.strictEqual(none.status, 200)
    assert.deepInclude(none.json, { matched: 0, queued: 0, slots: [], next_from: null, finishes_at: null })
    assert.strictEqual((await backfill({ ...good, goal_instance_id: "GOI-nope" })).json.code, "goal_not_found")
    const off = t.goal(t.hire().hired_instance_id, { enabled: false })
    const lame = t.goal(t.hire({ runnable: false, reason: "not finalized" }).hired_instance_id)
    for (const [goal, code] of [[off, "goal_disabled"], [lame, "hire_not_runnable"]] as const) {
      const answer = await eventually(
        () => backfill({ ...good, goal_instance_id: goal.goal_instance_id }),
        (a) => a.status === 409,
        "refused",
      )
      assert.strictEqual(answer.json.code, code)
    }
    for (const as of ["viewer:vera", "customer:acme", "service:hiring"] as const) {
      assert.strictEqual((await t.call("POST", "/backfill", { as, body: good })).status, 403, as)
    }
  })

  it("of a goal whose zone this runtime does not know is refused, and names it", async () => {
    const goal_instance_id = await daily()
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`update projected_goals set schedule = schedule || '{"timezone": "Mars/Olympus"}'
          where goal_instance_id = ${goal_instance_id}`,
    )
    const answer = await backfill({ goal_instance_id, from: daysAgo(5), to: daysAgo(0) })
    assert.deepStrictEqual([answer.status, answer.json.code], [409, "schedule_not_evaluable"])
    assert.match(answer.json.detail, /Mars\/Olympus/)
  })

  it("is exempt from overlap: its runs run beside the one that is open", async () => {
    let finish = () => {}
    const finished = new Promise<void>((resolve) => finish = resolve)
    const goal_instance_id = await daily()
    t.answer((runs) =>
      runs.some((run) => run.goal_instance_id === goal_instance_id)
        ? Effect.as(Effect.promise(() => finished), runs.map(made))
        : Effect.succeed(runs.map(made))
    )
    await t.call("POST", `/trigger/${goal_instance_id}`)
    await backfill({ goal_instance_id, from: daysAgo(3), to: daysAgo(0) })
    await eventually(
      () => runsOf(goal_instance_id),
      (runs) => runs.filter((run: { status: string }) => run.status === "running").length === 4,
      "four run at once",
    )
    assert.deepStrictEqual(
      outcomes((await backfill({ goal_instance_id, from: daysAgo(3), to: minute(0), dry_run: true })).json.slots)
        .slice(0, 3),
      ["taken", "taken", "taken"],
    )
    finish()
    await completed(goal_instance_id, 4)
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })
})

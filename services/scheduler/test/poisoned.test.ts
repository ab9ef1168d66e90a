/** A3: a row that can't be read stops nobody else: goals that fall due, alerts, lists. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

describe("a poisoned row", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  const cron = {
    frequency: "cron" as const,
    schedule: { cron: "* * * * *" },
    changed_at: DateTime.makeUnsafe(Date.now() - 2 * 60_000),
  }
  const runsOf = async (goal: string) => (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items
  const sql = <A>(statement: string) => asOwner(t.database.ownerUrl, (client) => client.unsafe<A & object>(statement))

  it("A3: of a due goal is recorded and stops that goal alone; another customer's slots run", async () => {
    const bad = t.goal(t.hire({ customer_id: "bad" as never }).hired_instance_id)
    await eventually(
      async () => await sql(`select 1 as n from projected_goals where goal_instance_id = '${bad.goal_instance_id}'`),
      (rows) => rows.length === 1,
      "it is projected",
    )
    await sql(`update projected_goals set frequency = 'daily', schedule = '[1e400]',
      next_slot = now() - interval '1 minute', due_at = now() - interval '1 minute'
      where goal_instance_id = '${bad.goal_instance_id}'`)
    const good = t.goal(t.hire({ customer_id: "good" as never }).hired_instance_id, cron)
    await eventually(
      () => runsOf(good.goal_instance_id),
      (runs) => runs.some(({ status }: { status: string }) => status === "completed"),
      "another customer's slot runs",
    )
    const [missed] = await eventually(
      async () =>
        await sql<{ reason_code: string }>(
          `select reason_code from missed_slots where goal_instance_id = '${bad.goal_instance_id}'`,
        ),
      (rows) => rows.length === 1,
      "the slot is recorded",
    )
    assert.strictEqual(missed!.reason_code, "schedule_invalid")
    await eventually(
      async () => (await t.service.call("GET", "/metrics")).json as string,
      (text) => /^stint_unreadable_rows\{what="goals"\} 1$/m.test(text),
      "the metric counts it",
    )
  })

  it("A3: of an alert keeps no other alert back", async () => {
    await sql(`insert into scheduler_alerts (alert_id, kind, subject, begun_at, details)
      values ('ALR-bad', 'paused', 'customer:bad', now(), '[]')`)
    await sql(`insert into alerts (alert_id, kind, subject, message, details)
      values ('ALR-bad', 'away', 'nothing', 'said the test', '[]')`)
    const scope = { customer_id: "good" }
    await t.arrived(t.hire(scope as never))
    assert.strictEqual((await t.call("POST", "/pause", { body: { scope, reason: "look first" } })).status, 200)
    await eventually(
      async () =>
        await sql(`select 1 as n from scheduler_alerts where subject = 'customer:good' and begin_told_at is not null`),
      (rows) => rows.length === 1,
      "the good one is told",
    )
    await t.call("POST", "/resume", { body: { scope } })
  })

  it("A3: of an attempt, a dead letter or a line of the log: lists go on with the others, and one of it is named", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "draft_impossible"))))
    const { hired_instance_id } = t.hire()
    const [bad, good] = [t.goal(hired_instance_id), t.goal(hired_instance_id)]
    t.request(bad)
    t.request(good)
    const list = async (path: string) => (await t.call("GET", `${path}?hired_instance_id=${hired_instance_id}`)).json
    const [letter] = (await eventually(
      () => list("/dlq"),
      ({ items }) => items.length === 2,
      "both are dead-lettered",
    )).items.filter(({ goal_instance_id }: { goal_instance_id: string }) => goal_instance_id === bad.goal_instance_id)
    t.answer((runs) => Effect.succeed(runs.map(made)))
    const [run] = await runsOf(bad.goal_instance_id)
    await sql(`update run_attempts set error_details = '[]' where scheduled_run_id = '${run.scheduled_run_id}'`)
    await sql(`update scheduler_dlq set goal_instance_id = repeat('x', 200) where dlq_id = '${letter.dlq_id}'`)
    await sql(`insert into scheduler_action_log (log_id, action, operator, timestamp, goal_instance_id) values
      ('LOG-odd', 'limit', 'pia', now(), repeat('x', 200)), ('LOG-even', 'limit', 'pia', now(), null)`)
    const goalsOf = ({ items }: { items: Array<{ goal_instance_id: string }> }) =>
      items.map((one) => one.goal_instance_id)
    for (const path of ["/runs", "/dlq"]) {
      const page = await list(path)
      assert.deepStrictEqual([goalsOf(page), page.unreadable], [[good.goal_instance_id], 1], path)
    }
    const lines = (await t.call("GET", "/actions/pia")).json
    assert.strictEqual(lines.unreadable, 1)
    assert.deepStrictEqual(lines.items.map(({ log_id }: { log_id: string }) => log_id), ["LOG-even"])
    for (const path of [`/runs/${run.scheduled_run_id}`, `/dlq/${letter.dlq_id}`]) {
      const one = await t.call("GET", path)
      assert.deepStrictEqual([one.status, one.json.code], [500, "row_unreadable"], path)
      assert.include(one.json.detail, path)
    }
    await eventually(
      async () => (await t.service.call("GET", "/metrics")).json as string,
      (text) =>
        /^stint_unreadable_rows\{what="dead letters"\} 1$/m.test(text) &&
        /^stint_unreadable_rows\{what="answers"\} 2$/m.test(text),
      "the metric counts them",
    )
  })

  it("A3: of a run, an attempt or a line of the log shows in no list, and breaks none", async () => {
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    await eventually(
      () => runsOf(goal.goal_instance_id),
      (runs) => runs[0]?.status === "completed",
      "one is completed",
    )
    await sql(`update scheduled_goal_runs set run_metadata = '[]' where goal_instance_id = '${goal.goal_instance_id}'`)
    for (const path of ["/runs", "/dlq", "/actions", "/health", "/status"]) {
      assert.strictEqual((await t.call("GET", path)).status, 200, path)
    }
  })
})

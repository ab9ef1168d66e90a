/** The action log: an action and its line commit together or not at all, and the log is read page by page. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { asOwner } from "./Owner.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

/** Every table that an action may write to. */
const tables = [
  "scheduled_goal_runs",
  "goal_runs",
  "run_queue",
  "run_attempts",
  "scheduler_dlq",
  "scheduler_state",
  "scheduler_action_log",
  "scheduler_alerts",
  "run_limits",
]

describe("the action log", () => {
  let t: TestScheduler
  const ids = { goal: "", waiting: "", deadLetter: "", other: "" }
  const owner = <A>(query: Parameters<typeof asOwner<A>>[1]) => asOwner(t.database.ownerUrl, query)
  const everything = () =>
    owner((sql) =>
      Effect.map(
        Effect.forEach(tables, (table) =>
          Effect.map(
            sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql(table)} t order by 1`,
            (rows) => [table, rows.map(({ row }) => row)] as const,
          )),
        Object.fromEntries,
      )
    )
  const scope = { customer_id: "pia" }
  const actions: Record<string, () => ReturnType<TestScheduler["call"]>> = {
    pause: () => t.call("POST", "/pause", { body: { reason: "look first" } }),
    resume: () => t.call("POST", "/resume", { body: { scope } }),
    trigger: () =>
      t.call("POST", `/trigger/${ids.goal}`, { body: { scheduled_time: "2026-03-01T09:00:00.000Z", force: true } }),
    backfill: () => {
      const [from, to] = ["2026-03-02T00:00:00.000Z", "2026-03-05T00:00:00.000Z"]
      return t.call("POST", "/backfill", {
        body: { goal_instance_id: ids.goal, from, to, force: true, reason: "asked for" },
      })
    },
    limit: () => t.call("PUT", "/limits", { body: { scope, max_running: 3, reason: "fair shares" } }),
    run_cancel: () => t.call("POST", `/runs/${ids.waiting}/cancel`, { body: { reason: "not needed" } }),
    dlq_retry: () => t.call("POST", `/dlq/${ids.deadLetter}/retry`),
    dlq_discard: () => t.call("DELETE", `/dlq/${ids.other}`, { body: { reason: "given up" } }),
    dlq_redrive: () => t.call("POST", "/dlq/redrive", { body: { reason: "mended" } }),
  }

  beforeAll(async () => {
    t = await startScheduler()
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "draft_impossible"))))
    const { hired_instance_id } = t.hire()
    for (const goal of [1, 2, 3].map(() => t.goal(hired_instance_id))) t.request(goal)
    const deadLetters = await eventually(
      async () => (await t.call("GET", "/dlq")).json.items,
      (items) => items.length === 3,
      "dead letters",
    )
    Object.assign(ids, { deadLetter: deadLetters[0].dlq_id, other: deadLetters[1].dlq_id })
    ids.goal = t.goal(t.hire().hired_instance_id, { frequency: "daily", schedule: { at: "09:00" } }).goal_instance_id
    const scheduled_time = new Date(Date.now() + 3_600_000).toISOString()
    const waiting = await eventually(
      () => t.call("POST", `/trigger/${ids.goal}`, { body: { scheduled_time } }),
      (answer) => answer.status === 202,
      "a run that waits",
    )
    ids.waiting = waiting.json.scheduled_run_id
    await t.arrived(t.hire(scope as never))
    assert.strictEqual((await t.call("POST", "/pause", { body: { scope, reason: "look first" } })).status, 200)
    await eventually(
      async () => {
        // has the conditions evaluated now, and not while the test compares
        await t.call("POST", "/resume", { body: {} })
        return owner((sql) =>
          sql<{ kind: string; told: boolean }>`
          select kind, begin_told_at is not null as told from scheduler_alerts`
        )
      },
      (rows) =>
        ["paused", "success_rate"].every((kind) => rows.some((row) => row.kind === kind)) &&
        rows.every(({ told }) => told),
      "its alert, and that of the runs that failed, are delivered",
    )
    // deliverables is told of dead letters every fifteen seconds, which is written into them: as if it had been
    await owner((sql) => sql`update scheduler_dlq set told_at = now()`)
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })
  afterAll(() => t.stop())

  it("no action happens when its line can't be written; each happens when it can", async () => {
    await owner((sql) =>
      Effect.andThen(
        sql`create function no_line() returns trigger language plpgsql as
          $body$ begin raise exception 'the log is full'; end $body$`,
        sql`create trigger no_line before insert on scheduler_action_log for each row execute function no_line()`,
      )
    )
    try {
      for (const [action, act] of Object.entries(actions)) {
        const before = await everything()
        const answer = await act()
        assert.deepStrictEqual([answer.status, answer.json.code], [500, "internal_error"], action)
        assert.deepStrictEqual(await everything(), before, action)
      }
    } finally {
      await owner((sql) => sql`drop trigger no_line on scheduler_action_log`)
    }
    const { pause, ...others } = actions
    for (const [action, act] of Object.entries({ ...others, pause: pause! })) {
      const answer = await act()
      assert.isTrue(
        answer.status === 200 || answer.status === 201 || answer.status === 202,
        `${action}: ${answer.status}`,
      )
      const [line] = (await t.call("GET", "/actions?limit=1")).json.items
      assert.strictEqual(line.action, action)
    }
  })

  it("is read page by page, the latest first, by operators and viewers", async () => {
    await owner((sql) =>
      sql`insert into scheduler_action_log (log_id, action, operator, timestamp)
      select 'LOG-page-' || n, 'limit', 'pia', '2026-01-01T00:00:00Z'::timestamptz + n / 2 * interval '1 second'
      from generate_series(1, 5) n`
    )
    const page = async (query: string) =>
      (await t.call("GET", `/actions/pia?limit=2${query}`, { as: "viewer:vera" })).json
    const seen: Array<string> = []
    let { items, next_cursor } = await page("")
    seen.push(...items.map((line: { log_id: string }) => line.log_id))
    while (next_cursor !== null) {
      ;({ items, next_cursor } = await page(`&cursor=${next_cursor}`))
      seen.push(...items.map((line: { log_id: string }) => line.log_id))
    }
    assert.deepStrictEqual(seen, [5, 4, 3, 2, 1].map((n) => `LOG-page-${n}`))
    const of = async (query: string) =>
      (await t.call("GET", `/actions${query}`)).json.items.map(({ log_id }: { log_id: string }) => log_id)
    const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`
    assert.deepStrictEqual(await of(`/pia?from=${at(1)}&to=${at(2)}`), ["LOG-page-3", "LOG-page-2"])
    assert.deepStrictEqual(await of(`?action=limit&to=${at(1)}`), ["LOG-page-1"])
    assert.deepStrictEqual(await of(`?action=pause&to=${at(1)}`), [])
    for (const bad of ["action=dance", "from=yesterday", "to=0"]) {
      assert.strictEqual((await t.call("GET", `/actions?${bad}`)).status, 400, bad)
    }
    assert.strictEqual((await t.call("GET", "/actions", { as: "customer:acme" })).status, 403)
    assert.strictEqual((await t.call("GET", "/actions?cursor=bogus")).status, 400)
    for (const limit of ["0", "201", "abc", "0x10", "1e2", "%205"]) {
      assert.strictEqual((await t.call("GET", `/actions?limit=${limit}`)).status, 400, limit)
    }
  })
})

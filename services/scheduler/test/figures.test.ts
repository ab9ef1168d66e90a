/** Figures over time, over HTTP: which runs and dead letters a window counts, and where. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

/** A run that became final so many seconds ago: how, and how late its draft was. */
type Ended = readonly [seconds: number, how: "completed" | "cancelled" | "dead_lettered", late: number | null]

describe("figures", () => {
  let t: TestScheduler
  beforeAll(async () => {
    t = await startScheduler()
    // 20 that are 1 to 20 ms late, half an hour ago; others around it, and outside of the hour
    const ended: ReadonlyArray<Ended> = [
      ...Array.from({ length: 20 }, (_, n): Ended => [1_790, "completed", n + 1]),
      [600, "completed", 900],
      [600, "completed", null],
      [600, "cancelled", null],
      [1_790, "dead_lettered", null],
      [1_790, "dead_lettered", null],
      [5 * 3_600, "completed", 7],
      [20 * 3_600, "cancelled", null],
      [25 * 3_600, "completed", 5_000],
    ]
    const rows = JSON.stringify(ended.map(([seconds, how, late], n) => ({ seconds, how, late, n })))
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, completed_at, closed_at, idempotency_key, reason_code, draft_late_ms)
          select 'SCH-' || n, 'GOI-' || n, 'HAI-1', 'acme', at, at, case how when 'completed' then 'completed' else 'cancelled' end,
            case how when 'completed' then at end, at, 'key-' || n,
            case how when 'dead_lettered' then how when 'cancelled' then 'overlap_open' end, late
          from json_to_recordset(${rows}::json) as x (seconds int, how varchar, late int, n int),
            lateral (select now() - make_interval(secs => seconds) as at) y`,
    )
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, fingerprint, first_failed_at, last_failed_at,
            expires_at, state, closed_at)
          select 'DLQ-' || hours, 'GOI-' || hours, 'HAI-1', 'cause', at, at, at + interval '7 days',
            case when hours = 0 then 'open' else 'discarded' end, case when hours > 0 then at + interval '20 minutes' end
          from unnest(array[0, 1, 4, 30]) as hours,
            lateral (select now() - make_interval(hours => hours, mins => 10) as at) y`,
    )
  })
  afterAll(() => t.stop())

  const figures = async (query = "") => (await t.call("GET", `/figures${query}`, { as: "viewer:vera" })).json

  it("count what became final in the last hour, by the minute, with the exact quantiles of the drafts' lateness", async () => {
    const { from, points, to, total } = await figures()
    assert.strictEqual(Date.parse(to) - Date.parse(from), 3_600_000)
    assert.lengthOf(points, 60)
    assert.deepStrictEqual(
      points.map((point: { at: string }) => (Date.parse(point.at) - Date.parse(from)) / 60_000),
      Array.from({ length: 60 }, (_, n) => n),
    )
    assert.deepStrictEqual(total, {
      completed: 22,
      cancelled: 1,
      dead_lettered: 2,
      draft_lateness_p50_ms: 11,
      draft_lateness_p95_ms: 20,
      dead_letters_opened: 1,
      dead_letters_closed: 1,
    })
    const some = points.filter((point: { completed: number }) => point.completed > 0)
    assert.deepStrictEqual(
      some.map(({ at: _, ...rest }: { at: string }) => rest),
      [
        { completed: 20, cancelled: 0, dead_lettered: 2, draft_lateness_p50_ms: 10, draft_lateness_p95_ms: 19 },
        { completed: 2, cancelled: 1, dead_lettered: 0, draft_lateness_p50_ms: 900, draft_lateness_p95_ms: 900 },
      ],
    )
    const nothing = points.filter((point: { completed: number }) => point.completed === 0)
    for (const point of nothing) {
      assert.deepInclude(point, {
        cancelled: 0,
        dead_lettered: 0,
        draft_lateness_p50_ms: null,
        draft_lateness_p95_ms: null,
      })
    }
  })

  it("count 6 and 24 hours by 60 points as well, and no more than that", async () => {
    const six = await figures("?hours=6")
    assert.deepInclude(six.total, { completed: 23, cancelled: 1, dead_letters_opened: 3, dead_letters_closed: 2 })
    assert.strictEqual(Date.parse(six.points[1].at) - Date.parse(six.from), 6 * 60_000)
    const day = await figures("?hours=24")
    assert.deepInclude(day.total, { completed: 23, cancelled: 2, dead_lettered: 2 })
    assert.lengthOf(day.points, 60)
    assert.strictEqual((await t.call("GET", "/figures?hours=48")).status, 400)
    assert.strictEqual((await t.call("GET", "/figures", { as: "customer:acme" })).status, 403)
  })
})

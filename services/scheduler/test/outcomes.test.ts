/** Outcomes of runs, as deliverables asks for them. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Send } from "../../../tests/support/Service.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

describe("outcomes", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  const period = "from=2026-01-01T00:00:00.000Z&to=9999-01-01T00:00:00.000Z"
  const count = (query: string, as: Send["as"] = "service:deliverables") => t.call("GET", `/outcomes?${query}`, { as })

  it("count the runs of a hire, and of a customer, by how they stand", async () => {
    const customer_id = "outcomes" as never
    const [one, other] = [t.hire({ customer_id }), t.hire({ customer_id })]
    const goals = {
      fine: t.goal(one.hired_instance_id),
      refused: t.goal(one.hired_instance_id),
      gone: t.goal(one.hired_instance_id),
      held: t.goal(one.hired_instance_id),
      other: t.goal(other.hired_instance_id),
    }
    let release = () => {}
    const released = new Promise<void>((resolve) => release = resolve)
    t.answer((runs) =>
      Effect.promise(async () => {
        if (runs.some(({ goal_instance_id }) => goal_instance_id === goals.held.goal_instance_id)) await released
        return runs.map((run) => {
          if (run.goal_instance_id === goals.refused.goal_instance_id) return refused(run, 422, "draft_impossible")
          return run.goal_instance_id === goals.gone.goal_instance_id ? refused(run, 404, "goal_not_found") : made(run)
        })
      })
    )
    const { held, ...others } = goals
    for (const goal of Object.values(others)) t.request(goal)
    const ofCustomer = async () => (await count(`customer_id=outcomes&${period}`)).json.runs
    const ended = { pending: 0, running: 0, retrying: 0, completed: 2, cancelled: 1, dead_lettered: 1 }
    await eventually(
      ofCustomer,
      (runs) => runs.completed + runs.cancelled + runs.dead_lettered === 4,
      "four have ended",
    )
    assert.deepStrictEqual(await ofCustomer(), ended)
    t.request(held)
    await eventually(ofCustomer, ({ running }) => running === 1, "one is running")
    assert.deepStrictEqual(await ofCustomer(), { ...ended, running: 1 })
    const ofHire = (await count(`hired_instance_id=${one.hired_instance_id}&${period}`)).json.runs
    assert.deepStrictEqual(ofHire, { ...ended, running: 1, completed: 1 })
    release()
    const past = await count("customer_id=outcomes&from=2026-01-01T00:00:00.000Z&to=2026-01-02T00:00:00.000Z")
    assert.strictEqual(past.json.runs.completed, 0)
  })

  it("say from when on runs are known, and are for deliverables alone, of somebody's runs", async () => {
    const { json } = await count(`customer_id=outcomes&${period}`)
    assert.isBelow(Math.abs(Date.now() - 30 * 86_400_000 - Date.parse(json.since)), 3_600_000)
    const all = await count(period)
    assert.deepStrictEqual([all.status, all.json.errors[0].path], [400, "query.customer_id"])
    for (const as of ["operator:olga", "customer:outcomes", "service:hiring"] as const) {
      assert.strictEqual((await count(`customer_id=outcomes&${period}`, as)).status, 403, as)
    }
  })

  /** Goals of a customer that the scheduler knows, each with slots that ended so, the oldest first. */
  const goalsWith = async (
    customer: string,
    slots: ReadonlyArray<ReadonlyArray<keyof typeof STORED>>,
    more: object = {},
  ) => {
    const { hired_instance_id } = t.hire({ customer_id: customer as never })
    const ids = slots.map(() => t.goal(hired_instance_id, more).goal_instance_id).sort()
    const rows = JSON.stringify(
      ids.flatMap((goal, nth) =>
        slots[nth]!.map((how, at) => ({ goal, at, how: STORED[how][0], why: STORED[how][1] }))
      ),
    )
    const known = () =>
      asOwner(
        t.database.ownerUrl,
        (sql) => sql`select from projected_goals where goal_instance_id = any(${ids}::varchar[])`,
      )
    await eventually(known, ({ length }) => length === ids.length, "the goals have arrived")
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, completed_at, closed_at, idempotency_key, reason_code)
          select 'SCH-' || goal || '-' || at, goal, ${hired_instance_id}, ${customer}, slot, slot, how,
            case how when 'completed' then slot end, slot, goal || ':' || at, why
          from json_to_recordset(${rows}::json) as x (goal varchar, at int, how varchar, why varchar),
            lateral (select timestamptz '2026-02-01Z' + make_interval(mins => at) as slot) y`,
    )
    return { hired_instance_id, ids }
  }
  const STORED = {
    made: ["completed", null],
    failed: ["cancelled", "dead_lettered"],
    skipped: ["cancelled", "overlap_open"],
  } as const
  const last = (query: string, as: Send["as"] = "viewer:vera") => t.call("GET", `/runs/last${query}`, { as })
  interface Last {
    readonly enabled: boolean
    readonly run: { readonly goal_instance_id: string; readonly scheduled_run_id: string; readonly status: string }
  }
  const told = ({ json }: { readonly json: { readonly items: ReadonlyArray<Last> } }) =>
    json.items.map(({ enabled, run }) => [run.scheduled_run_id, run.status, enabled])

  it("of the last run of each goal pass over what was cancelled, and are of the goals that are asked for", async () => {
    const { hired_instance_id, ids: [again, mended, never] } = await goalsWith("lastly", [
      ["made", "failed", "skipped", "skipped"],
      ["failed", "made"],
      ["skipped"],
    ])
    const { ids: [off] } = await goalsWith("lastly", [["failed"]], { enabled: false })
    const failed = [`SCH-${again}-1`, "dead_lettered", true]
    const fine = [`SCH-${mended}-1`, "completed", true]
    const failedOff = [`SCH-${off}-0`, "dead_lettered", false]
    const byId = (ones: ReadonlyArray<ReadonlyArray<unknown>>) =>
      [...ones].sort(([a], [b]) => String(a) < String(b) ? -1 : 1)
    const ended = byId([failed, fine, failedOff])
    for (const as of ["operator:olga", "viewer:vera", "customer:lastly"] as const) {
      assert.deepStrictEqual(told(await last("?customer_id=lastly", as)), ended, as)
    }
    assert.deepStrictEqual(told(await last("", "customer:lastly")), ended)
    assert.deepStrictEqual(told(await last("?customer_id=lastly&status=dead_lettered")), byId([failed, failedOff]))
    assert.deepStrictEqual(told(await last(`?hired_instance_id=${hired_instance_id}`)), byId([failed, fine]))
    assert.deepStrictEqual(told(await last(`?goal_instance_id=${mended}&status=dead_lettered`)), [])
    assert.deepStrictEqual(told(await last(`?goal_instance_id=${never}`)), [])
    const first = await last("?customer_id=lastly&limit=2")
    assert.deepStrictEqual(told(first), ended.slice(0, 2))
    const second = await last(`?customer_id=lastly&limit=2&cursor=${first.json.next_cursor}`)
    assert.deepStrictEqual([told(second), second.json.next_cursor], [[ended[2]], null])
  })

  it("of the last run of each goal are looked for among its latest thousand slots", async () => {
    const skipped = (count: number) => Array.from({ length: count }, () => "skipped" as const)
    const { ids: [near] } = await goalsWith("longly", [["failed", ...skipped(999)], ["failed", ...skipped(1_000)]])
    assert.deepStrictEqual(told(await last("?customer_id=longly")), [[`SCH-${near}-0`, "dead_lettered", true]])
  })

  it("of the last run of each goal are its customer's own, and of somebody's goals", async () => {
    const { hired_instance_id, ids: [goal] } = await goalsWith("ownly", [["failed"]])
    for (const query of ["", `?hired_instance_id=${hired_instance_id}`, `?goal_instance_id=${goal}`]) {
      assert.deepStrictEqual(told(await last(query, "customer:stranger")), [], query)
    }
    const foreign = await last("?customer_id=ownly", "customer:stranger")
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "customer_not_found"])
    for (const as of ["operator:olga", "viewer:vera"] as const) {
      const all = await last("", as)
      assert.deepStrictEqual([all.status, all.json.errors[0].path], [400, "$.customer_id"], as)
    }
    const wrong = await last("?customer_id=ownly&status=cancelled&limit=0")
    assert.deepStrictEqual(
      [wrong.status, wrong.json.errors.map(({ path }: { readonly path: string }) => path)],
      [400, ["query.status", "query.limit"]],
    )
    assert.strictEqual((await last("?customer_id=ownly&cursor=x")).status, 400)
    assert.strictEqual((await last("?customer_id=ownly", "service:deliverables")).status, 403)
  })
})

/** Outcomes of runs, as deliverables asks for them. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Send } from "../../../tests/support/Service.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

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
})

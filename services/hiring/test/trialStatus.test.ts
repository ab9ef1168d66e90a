/** The trials of hires: when one starts, who sees which in which order, and who may have them processed. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Send } from "../../../tests/support/Service.ts"
import {
  base,
  customerOf,
  type Hiring,
  marketing,
  marketingConfig,
  operator,
  scheduler,
  startHiring,
} from "./Harness.ts"

describe("the trials of hires", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const status = (as: Send["as"], query = "") =>
    hiring.call("GET", `${base}/trial-status${query}`, as === undefined ? {} : { as })
  const process = (as: Send["as"]) =>
    hiring.call("POST", `${base}/hired-agents/process-trial-end`, as === undefined ? {} : { as })

  it("a customer's are listed by the end of the trial, those that have not started last", async () => {
    const acme = customerOf(hiring)
    const subscription = await acme.subscribed()
    const drafted = (await acme.draft(subscription, {}, marketing)).json
    const [second, first] = [await acme.hired(), await acme.hired()]
    for (const { hired_instance_id } of [first, second]) await acme.putGoal(hired_instance_id)
    await hiring.sql((sql) =>
      sql`
        update hired_agents set trial_start = trial_start - interval '1 day', trial_end = trial_end - interval '1 day'
        where hired_instance_id = ${first.hired_instance_id}`
    )
    const { json } = await status(acme.as)
    const started = await acme.call("GET", `/hired-agents/${first.hired_instance_id}`)
    assert.deepStrictEqual(json.trials[0], {
      subscription_id: first.subscription_id,
      hired_instance_id: first.hired_instance_id,
      trial_status: "active",
      trial_start: started.json.trial_start,
      trial_end: started.json.trial_end,
      configured: true,
      goals_completed: true,
    })
    assert.deepStrictEqual(json.trials[2], {
      subscription_id: subscription,
      hired_instance_id: drafted.hired_instance_id,
      trial_status: "not_started",
      trial_start: null,
      trial_end: null,
      configured: false,
      goals_completed: false,
    })
    const order = [first.hired_instance_id, second.hired_instance_id, drafted.hired_instance_id]
    const idsOf = (trials: ReadonlyArray<{ hired_instance_id: string }>) => trials.map((it) => it.hired_instance_id)
    assert.deepStrictEqual(idsOf(json.trials), order)
    assert.strictEqual(json.next_cursor, null)
    const paged: Array<string> = []
    for (let cursor = ""; cursor !== "end";) {
      const page = await status("viewer:vera", `?customer_id=${acme.name}&limit=1${cursor && `&cursor=${cursor}`}`)
      paged.push(...idsOf(page.json.trials))
      cursor = page.json.next_cursor ?? "end"
    }
    assert.deepStrictEqual(paged, order)
    assert.includeMembers(idsOf((await status(operator.as, "?limit=200")).json.trials), order)
    assert.deepStrictEqual(idsOf((await status(acme.as, `?customer_id=${acme.name}`)).json.trials), order)
  })

  it("the trial starts once, when a goal, finalize and an active subscription are there, in any order", async () => {
    const trialOf = async (acme: ReturnType<typeof customerOf>, id: string) =>
      (await acme.call("GET", `/hired-agents/${id}`)).json
    const acme = customerOf(hiring)
    const goalLast = await acme.hired()
    assert.strictEqual((await trialOf(acme, goalLast.hired_instance_id)).trial_status, "not_started")
    await acme.putGoal(goalLast.hired_instance_id)
    const started = await trialOf(acme, goalLast.hired_instance_id)
    assert.strictEqual(started.trial_status, "active")
    assert.strictEqual(Date.parse(started.trial_end) - Date.parse(started.trial_start), 7 * 86_400_000)
    await acme.putGoal(goalLast.hired_instance_id)
    assert.strictEqual((await trialOf(acme, goalLast.hired_instance_id)).trial_start, started.trial_start)

    const { hired_instance_id: finalizedLast } =
      (await acme.draft(await acme.subscribed(), { config: marketingConfig })).json
    await acme.putGoal(finalizedLast)
    const finalized = await acme.call("POST", `/hired-agents/${finalizedLast}/finalize`, {})
    assert.strictEqual(finalized.json.trial_status, "active")

    const activatedLast = await acme.hired()
    await hiring.call("POST", `${base}/subscriptions/${activatedLast.subscription_id}/past-due`, operator)
    await acme.activate(activatedLast.subscription_id)
    assert.strictEqual((await trialOf(acme, activatedLast.hired_instance_id)).trial_status, "not_started")
    await acme.putGoal(activatedLast.hired_instance_id)
    assert.strictEqual((await trialOf(acme, activatedLast.hired_instance_id)).trial_status, "active")
  })

  it("another customer is not found, a customer without hires has none, and a query that is not valid is refused", async () => {
    const other = await status("customer:nobody", "?customer_id=customer-1")
    assert.deepStrictEqual([other.status, other.json.code], [404, "customer_not_found"])
    assert.deepStrictEqual((await status("customer:nobody")).json, { trials: [], next_cursor: null })
    const invented = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "")
    const cursors = ["bad!", invented("x"), invented([1e300, "x"]), invented([null, "\u0000"]), invented([1])]
    for (
      const query of [...cursors.map((it) => `?cursor=${it}`), "?limit=0", "?customer_id=has%20space", "?more=1"]
    ) {
      const { json, status: code } = await status("viewer:vera", query)
      assert.deepStrictEqual([code, json.code], [400, "invalid_request"], query)
    }
    assert.strictEqual((await status(scheduler.as)).status, 403)
    assert.strictEqual((await status(undefined)).status, 401)
  })

  it("only an operator may have them processed, and nothing changes while none is due", async () => {
    for (const as of ["customer:acme", "viewer:vera", scheduler.as] as const) {
      const { json, status: code } = await process(as)
      assert.deepStrictEqual([code, json.code], [403, "wrong_role"])
    }
    assert.strictEqual((await process(undefined)).status, 401)
    const done = await process(operator.as)
    assert.deepStrictEqual([done.status, done.json], [200, { processed: [] }])
  })
})

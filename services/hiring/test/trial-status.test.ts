/** How the trials of hires stand: who sees which, in which order; and the request to process their ends. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Send } from "../../../tests/support/Service.ts"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import {
  base,
  customerOf,
  type Hiring,
  marketing,
  marketingConfig,
  modes,
  operator,
  scheduler,
  startHiring,
} from "./Harness.ts"

for (const mode of modes) {
  describe(`trial status on ${mode}`, () => {
    let hiring: Hiring
    beforeAll(async () => {
      hiring = await startHiring(mode)
    })
    afterAll(() => hiring.end())

    const status = (as: Send["as"], query = "") =>
      hiring.call("GET", `${base}/trial-status${query}`, as === undefined ? {} : { as })
    const process = (as: Send["as"]) =>
      hiring.call("POST", `${base}/hired-agents/process-trial-end`, as === undefined ? {} : { as })

    it("tells of each hire of a customer, by the end of its trial, those not started last", async () => {
      const acme = customerOf(hiring)
      const subscription = await acme.subscribed()
      const drafted = (await acme.draft(subscription, {}, marketing)).json
      const [second, first] = [await acme.hired(), await acme.hired()]
      for (const { hired_instance_id } of [first, second]) {
        await acme.putGoal(hired_instance_id)
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
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

    it("a trial starts once, by whichever write makes the hire runnable with a goal", async () => {
      const acme = customerOf(hiring)
      const subscription = await acme.subscribed()
      const { hired_instance_id: id } = (await acme.draft(subscription, { config: marketingConfig })).json
      await acme.putGoal(id)
      assert.strictEqual((await status(acme.as)).json.trials[0].trial_status, "not_started")
      await acme.call("POST", `/hired-agents/${id}/finalize`, {})
      const started = (await status(acme.as)).json.trials[0]
      assert.strictEqual(started.trial_status, "active")
      await acme.putGoal(id)
      assert.deepStrictEqual((await status(acme.as)).json.trials[0], started)
    })

    it("another customer does not exist; a customer without hires has none; what does not decode is refused", async () => {
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

    it("processing is an operator's, and does nothing while nothing is due", async () => {
      for (const as of ["customer:acme", "viewer:vera", scheduler.as] as const) {
        const { json, status: code } = await process(as)
        assert.deepStrictEqual([code, json.code], [403, "wrong_role"])
      }
      assert.strictEqual((await process(undefined)).status, 401)
      const done = await process(operator.as)
      assert.deepStrictEqual([done.status, done.json], [200, { processed: [] }])
    })
  })
}

it("processing answers with the trials that it ended, once (memory)", async () => {
  const time = movableClock()
  // a clock whose sleepers never wake: nothing happens by itself
  const asleep = { ...time.clock, sleep: movableClock().clock.sleep }
  const hiring = await startHiring("memory", {}, asleep)
  const acme = customerOf(hiring)
  const { hired_instance_id } = await acme.hired()
  await acme.putGoal(hired_instance_id)
  time.advance("7 days")
  const process = () => hiring.call("POST", `${base}/hired-agents/process-trial-end`, operator)
  const [trial] = (await process()).json.processed
  assert.deepStrictEqual([trial.hired_instance_id, trial.trial_status], [hired_instance_id, "ended_converted"])
  assert.deepStrictEqual((await process()).json, { processed: [] })
  await hiring.end()
})

/** What a scrape shows of hiring, on both storages. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { base, customerOf, type Hiring, marketing, modes, operator, startHiring } from "./Harness.ts"

for (const mode of modes) {
  describe(`/metrics of hiring on ${mode}`, () => {
    let hiring: Hiring
    beforeAll(async () => {
      hiring = await startHiring(mode)
    })
    afterAll(() => hiring.end())

    it("has subscriptions by status and the outbox, and no customer in it", async () => {
      const { as, name } = customerOf(hiring, "wilma")
      const subscribe = async () => {
        const body = { agent_id: marketing, customer_id: name, duration: "monthly" }
        return (await hiring.call("POST", `${base}/subscriptions`, { as, body })).json.subscription_id
      }
      await subscribe()
      await hiring.call("POST", `${base}/subscriptions/${await subscribe()}/activate`, operator)
      const { json, status } = await hiring.call("GET", "/metrics")
      assert.strictEqual(status, 200)
      assert.match(json, /^stint_hiring_subscriptions\{status="pending_payment"\} 1$/m)
      assert.match(json, /^stint_hiring_subscriptions\{status="active"\} 1$/m)
      assert.match(json, /^stint_hiring_subscriptions\{status="canceled"\} 0$/m)
      assert.match(json, /^stint_hiring_outbox_changes [1-9]\d*$/m)
      assert.match(json, /^stint_http_requests_total\{.*route="\/api\/v1\/subscriptions",status="201"\} 2$/m)
      assert.match(json, /^stint_http_requests_total\{method="any",route="none",status="200"\} \d+$/m)
      assert.notMatch(json, /wilma|SUB-/)
    })
  })
}

/** The whole way, from a subscription to a goal that the feed tells of. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  customerOf,
  dailyPost,
  follow,
  type Hiring,
  marketing,
  marketingConfig,
  modes,
  startHiring,
} from "./Harness.ts"

for (const mode of modes) {
  describe(`hiring on ${mode}: the story`, () => {
    let hiring: Hiring
    beforeAll(async () => {
      hiring = await startHiring(mode)
    })
    afterAll(() => hiring.end())

    it("subscribe, activate, draft, goal, finalize: the feed tells of a goal that may run", async () => {
      const acme = customerOf(hiring, "acme")
      const subscribed = await acme.subscribe()
      assert.strictEqual(subscribed.status, 201)
      const { subscription_id } = subscribed.json
      assert.strictEqual(subscribed.headers.get("location"), `/api/v1/subscriptions/${subscription_id}`)
      assert.strictEqual(subscribed.json.status, "pending_payment")
      const active = await acme.activate(subscription_id)
      assert.strictEqual(active.status, 200)
      assert.strictEqual(active.json.status, "active")

      const draft = await acme.draft(subscription_id, { config: marketingConfig })
      assert.strictEqual(draft.status, 201, JSON.stringify(draft.json))
      const id = draft.json.hired_instance_id
      assert.strictEqual(draft.headers.get("location"), `/api/v1/hired-agents/${id}`)
      assert.include(draft.json, {
        agent_id: marketing,
        definition_version: "1.0.0",
        configured: true,
        goals_completed: false,
        active: true,
        finalized_at: null,
        trial_status: "not_started",
        subscription_status: "active",
        subscription_ended_at: null,
        retention_expires_at: null,
      })
      const finalized = await acme.call("POST", `/hired-agents/${id}/finalize`, {})
      assert.strictEqual(finalized.status, 200)
      assert.isString(finalized.json.finalized_at)

      const goal = await acme.putGoal(id, { settings: { topic: "Sleep", schedule: { at: "07:30" } } })
      assert.strictEqual(goal.status, 201, JSON.stringify(goal.json))
      const goalId = goal.json.goal_instance_id
      assert.strictEqual(goal.headers.get("location"), `/api/v1/hired-agents/${id}/goals/${goalId}`)
      assert.include(goal.json, {
        hired_instance_id: id,
        goal_template_id: dailyPost,
        frequency: "daily",
        enabled: true,
      })

      const whole = await acme.call("GET", `/hired-agents/${id}`)
      assert.include(whole.json, { goals_completed: true, trial_status: "active" })

      const { items } = await follow(hiring)
      assert.deepStrictEqual(items.map(({ type }) => type), [
        "subscription",
        "subscription",
        "hire",
        "hire",
        "goal",
      ])
      assert.include(items[3], { hired_instance_id: id, runnable: true, reason: null, timezone: "Asia/Kolkata" })
      assert.include(items[4], {
        goal_instance_id: goalId,
        version: 1,
        deleted: false,
        enabled: true,
        default_at: null,
      })
      assert.deepStrictEqual(items[4].schedule, { at: "07:30" })
    })
  })
}

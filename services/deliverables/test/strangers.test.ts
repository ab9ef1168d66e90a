/** What another customer asks of things that are not its own: the answer is that of what does not exist, to the byte. */
import { assert, it } from "@effect/vitest"
import type { Send } from "../../../tests/support/Service.ts"
import { newKey, onStage } from "./support/Harness.ts"

/** The things of a customer, by their kinds. */
type Things = Readonly<Record<"draft" | "approval" | "mandate" | "delivery" | "hire" | "goal" | "customer", string>>

/** What does not exist. */
const nothing: Things = {
  draft: "DEL-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
  approval: "APR-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
  mandate: "MAN-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
  delivery: "DLV-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
  hire: "HAI-nothing",
  goal: "GOI-nothing",
  customer: "nobody",
}

const mandateOf = (hired_instance_id: string) => ({
  hired_instance_id,
  rules: [{ path: "theme", op: "eq", value: "x" }],
  max_uses: 1,
  per: "day",
  valid_until: new Date(Date.now() + 86_400_000).toISOString(),
  action: "approve",
})

/** Everything that can be asked about these things, each request valid but for whose they are. */
const asks = (of: Things, payload: unknown): ReadonlyArray<readonly [method: string, path: string, body?: object]> => {
  const mandate = mandateOf(of.hire)
  const item = { deliverable_id: of.draft, decision: "approved", revision: 1, content_sha256: "0".repeat(64) }
  return [
    ["GET", `/deliverables/${of.draft}`],
    ["DELETE", `/deliverables/${of.draft}`],
    ["GET", `/deliverables/${of.draft}/revisions`],
    ["GET", `/deliverables/${of.draft}/revisions/1`],
    ["GET", `/deliverables/${of.draft}/diff?from=1&to=2`],
    ["GET", `/deliverables/${of.draft}/approvals`],
    ["PUT", `/deliverables/${of.draft}/content`, { payload, base_revision: 1 }],
    ["POST", `/deliverables/${of.draft}/review`, { decision: "approved" }],
    ["POST", `/deliverables/${of.draft}/review`, { decision: "changes_requested", notes: "other words" }],
    ["POST", `/deliverables/${of.draft}/execute`, { approval_id: of.approval }],
    ["POST", "/deliverables/decisions", { items: [item] }],
    ["GET", `/approvals/${of.approval}`],
    ["POST", `/approvals/${of.approval}/withdraw`, {}],
    ["GET", `/deliveries/${of.delivery}`],
    ["POST", `/deliveries/${of.delivery}/retry`, {}],
    ["GET", `/mandates/${of.mandate}`],
    ["POST", `/mandates/${of.mandate}/revoke`, {}],
    ["POST", "/mandates", mandate],
    ["POST", "/mandates/preview", { mandate }],
    ["GET", `/hired-agents/${of.hire}/deliverables`],
    ["GET", `/hired-agents/${of.hire}/report`],
    ["GET", `/hired-agents/${of.hire}/spending`],
    ["GET", `/deliverables?goal_instance_id=${of.goal}`],
    ["GET", `/deliverables?hired_instance_id=${of.hire}&order=expiry`],
    ["GET", `/approvals?mandate_id=${of.mandate}`],
    ["PUT", `/reviewers/eve?customer_id=${of.customer}`, { channels: [], timezone: "UTC" }],
    ...[
      "/deliverables",
      "/deliverables/counts",
      "/approvals",
      "/deliveries",
      "/mandates",
      "/reviewers",
      "/reviewers/acme",
      "/notices",
    ].map((path) => ["GET", `${path}?customer_id=${of.customer}`] as const),
    ["GET", `/customers/${of.customer}/report`],
  ]
}

onStage("a stranger", (stage) => {
  it("learns of nothing whether it is there", async () => {
    const { approved, call, drafted, execute, executed, world } = stage()
    const { approval_id, id, payload } = await approved("secret", { topic: "unmistakable" })
    await execute(id, { approval_id })
    const { execution } = await executed(id)
    world.goal("GOI-waits", "HAI-secret")
    const { deliverable_id: draft } = await drafted("GOI-waits")
    const mine = async (method: string, path: string, body: object) => {
      const { json, status } = await call(method, `/api/v1${path}`, { as: "customer:acme", body })
      assert.isBelow(status, 300, JSON.stringify(json))
      return json
    }
    await mine("PUT", "/reviewers/acme", { channels: [], timezone: "UTC" })
    await mine("PUT", `/deliverables/${draft}/content`, {
      payload: { ...payload, goal_instance_id: "GOI-waits", theme: "edited" },
      base_revision: 1,
    })
    const { mandate_id } = await mine("POST", "/mandates", mandateOf("HAI-secret"))
    const things: Things = {
      draft,
      approval: approval_id,
      mandate: mandate_id,
      delivery: execution.delivery_id,
      hire: "HAI-secret",
      goal: "GOI-waits",
      customer: "acme",
    }
    for (const as of ["customer:globex", "customer:globex/eve", "customer:globex/acme"] as const) {
      const ask = async (of: Things, nth: number) => {
        const [method, path, body] = asks(of, payload)[nth]!
        const send: Send = { as, headers: { "idempotency-key": newKey() }, ...(body === undefined ? {} : { body }) }
        const { json, status } = await call(method, `/api/v1${path}`, send)
        let text = JSON.stringify(json ?? null).replaceAll(/"request_id":"[^"]+"/g, "")
        // what was asked for may come back by its name
        for (const id of Object.values(of)) text = text.replaceAll(id, "IT")
        return `${status} ${text}`
      }
      for (const nth of asks(things, payload).keys()) {
        const [method, path] = asks(things, payload)[nth]!
        const answer = await ask(things, nth)
        assert.strictEqual(answer, await ask(nothing, nth), `${method} ${path} as ${as}`)
        assert.notMatch(answer, /^5|unmistakable/, `${method} ${path}`)
      }
    }
    // and it is as it was
    assert.deepInclude((await stage().get(draft)).json, { review_status: "pending_review", revision: 2 })
  })
})

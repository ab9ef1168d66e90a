/** The main path: a batch makes a draft, its customer approves it, and it is executed into the journal. */
import { assert, it } from "@effect/vitest"
import { onStage } from "./support/Harness.ts"

const sha256 = async (text: string) =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))))
    .map((byte) => byte.toString(16).padStart(2, "0")).join("")

onStage("from draft to journal", (stage) => {
  it("what was executed is what was approved, byte for byte", async () => {
    const { call, execute, files, review, world } = stage()
    world.goal("GOI-1", world.hire("HAI-1"))
    const batch = await call("POST", "/api/v1/deliverables/batch", {
      as: "service:scheduler",
      body: {
        items: [{
          idempotency_key: "GOI-1:2026-03-01T03:30:00.000Z",
          goal_instance_id: "GOI-1",
          hired_instance_id: "HAI-1",
          scheduled_time: "2026-03-01T03:30:00.000Z",
        }],
      },
    })
    assert.strictEqual(batch.status, 200, JSON.stringify(batch.json))
    const draft = batch.json.items[0].deliverable
    assert.strictEqual(draft.review_status, "pending_review")
    assert.strictEqual(draft.payload.type, "marketing_draft_batch_v1")

    const approved = await review(draft.deliverable_id, "approved")
    assert.strictEqual(approved.status, 200, JSON.stringify(approved.json))
    assert.strictEqual(approved.json.review_status, "approved")

    const executed = await execute(draft.deliverable_id, { approval_id: approved.json.approval_id })
    assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
    assert.strictEqual(executed.json.execution_status, "executed")
    assert.strictEqual(executed.json.execution.attempts, 1)

    const lines = files["journal.jsonl"]!.trim().split("\n")
    assert.strictEqual(lines.length, 1)
    const line = JSON.parse(lines[0]!)
    assert.strictEqual(line.delivery_id, executed.json.execution.delivery_id)
    assert.strictEqual(line.approval_id, approved.json.approval_id)
    assert.strictEqual(line.executed_at, executed.json.executed_at)
    const approval = await call("GET", `/api/v1/approvals/${approved.json.approval_id}`, { as: "customer:acme" })
    assert.strictEqual(line.content_sha256, approval.json.content_sha256)
    const bytes = lines[0]!.slice(lines[0]!.indexOf(',"payload":') + ',"payload":'.length, -1)
    assert.strictEqual(await sha256(bytes), approval.json.content_sha256)
    assert.deepStrictEqual(JSON.parse(bytes), draft.payload)
  })
})

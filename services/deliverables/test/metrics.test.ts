/** What a scrape shows of deliverables, on both storages. */
import { assert, it } from "@effect/vitest"
import { onBoth } from "./support/Harness.ts"

onBoth("/metrics", (stage) => {
  it("has drafts by review status and the executions that wait, and no customer in it", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-metrics", world.hire("HAI-metrics"))
    await drafted("GOI-metrics", "2026-03-01T09:00:00.000Z")
    const { deliverable_id } = await drafted("GOI-metrics", "2026-03-02T09:00:00.000Z")
    await review(deliverable_id, "approved")
    const { json, status } = await call("GET", "/metrics")
    assert.strictEqual(status, 200)
    assert.match(json, /^stint_deliverables_drafts\{review_status="pending_review"\} 1$/m)
    assert.match(json, /^stint_deliverables_drafts\{review_status="approved"\} 1$/m)
    assert.match(json, /^stint_deliverables_drafts\{review_status="rejected"\} 0$/m)
    assert.match(json, /^stint_deliverables_executions_waiting 0$/m)
    assert.match(json, /^stint_state_readable\{reading="drafts"\} 1$/m)
    assert.match(json, /^stint_http_requests_total\{.*route="\/api\/v1\/deliverables\/:id\/review",status="200"\} 1$/m)
    assert.notMatch(json, /acme|GOI-|DEL-/)
  })
})

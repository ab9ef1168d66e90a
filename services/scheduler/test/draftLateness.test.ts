/** How late a draft came, after the attempts that failed before it (domain.md, "Health"). */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually, made, refused, startScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

it("C10: a draft that came 15 minutes late after a retry counts as 15 minutes late, though its run began at once", async () => {
  const t = await startScheduler()
  try {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 500, "internal_error"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const retrying = async () => (await t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`)).json.items[0]
    await eventually(retrying, (run) => run?.status === "retrying", "the first attempt has failed")
    const health = async () => (await t.call("GET", "/health")).json
    assert.isNull((await health()).max_draft_lateness_ms)
    t.answer((runs) => Effect.succeed(runs.map(made)))
    // fifteen minutes pass: what was due then is due now
    await asOwner(t.database.ownerUrl, (sql) =>
      sql`
        with moved as (
          update run_queue set due_at = now() - interval '15 minutes', claimable_at = now() where state = 'timed')
        select pg_notify('stint_scheduler', '')`)
    const late = await eventually(health, (h) => h.max_draft_lateness_ms !== null, "its draft is there")
    assert.isAtLeast(late.max_draft_lateness_ms, 15 * 60_000)
    const lateness = (name: string, le: string) =>
      new RegExp(`^stint_scheduler_${name}_bucket\\{le="${le}"\\} (\\d+)$`, "m")
    const { json } = await eventually(
      () => t.service.call("GET", "/metrics"),
      ({ json }) => lateness("draft_lateness_seconds", "\\+Inf").exec(json)?.[1] === "1",
      "the draft is counted",
    )
    assert.strictEqual(lateness("draft_lateness_seconds", "300").exec(json)?.[1], "0")
  } finally {
    await t.stop()
  }
})

/** A goal's deletion reaches its drafts through hiring's feed, also when this service dies between the two. */
import { assert, describe, it } from "@effect/vitest"
import { startStage, until } from "./support/Harness.ts"

const get = (call: Awaited<ReturnType<typeof startStage>>["stage"]["call"], id: string) =>
  call("GET", `/api/v1/deliverables/${id}`, { as: "operator:o" })

describe("a goal that was deleted", () => {
  it("while this service was down takes its drafts with it at the next start; approvals stay", async () => {
    const { end, stage } = await startStage("postgres")
    try {
      const { world } = stage
      world.goal("GOI-down", world.hire("HAI-down"))
      world.goal("GOI-stays", "HAI-down")
      const { deliverable_id: id } = await stage.drafted("GOI-down")
      const { deliverable_id: stays } = await stage.drafted("GOI-stays")
      const { approval_id } = (await stage.review(id, "approved")).json
      await until(async () => (await stage.sql("select 1 from feed_cursor")).length === 1)
      await stage.service.dispose()
      world.deleteGoal("GOI-down")
      const [before] = await stage.sql("select deleted_at from deliverables where deliverable_id = $1", [id])
      assert.isNull(before!.deleted_at)
      const { call } = await stage.replica()
      await until(async () => (await get(call, id)).json.code === "deliverable_gone")
      assert.strictEqual((await get(call, stays)).status, 200)
      const kept = await call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })
      assert.deepStrictEqual(kept.json.items.map((a: { approval_id: string }) => a.approval_id), [approval_id])
      assert.strictEqual((await call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })).status, 200)
    } finally {
      await end()
    }
  })

  it("is applied again after a crash in the middle: the grave stood, the drafts and the cursor did not", async () => {
    const { end, stage } = await startStage("postgres")
    try {
      const { world } = stage
      world.goal("GOI-half", world.hire("HAI-half"))
      const { deliverable_id: id } = await stage.drafted("GOI-half")
      await until(async () => (await stage.sql("select 1 from feed_cursor")).length === 1)
      await stage.service.dispose()
      world.deleteGoal("GOI-half")
      await stage.sql("insert into deleted_goals (goal_instance_id) values ('GOI-half')")
      const { call } = await stage.replica()
      await until(async () => (await get(call, id)).status === 410)
      const [first] = await stage.sql("select deleted_at from deliverables where deliverable_id = $1", [id])
      await until(async () => (await stage.sql("select 1 from feed_cursor where cursor = '1'")).length === 1)
      // what the feed says twice, as it does when the cursor was not stored, changes nothing
      await stage.sql("update feed_cursor set cursor = '0'")
      const again = await stage.replica()
      await until(async () => (await stage.sql("select 1 from feed_cursor where cursor = '1'")).length === 1)
      assert.strictEqual((await get(again.call, id)).status, 410)
      const [second] = await stage.sql("select deleted_at from deliverables where deliverable_id = $1", [id])
      assert.deepStrictEqual(second, first)
    } finally {
      await end()
    }
  })
})

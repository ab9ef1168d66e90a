/** The deletion of a goal reaches its drafts through hiring's feed, also when this service stops in between. */
import { assert, describe, it } from "@effect/vitest"
import { type Stage, until, withStage } from "./support/Harness.ts"

const get = (call: Stage["call"], id: string) => call("GET", `/api/v1/deliverables/${id}`, { as: "operator:o" })

describe("a goal that was deleted", () => {
  it("while this service was down takes its drafts with it at the next start; approvals stay", () =>
    withStage(async (stage) => {
      const { drafted, review, service, sql, world } = stage
      world.goal("GOI-down", world.hire("HAI-down"))
      world.goal("GOI-stays", "HAI-down")
      const { deliverable_id: id } = await drafted("GOI-down")
      const { deliverable_id: stays } = await drafted("GOI-stays")
      const { approval_id } = (await review(id, "approved")).json
      await service.dispose()
      world.deleteGoal("GOI-down")
      const [before] = await sql("select deleted_at from deliverables where deliverable_id = $1", [id])
      assert.isNull(before!.deleted_at)
      const { call } = await stage.replica()
      await until(async () => (await get(call, id)).json.code === "deliverable_gone")
      assert.strictEqual((await get(call, stays)).status, 200)
      const approvals = await call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })
      assert.deepStrictEqual(approvals.json.items.map((a: { approval_id: string }) => a.approval_id), [approval_id])
      assert.strictEqual((await call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })).status, 200)
    }))

  it("is applied again after a crash between its tombstone and its drafts, and a second time changes nothing", () =>
    withStage(async (stage) => {
      const { drafted, service, sql, world } = stage
      world.goal("GOI-half", world.hire("HAI-half"))
      const { deliverable_id: id } = await drafted("GOI-half")
      await service.dispose()
      world.deleteGoal("GOI-half")
      await sql("insert into deleted_goals (goal_instance_id) values ('GOI-half')")
      const { call } = await stage.replica()
      await until(async () => (await get(call, id)).status === 410)
      const deletedAt = () => sql("select deleted_at from deliverables where deliverable_id = $1", [id])
      const first = await deletedAt()
      const cursorMoved = () => until(async () => (await sql("select cursor from feed_cursor"))[0]!.cursor === "1")
      await cursorMoved()
      // as after a crash before the cursor was stored: the feed has the change again
      await sql("update feed_cursor set cursor = '0'")
      const again = await stage.replica()
      await cursorMoved()
      assert.strictEqual((await get(again.call, id)).status, 410)
      assert.deepStrictEqual(await deletedAt(), first)
    }))

  it("C4: comes back with its drafts when hiring was restored and has it again, without those deleted before it", () =>
    withStage(async (stage) => {
      const { drafted, service, sql, world } = stage
      const hire = world.hire("HAI-back")
      world.goal("GOI-back", hire)
      const goal = world.goals.get("GOI-back")!
      const { deliverable_id: id } = await drafted("GOI-back")
      const { deliverable_id: earlier } = await drafted("GOI-back", "2026-01-03T09:00:00.000Z")
      await stage.call("DELETE", `/api/v1/deliverables/${earlier}`, { as: "customer:acme" })
      world.deleteGoal("GOI-back")
      await until(async () => (await get(stage.call, id)).status === 410)
      await service.dispose()
      // restored: the goal is there, and the cursor is of changes that hiring does not have any more
      world.goals.set("GOI-back", goal)
      await sql("update feed_cursor set cursor = '-1'")
      const { call } = await stage.replica()
      await until(async () => (await get(call, id)).status === 200)
      assert.strictEqual((await get(call, earlier)).status, 410)
      assert.deepStrictEqual(await sql("select * from deleted_goals where goal_instance_id = 'GOI-back'"), [])
    }))
})

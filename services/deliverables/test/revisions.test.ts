/** Drafts by the revisions that a batch names: when hiring is asked, and which goal and hire a draft is made from. */
import { assert, describe, it } from "@effect/vitest"
import { type LookedUpHire, revisionOf } from "@stint/domain/hiring/Feed"
import { DateTime } from "effect"
import { type GoalOfRun, Known } from "../src/Drafts/Known.ts"
import { onStage, type Stage, until } from "./support/Harness.ts"
import { World } from "./support/World.ts"

const [MONDAY, TUESDAY] = ["2026-01-05T08:00:00.000Z", "2026-01-06T08:00:00.000Z"]

let minutes = 0
/** A run of a goal, of a slot that no other has. */
const run = (goal: string, hire: string, revisions: readonly [goal: string, hire: string] | undefined) => {
  const scheduled_time = new Date(Date.parse("2026-03-01T00:00:00.000Z") + ++minutes * 60_000).toISOString()
  return {
    idempotency_key: `${goal}:${scheduled_time}`,
    goal_instance_id: goal,
    hired_instance_id: hire,
    scheduled_time,
    ...(revisions === undefined ? {} : { goal_revision: revisions[0], hire_revision: revisions[1] }),
  }
}

const batch = ({ call }: Stage, items: ReadonlyArray<unknown>, more: Record<string, unknown> = {}) =>
  call("POST", "/api/v1/deliverables/batch", { as: "service:scheduler", body: { items, ...more } })

/** The themes of the drafts of a batch: what the settings of their goals said; of a problem its code. */
const themes = async (stage: Stage, ...items: ReadonlyArray<unknown>) => {
  const { json, status } = await batch(stage, items)
  assert.strictEqual(status, 200, JSON.stringify(json))
  return json.items.map((one: { deliverable?: { payload: { theme: string } }; problem?: { code: string } }) =>
    one.deliverable?.payload.theme ?? one.problem?.code
  )
}

/** A goal and its hire, kept by a first draft. */
const warm = async (stage: Stage, name: string, topic: string, config?: Partial<LookedUpHire>) => {
  const [goal, hire] = [`GOI-${name}`, `HAI-${name}`]
  const { world } = stage
  const hireRevision = world.hireAt(hire, 1, MONDAY, config)
  const goalRevision = world.goalAt(goal, hire, 1, MONDAY, { topic })
  const revisions = [goalRevision, hireRevision] as const
  assert.deepStrictEqual(await themes(stage, run(goal, hire, revisions)), [topic])
  assert.strictEqual(world.lookupsOf(goal), 1)
  return { goal, hire, revisions }
}

onStage("drafts by revisions", (stage) => {
  it("hiring is asked once for a goal and its hire, and again when a run names none", async () => {
    const { goal, hire, revisions } = await warm(stage(), "once", "Flossing")
    const { world } = stage()
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, revisions)), ["Flossing"])
    assert.strictEqual(world.lookupsOf(goal), 1)
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, undefined)), ["Flossing"])
    assert.strictEqual(world.lookupsOf(goal), 2)
  })

  it("an edit that the scheduler has seen holds for the very next draft", async () => {
    const { goal, hire, revisions: [, hireRevision] } = await warm(stage(), "edit", "Flossing")
    const { world } = stage()
    const edited = world.goalAt(goal, hire, 2, TUESDAY, { topic: "Braces" })
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, [edited, hireRevision])), ["Braces"])
    assert.strictEqual(world.lookupsOf(goal), 2)
  })

  it("an edit of the hire alone holds as well", async () => {
    const { goal, hire, revisions: [goalRevision] } = await warm(stage(), "config", "Flossing")
    const { world } = stage()
    const { config } = world.hires.get(hire)!
    const edited = world.hireAt(hire, 2, TUESDAY, { config: { ...config, brand_name: "Moonlight Dental" } })
    const { json } = await batch(stage(), [run(goal, hire, [goalRevision, edited])])
    assert.strictEqual(json.items[0].deliverable.payload.brand_name, "Moonlight Dental")
  })

  it("a scheduler whose feed is behind gets the newer goal, once one is kept", async () => {
    const { goal, hire, revisions } = await warm(stage(), "behind", "Flossing")
    const { world } = stage()
    const edited = world.goalAt(goal, hire, 2, TUESDAY, { topic: "Braces" })
    await themes(stage(), run(goal, hire, [edited, revisions[1]]))
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, revisions)), ["Braces"])
  })

  it("a restored hiring that gives the same version again is not taken for the one before", async () => {
    const { goal, hire, revisions } = await warm(stage(), "restored", "Flossing")
    const { world } = stage()
    const lost = world.goalAt(goal, hire, 2, TUESDAY, { topic: "Lost" })
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, [lost, revisions[1]])), ["Lost"])
    // restored to version 1, which has other content here, and edited again
    world.goalAt(goal, hire, 1, MONDAY, { topic: "Flossing" })
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, revisions)), ["Flossing"])
    const again = world.goalAt(goal, hire, 2, "2026-01-06T08:00:00.001Z", { topic: "Kept" })
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, [again, revisions[1]])), ["Kept"])
  })

  it("while hiring is away, runs of what is kept get their drafts; the others wait, and take nobody along", async () => {
    const { goal, hire, revisions } = await warm(stage(), "away", "Flossing")
    const { world } = stage()
    world.hiringAway = true
    try {
      assert.deepStrictEqual(await themes(stage(), run(goal, hire, revisions)), ["Flossing"])
      const edited = revisionOf(2, DateTime.makeUnsafe(TUESDAY))
      const older = run(goal, hire, [edited, revisions[1]])
      assert.deepStrictEqual(await themes(stage(), older, run(goal, hire, revisions)), ["unavailable", "Flossing"])
      const alone = await batch(stage(), [older])
      assert.deepStrictEqual([alone.status, alone.json.code], [503, "unavailable"])
    } finally {
      world.hiringAway = false
    }
  })

  it("a deactivated hire gets no draft once the scheduler has seen it, and a stored draft stays the answer", async () => {
    const { goal, hire, revisions } = await warm(stage(), "stopped", "Flossing")
    const { world } = stage()
    const made = run(goal, hire, revisions)
    const first = await batch(stage(), [made], { answer: "ids" })
    const stopped = world.hireAt(hire, 2, TUESDAY, { runnable: false, reason: "The hired agent is deactivated" })
    const now = [revisions[0], stopped] as const
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, now)), ["hire_not_runnable"])
    // its refusal is kept as well
    assert.deepStrictEqual(await themes(stage(), run(goal, hire, now)), ["hire_not_runnable"])
    assert.strictEqual(world.lookupsOf(goal), 2)
    const [goal_revision, hire_revision] = now
    const again = await batch(stage(), [{ ...made, goal_revision, hire_revision }], { answer: "ids" })
    assert.deepStrictEqual(again.json, first.json)
  })

  it("a run under the key of a stored draft gets that one, in a batch with new ones", async () => {
    const { goal, hire, revisions } = await warm(stage(), "again", "Flossing")
    const made = run(goal, hire, revisions)
    const [first] = (await batch(stage(), [made])).json.items
    const { json } = await batch(stage(), [made, run(goal, hire, revisions), made])
    assert.deepStrictEqual([json.items[0], json.items[2]], [first, first])
    assert.notStrictEqual(json.items[1].deliverable.deliverable_id, first.deliverable.deliverable_id)
  })

  it("the draft of a goal whose deletion nobody has read yet is deleted with it", async () => {
    const { goal, hire, revisions } = await warm(stage(), "deleted", "Flossing")
    const { sql, world } = stage()
    world.deleteGoal(goal)
    const { status } = await batch(stage(), [run(goal, hire, revisions)])
    assert.strictEqual(status, 200)
    await until(async () =>
      (await sql(`select 1 from deliverables where goal_instance_id = '${goal}' and deleted_at is null`)).length === 0
    )
  })

  it("a goal of another hire is not found, kept or not", async () => {
    const { goal, revisions } = await warm(stage(), "foreign", "Flossing")
    assert.deepStrictEqual(await themes(stage(), run(goal, "HAI-another", revisions)), ["goal_not_found"])
  })

  it("answers with ids alone where it is asked to, and else with deliverables", async () => {
    const { goal, hire, revisions } = await warm(stage(), "ids", "Flossing")
    const one = run(goal, hire, revisions)
    const { json } = await batch(stage(), [one, run("GOI-nowhere", hire, undefined)], { answer: "ids" })
    assert.deepStrictEqual(Object.keys(json.items[0]), ["idempotency_key", "deliverable_id"])
    assert.strictEqual(json.items[1].problem.code, "goal_not_found")
    const whole = await batch(stage(), [one], { answer: "deliverables" })
    assert.strictEqual(whole.json.items[0].deliverable.deliverable_id, json.items[0].deliverable_id)
  })

  it("what a hiring of 0.2.0 answers, which tells no versions, is not kept", async () => {
    const { world } = stage()
    world.goal("GOI-old", world.hire("HAI-old"), undefined, { topic: "Flossing" })
    const revisions = [revisionOf(1, DateTime.makeUnsafe(MONDAY)), revisionOf(1, DateTime.makeUnsafe(MONDAY))] as const
    for (const lookups of [1, 2]) {
      assert.deepStrictEqual(await themes(stage(), run("GOI-old", "HAI-old", revisions)), ["Flossing"])
      assert.strictEqual(world.lookupsOf("GOI-old"), lookups)
    }
  })
})

describe("what is kept", () => {
  const world = new World()
  const goal = (id: string, text = "") => {
    world.goalAt(id, "HAI-1", 1, MONDAY, { text })
    return world.goals.get(id)!
  }
  const revision = revisionOf(1, DateTime.makeUnsafe(MONDAY))
  const idOf = (found: GoalOfRun | undefined) => found?.goal_instance_id

  it("is at most so much: what was used longest ago goes", () => {
    const kept = new Known(2_000)
    kept.keepGoal(goal("GOI-1", "a".repeat(400)))
    kept.keepGoal(goal("GOI-2", "b".repeat(400)))
    assert.strictEqual(idOf(kept.goal("GOI-1", revision, 0)), "GOI-1")
    kept.keepGoal(goal("GOI-3", "c".repeat(400)))
    assert.deepStrictEqual(
      ["GOI-1", "GOI-2", "GOI-3"].map((id) => idOf(kept.goal(id, revision, 0))),
      ["GOI-1", undefined, "GOI-3"],
    )
    kept.keepGoal(goal("GOI-4", "d".repeat(3_000)))
    assert.isUndefined(kept.goal("GOI-4", revision, 0))
  })

  it("is kept once, however often it is written", () => {
    const kept = new Known(2_000)
    for (let n = 0; n < 100; n++) kept.keepGoal(goal("GOI-5", "e".repeat(400)))
    kept.keepGoal(goal("GOI-6", "f".repeat(400)))
    assert.strictEqual(idOf(kept.goal("GOI-5", revision, 0)), "GOI-5")
  })

  it("holds for a hire for five minutes, in case hiring goes back to a program that writes in silence", () => {
    const kept = new Known()
    world.hireAt("HAI-1", 1, MONDAY)
    kept.keepHire(world.hires.get("HAI-1")!, 1_000)
    assert.strictEqual(kept.hire("HAI-1", revision, 300_999)?.hired_instance_id, "HAI-1")
    assert.isUndefined(kept.hire("HAI-1", revision, 301_000))
  })
})

/** Making drafts: one for each run, however often it is requested, and each item of a batch for itself. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import { draftOf } from "../src/Drafts/Policy.ts"
import { onStage, type Stage } from "./support/Harness.ts"
import { World } from "./support/World.ts"

const slot = "2026-03-01T09:00:00.000Z"
const item = (goal: string, hire: string, given: Record<string, unknown> = {}) => ({
  idempotency_key: `${goal}:${slot}`,
  goal_instance_id: goal,
  hired_instance_id: hire,
  scheduled_time: slot,
  ...given,
})
const batch = (
  { call }: Stage,
  items: ReadonlyArray<unknown>,
  as: "service:scheduler" | "customer:acme" = "service:scheduler",
) => call("POST", "/api/v1/deliverables/batch", { as, body: { items } })

onStage("drafts", (stage) => {
  it("the key of a run returns its stored draft without asking hiring, also when the hire may no longer run", async () => {
    const { draft, world } = stage()
    world.goal("GOI-again", world.hire("HAI-again"))
    const first = await draft("GOI-again")
    assert.strictEqual(first.status, 201, JSON.stringify(first.json))
    assert.strictEqual(first.headers.get("location"), `/api/v1/deliverables/${first.json.deliverable_id}`)
    world.hire("HAI-again", { runnable: false, reason: "paused" })
    const second = await draft("GOI-again")
    assert.strictEqual(second.status, 201)
    assert.deepStrictEqual(second.json, first.json)
    assert.strictEqual(world.lookupsOf("GOI-again"), 1)
  })

  it("a key belongs to one goal, hire and slot", async () => {
    const { draft, world } = stage()
    world.goal("GOI-one", world.hire("HAI-one"))
    world.goal("GOI-other", "HAI-one")
    const key = `GOI-one:${slot}`
    assert.strictEqual((await draft("GOI-one", slot, key)).status, 201)
    for (
      const other of [
        await draft("GOI-other", slot, key),
        await draft("GOI-one", "2026-03-02T09:00:00.000Z", key),
      ]
    ) {
      assert.strictEqual(other.status, 422)
      assert.strictEqual(other.json.code, "idempotency_mismatch")
    }
  })

  it("an unknown goal and another hire's are 404, a hire that may not run is 409 with hiring's reason", async () => {
    const { call, draft, world } = stage()
    const unknown = await draft("GOI-nowhere")
    assert.strictEqual(unknown.status, 404)
    assert.strictEqual(unknown.json.code, "goal_not_found")
    world.goal("GOI-mine", world.hire("HAI-mine"))
    const foreign = await call("POST", "/api/v1/deliverables", {
      as: "service:scheduler",
      headers: { "idempotency-key": `GOI-mine:${slot}` },
      body: { goal_instance_id: "GOI-mine", hired_instance_id: "HAI-theirs", scheduled_time: slot },
    })
    assert.strictEqual(foreign.status, 404)
    assert.strictEqual(foreign.json.code, "goal_not_found")
    world.hire("HAI-mine", { runnable: false, reason: "The subscription is past due" })
    const stopped = await draft("GOI-mine")
    assert.strictEqual(stopped.status, 409)
    assert.strictEqual(stopped.json.code, "hire_not_runnable")
    assert.strictEqual(stopped.json.detail, "The subscription is past due")
  })

  it("attack: a run has one draft, under its own key alone, whoever asks", async () => {
    const { draft, drafted, world } = stage()
    for (const name of ["GOI-key-a", "GOI-key-b"]) world.goal(name, world.hire(`HAI-${name}`))
    for (const key of ["another", `GOI-key-b:${slot}`, `GOI-key-a:${slot.replace(".000Z", "Z")}`]) {
      const { json, status } = await draft("GOI-key-a", slot, key)
      assert.deepStrictEqual([status, json.code], [422, "idempotency_mismatch"], key)
    }
    const items = [
      item("GOI-key-a", "HAI-GOI-key-a", { idempotency_key: "another" }),
      item("GOI-key-b", "HAI-GOI-key-b"),
    ]
    const { json } = await batch(stage(), items)
    assert.deepStrictEqual(
      json.items.map((one: { problem?: { code: string } }) => one.problem?.code ?? "made"),
      ["idempotency_mismatch", "made"],
    )
    await drafted("GOI-key-a")
  })

  it("only services request drafts, and a single one needs its key", async () => {
    const { call } = stage()
    const body = { goal_instance_id: "g", hired_instance_id: "h", scheduled_time: slot }
    assert.strictEqual((await call("POST", "/api/v1/deliverables", { as: "service:scheduler", body })).status, 400)
    const headers = { "idempotency-key": "k" }
    for (const as of ["customer:acme", "operator:olga", "viewer:vic"] as const) {
      assert.strictEqual((await call("POST", "/api/v1/deliverables", { as, body, headers })).status, 403)
    }
    assert.strictEqual((await batch(stage(), [item("g", "h")], "customer:acme")).status, 403)
  })

  it("a batch has an answer for each item, in order, from one lookup in hiring", async () => {
    const { world } = stage()
    for (const name of ["a", "b", "c"]) world.goal(`GOI-b-${name}`, world.hire(`HAI-b-${name}`))
    world.hire("HAI-b-b", { runnable: false, reason: "not configured" })
    const items = [
      item("GOI-b-c", "HAI-b-c"),
      item("GOI-b-b", "HAI-b-b"),
      item("GOI-b-missing", "HAI-b-a"),
      item("GOI-b-a", "HAI-b-a"),
      item("GOI-b-a", "HAI-b-a"),
      item("GOI-b-c", "HAI-b-c", { scheduled_time: "2026-03-02T09:00:00.000Z" }),
    ]
    const answer = await batch(stage(), items)
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.json))
    assert.deepStrictEqual(
      world.lookups.filter((ids) => ids.has("GOI-b-a")),
      [new Set(["GOI-b-c", "GOI-b-b", "GOI-b-missing", "GOI-b-a"])],
    )
    const codes = answer.json.items.map((i: { problem?: { code: string } }) => i.problem?.code ?? "made")
    assert.deepStrictEqual(codes, [
      "made",
      "hire_not_runnable",
      "goal_not_found",
      "made",
      "made",
      "idempotency_mismatch",
    ])
    assert.deepStrictEqual(
      answer.json.items.map((i: { idempotency_key: string }) => i.idempotency_key),
      items.map((i) => i.idempotency_key),
    )
    const [, stopped, missing] = answer.json.items
    assert.strictEqual(stopped.problem.status, 409)
    assert.strictEqual(stopped.problem.detail, "not configured")
    assert.strictEqual(missing.problem.type, "urn:stint:problem:goal_not_found")
    assert.deepStrictEqual(answer.json.items[3].deliverable, answer.json.items[4].deliverable)
    const again = await batch(stage(), [items[0], items[3]])
    assert.deepStrictEqual(again.json.items, [answer.json.items[0], answer.json.items[3]])
    assert.strictEqual(world.lookupsOf("GOI-b-a"), 1)
  })

  it("an item whose lookup in hiring fails alone is refused alone, to be tried again", async () => {
    const { world } = stage()
    for (const name of ["a", "b"]) world.goal(`GOI-l-${name}`, world.hire(`HAI-l-${name}`))
    world.failing.add("GOI-l-a")
    const items = [item("GOI-l-a", "HAI-l-a"), item("GOI-l-b", "HAI-l-b")]
    const [failed, made] = (await batch(stage(), items)).json.items
    assert.deepInclude(failed.problem, { status: 502, code: "lookup_failed" })
    assert.strictEqual(made.problem, undefined)
    world.failing.clear()
    assert.strictEqual((await batch(stage(), [items[0]])).json.items[0].problem, undefined)
  })

  it("an item of which no draft can be made or stored fails alone", async () => {
    const { world } = stage()
    world.hire("HAI-p")
    const poison = [
      world.goal("GOI-p-nul", "HAI-p", "marketing.daily_micro_post.v1", { topic: "a\u0000b" }),
      world.goal("GOI-p-surrogate", "HAI-p", "marketing.daily_micro_post.v1", { topic: "a\ud800b" }),
    ]
    world.goal("GOI-p-no-type", world.hire("HAI-p-no-type", { definition_version: "9.9.9" }))
    world.goal("GOI-p-good", "HAI-p")
    const answer = await batch(stage(), [
      ...poison.map((goal) => item(goal, "HAI-p")),
      item("GOI-p-no-type", "HAI-p-no-type"),
      item("GOI-p-good", "HAI-p"),
    ])
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.json))
    const [nul, surrogate, noType, good] = answer.json.items
    for (const refused of [nul, surrogate, noType]) {
      assert.strictEqual(refused.problem?.code, "draft_impossible", JSON.stringify(refused))
      assert.strictEqual(refused.problem.status, 422)
    }
    assert.isDefined(good.deliverable)
  })

  it("while hiring is away the call is 503 and nothing is stored", async () => {
    const { draft, world } = stage()
    world.goal("GOI-away", world.hire("HAI-away"))
    world.hiringAway = true
    const single = await draft("GOI-away")
    const whole = await batch(stage(), [item("GOI-away", "HAI-away")])
    world.hiringAway = false
    assert.deepStrictEqual([single.status, single.json.code], [503, "unavailable"])
    assert.deepStrictEqual([whole.status, whole.json.code], [503, "unavailable"])
    assert.strictEqual((await draft("GOI-away")).status, 201)
  })

  it("A3: a stored draft that can't be read answers its run alone; the others of the batch have theirs", async () => {
    const { sql, world } = stage()
    world.goal("GOI-poison", world.hire("HAI-poison"))
    world.goal("GOI-sound", "HAI-poison")
    await batch(stage(), [item("GOI-poison", "HAI-poison")])
    // not even the owner may change what was drafted, unless the triggers are off
    await sql("alter table deliverables disable trigger user")
    await sql(`update deliverables set payload = '{"type": "none_of_ours"}' where goal_instance_id = 'GOI-poison'`)
    await sql("alter table deliverables enable trigger user")
    const answer = await batch(stage(), [item("GOI-poison", "HAI-poison"), item("GOI-sound", "HAI-poison")])
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.json.items[0].problem.code, "draft_impossible")
    assert.strictEqual(answer.json.items[1].deliverable.goal_instance_id, "GOI-sound")
    const list = await stage().call("GET", "/api/v1/hired-agents/HAI-poison/deliverables", { as: "customer:acme" })
    assert.deepStrictEqual(
      list.json.items.map(({ goal_instance_id }: { goal_instance_id: string }) => goal_instance_id),
      ["GOI-sound"],
    )
  })

  it("while the catalog is away a known definition is used, and only items of unknown ones are 503", async () => {
    const { world } = stage()
    world.goal("GOI-known", world.hire("HAI-known"))
    world.goal("GOI-warm", "HAI-known")
    await batch(stage(), [item("GOI-warm", "HAI-known")])
    world.publish({
      agent_type_id: "gardening.v1",
      version: "1.0.0",
      config_schema: { fields: [{ key: "garden", label: "Garden", type: "text", required: true }] },
      goal_templates: [{
        goal_template_id: "gardening.note.v1",
        name: "Garden note",
        default_frequency: "daily",
        settings_schema: { fields: [] },
        skill_binding: "gardening",
      }],
      enforcement_defaults: { approval_required: false, deterministic: true },
    })
    world.goal(
      "GOI-new",
      world.hire("HAI-new", { agent_id: "gardening.v1" as never, config: { garden: "rear" } }),
      "gardening.note.v1",
    )
    world.catalogAway = true
    const items = [item("GOI-known", "HAI-known"), item("GOI-new", "HAI-new")]
    const first = await batch(stage(), items)
    world.catalogAway = false
    assert.isDefined(first.json.items[0].deliverable)
    assert.strictEqual(first.json.items[1].problem.code, "unavailable")
    assert.strictEqual(first.json.items[1].problem.status, 503)
    const second = await batch(stage(), items)
    assert.strictEqual(second.json.items[1].deliverable.payload.type, "generic_deliverable_v1")
    const requests = Map.groupBy(world.definitionRequests, (id) => id)
    assert.strictEqual(requests.get("marketing.healthcare.v1@1.0.0")?.length, 1)
    assert.strictEqual(requests.get("gardening.v1@1.0.0")?.length, 2)
  })

  it("two batches with the same runs at once make one draft of each", async () => {
    const { world } = stage()
    world.hire("HAI-race")
    const items = Array.from({ length: 40 }, (_, i) => item(world.goal(`GOI-race-${i}`, "HAI-race"), "HAI-race"))
    const answers = await Promise.all([
      batch(stage(), items),
      batch(stage(), items.toReversed()),
      batch(stage(), items.slice(10, 30)),
    ])
    const ids = new Map<string, Set<string>>()
    for (const answer of answers) {
      assert.strictEqual(answer.status, 200, JSON.stringify(answer.json))
      for (const { deliverable, idempotency_key } of answer.json.items) {
        ids.set(idempotency_key, (ids.get(idempotency_key) ?? new Set()).add(deliverable.deliverable_id))
      }
    }
    assert.strictEqual(ids.size, 40)
    for (const set of ids.values()) assert.strictEqual(set.size, 1)
  })
})

describe("a maker", () => {
  it("that throws fails only its own run", () => {
    const [definition] = shippedDefinitions
    const broken = {
      ...definition!,
      get goal_templates(): never {
        throw new Error("out of ideas")
      },
    }
    const world = new World()
    const goal = world.goals.get(world.goal("GOI-1", world.hire("HAI-1")))!
    const outcome = draftOf(broken, { goal, hire: world.hires.get("HAI-1")! }, DateTime.makeUnsafe(slot))
    assert.isTrue(Result.isFailure(outcome))
    if (Result.isFailure(outcome)) {
      assert.strictEqual(outcome.failure.code, "draft_impossible")
      assert.match(outcome.failure.detail!, /out of ideas/)
    }
  })
})

/** Makings by an http maker: what it is asked, what its answers lead to, and that a run has one draft whatever happens meanwhile. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { ask, definitionOf, draftOf, ended, type FakeMaker, goalAt, slot, startMaker } from "./support/FakeMaker.ts"
import { onStage, type Stage, until } from "./support/Harness.ts"
import { expectedSignature, heldAnswer } from "./support/Receiver.ts"

let maker: FakeMaker
let other: FakeMaker
beforeAll(() => {
  maker = startMaker()
  other = startMaker()
})
afterAll(async () => {
  await maker.end()
  await other.end()
})

const callsOf = (stage: Stage, goal: string) =>
  stage.sql(
    "select outcome, place, model, cost::int from making_calls where goal_instance_id = $1 order by started_at",
    [
      goal,
    ],
  )
const draftsOf = async (
  stage: Stage,
  goal: string,
) => (await stage.sql("select payload, title from deliverables where goal_instance_id = $1", [goal]))

onStage("a making", (stage) => {
  beforeAll(() => {
    stage().world.publish(definitionOf(maker.host))
    stage().world.publish(definitionOf(maker.host, { timeout_seconds: 1 }, { version: "2.0.0" }))
    stage().world.publish(definitionOf(other.host, {}, { version: "3.0.0" }))
    stage().world.publish(definitionOf("elsewhere.example", {}, { version: "4.0.0" }))
    stage().world.publish(definitionOf(maker.host, { secret_ref: "unknown" }, { version: "5.0.0" }))
  })

  it("is answered as being made, then with its draft, which is the template's output in our payload", async () => {
    const goal = goalAt(stage(), "made")
    const held = Promise.withResolvers<Response>()
    maker.on(goal, () => held.promise)
    const first = await ask(stage(), goal)
    assert.deepStrictEqual(Object.keys(first).sort(), ["idempotency_key", "making"])
    assert.deepInclude(first.making, { state: "making", calls: 0 })
    await until(() => maker.of(goal).length === 1)
    assert.deepInclude((await ask(stage(), goal)).making, { state: "making", calls: 1, since: first.making.since })
    const looked = await stage().call("GET", `/api/v1/makings/${goal}:${slot}`, { as: "service:scheduler" })
    assert.deepInclude(looked.json, { state: "making", calls: 1 })
    assert.strictEqual(
      (await stage().call("GET", `/api/v1/makings/${goal}:${slot}`, { as: "customer:acme" })).status,
      403,
    )
    held.resolve(draftOf("Thank you, do come again!"))
    const { deliverable_id } = await ended(stage(), goal)
    const { json } = await stage().get(deliverable_id)
    assert.deepStrictEqual(json.payload, {
      type: "structured_deliverable_v1",
      draft_only: true,
      goal_template_id: "reviews.reply",
      goal_instance_id: goal,
      intent_action: "publish",
      title: "A reply",
      fields: { reply: "Thank you, do come again!" },
    })
    assert.deepInclude(json, { title: "A reply", review_status: "pending_review" })
    assert.strictEqual((await ask(stage(), goal)).deliverable_id, deliverable_id)
    assert.deepStrictEqual(await callsOf(stage(), goal), [
      { outcome: "answered", place: `host:${maker.host}`, model: null, cost: 0 },
    ])
    const gone = await stage().call("GET", `/api/v1/makings/${goal}:${slot}`, { as: "service:scheduler" })
    assert.deepStrictEqual([gone.status, gone.json.code], [404, "making_not_found"])
  })

  it("asks its maker with a signed request that holds the run's data, and the decisions of the past with their notes", async () => {
    const goal = goalAt(stage(), "asked")
    const key = `${goal}:2026-02-01T09:00:00.000Z`
    const before = await until(async () => {
      const { json } = await stage().draft(goal, "2026-02-01T09:00:00.000Z", key)
      return json.deliverable_id
    })
    await stage().call("POST", `/api/v1/deliverables/${before}/review`, {
      as: "customer:acme",
      body: { decision: "rejected", notes: "Too formal" },
    })
    await ask(stage(), goal)
    await ended(stage(), goal)
    const request = maker.of(goal)[1]!
    assert.strictEqual(request.headers.get("idempotency-key"), `${goal}:${slot}`)
    assert.strictEqual(request.headers.get("webhook-id"), `${goal}:${slot}`)
    const secret = Uint8Array.from(atob("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), (c) => c.charCodeAt(0))
    assert.strictEqual(request.headers.get("webhook-signature"), await expectedSignature(secret, request))
    assert.deepInclude(request.data, {
      idempotency_key: `${goal}:${slot}`,
      customer_id: "acme",
      definition_version: "1.0.0",
      goal_template_id: "reviews.reply",
      scheduled_time: slot,
      config: { tone: "warm" },
      settings: {},
    })
    assert.match(request.data.call_id, /^CAL-/)
    const [{ decided_at: _, payload, ...decision }] = request.data.decisions
    assert.deepStrictEqual(decision, { decision: "rejected", notes: "Too formal", title: "A reply" })
    assert.strictEqual(payload.fields.reply, "Thank you!")
    assert.deepStrictEqual(request.data.output.fields[0].key, "reply")
    for (const internal of ["traceparent", "b3", "authorization"]) assert.isNull(request.headers.get(internal))
  })

  it("looks at the Location of a 202 until the draft is there, and shows the maker's notes meanwhile", async () => {
    const goal = goalAt(stage(), "polled")
    const held = heldAnswer(200)
    maker.on(goal, (one, nth) => {
      if (one.method === "POST") {
        return Response.json({ poll_after_seconds: 0.2 }, { status: 202, headers: { location: "/makings/7" } })
      }
      assert.strictEqual(one.path, "/makings/7")
      if (nth === 2) return Response.json({ note: "reading 40 reviews", poll_after_seconds: 0.2 }, { status: 202 })
      return held.answer().then(() => draftOf("Late but good"))
    })
    await ask(stage(), goal)
    await until(async () => (await ask(stage(), goal)).making?.note === "reading 40 reviews")
    held.open()
    await ended(stage(), goal)
    const [draft] = await draftsOf(stage(), goal)
    assert.deepInclude(draft!.payload, { fields: { reply: "Late but good" } })
    assert.strictEqual(maker.of(goal).filter(({ method }) => method === "POST").length, 1)
  })

  it("has an answer that is no draft repaired once, with its faults told, and fails for good after that", async () => {
    const long = "x".repeat(41)
    const goal = goalAt(stage(), "repaired")
    maker.on(goal, (one) => draftOf(one.data.repair === undefined ? long : "Short"))
    await ask(stage(), goal)
    assert.isDefined((await ended(stage(), goal)).deliverable_id)
    const { repair } = maker.of(goal)[1]!.data
    assert.deepStrictEqual(repair, {
      answer: { title: "A reply", fields: { reply: long } },
      errors: [{ path: "$.fields.reply", message: "must have at most 40 characters" }],
    })
    const bad = goalAt(stage(), "invalid")
    maker.on(bad, () => Response.json({ title: "A reply", fields: {}, approved: true }))
    await ask(stage(), bad)
    const { problem } = await ended(stage(), bad)
    assert.deepInclude(problem, { code: "draft_not_valid", status: 422 })
    assert.strictEqual(maker.of(bad).length, 2)
    assert.lengthOf(await draftsOf(stage(), bad), 0)
    assert.deepStrictEqual((await callsOf(stage(), bad)).map(({ outcome }) => outcome), ["answered", "answered"])
  })

  it.each<[string, () => Response, string, number]>([
    [
      "refuses",
      () => Response.json({ code: "refused", detail: "Not this one" }, { status: 422 }),
      "maker_refused",
      422,
    ],
    ["breaks", () => new Response("oops", { status: 500 }), "maker_failed", 502],
    ["redirects", () => new Response(null, { status: 307, headers: { location: "/b" } }), "maker_misconfigured", 422],
    ["knows no such request", () => new Response("?", { status: 404 }), "maker_misconfigured", 422],
    [
      "looks elsewhere",
      () => Response.json({}, { status: 202, headers: { location: "http://elsewhere.example/" } }),
      "maker_misconfigured",
      422,
    ],
    ["answers without an end", () => new Response("x".repeat(1_100_000)), "maker_failed", 502],
  ])("of a maker that %s fails as its answer says", async (name, answer, code, status) => {
    const goal = goalAt(stage(), `fails-${name.replaceAll(" ", "-")}`)
    maker.on(goal, answer)
    await ask(stage(), goal)
    assert.deepInclude((await ended(stage(), goal)).problem, { code, status })
  })

  it("that failed answers so to its attempt, and is made again for another", async () => {
    const goal = goalAt(stage(), "again")
    maker.on(goal, (_, nth) => nth === 1 ? new Response(null, { status: 500 }) : draftOf())
    await ask(stage(), goal)
    await ended(stage(), goal)
    assert.strictEqual((await ask(stage(), goal)).problem.code, "maker_failed")
    assert.strictEqual(maker.of(goal).length, 1)
    assert.isDefined((await ask(stage(), goal, "2")).making)
    assert.isDefined((await ended(stage(), goal, "2")).deliverable_id)
  })

  it("waits for a maker that is away, which its host alone notices, and is made when it is back", async () => {
    const goal = goalAt(stage(), "away", "3.0.0")
    other.on(goal, (_, nth) => nth === 1 ? new Response(null, { status: 503 }) : draftOf())
    await ask(stage(), goal)
    const { making } = await until(async () => {
      const answer = await ask(stage(), goal)
      return answer.making?.note !== undefined && answer
    })
    assert.include(making.note, "is away: it answered 503")
    const [place] = await stage().sql("select open_since is not null as open from maker_places where place = $1", [
      `host:${other.host}`,
    ])
    assert.deepStrictEqual(place, { open: true })
    const fine = goalAt(stage(), "not-away")
    await ask(stage(), fine)
    assert.isDefined((await ended(stage(), fine)).deliverable_id)
    assert.isDefined((await ended(stage(), goal)).deliverable_id)
    const [closed] = await stage().sql("select open_since, failures from maker_places where place = $1", [
      `host:${other.host}`,
    ])
    assert.deepStrictEqual(closed, { open_since: null, failures: 0 })
  })

  it("is late when its maker takes longer than its time", async () => {
    const goal = goalAt(stage(), "late", "2.0.0")
    const held = heldAnswer(200)
    maker.on(goal, held.answer)
    await ask(stage(), goal)
    assert.deepInclude((await ended(stage(), goal)).problem, { code: "maker_late", status: 504 })
    held.open()
    assert.deepStrictEqual((await callsOf(stage(), goal)).map(({ outcome }) => outcome), [null])
  })

  it("that is cancelled has no draft, whatever its maker still returns", async () => {
    const goal = goalAt(stage(), "cancelled")
    const held = Promise.withResolvers<Response>()
    maker.on(goal, () => held.promise)
    await ask(stage(), goal)
    await until(() => maker.of(goal).length === 1)
    const { json } = await stage().call("POST", "/api/v1/makings/cancel", {
      as: "service:scheduler",
      body: { keys: [`${goal}:${slot}`] },
    })
    assert.deepStrictEqual(json, { cancelled: 1 })
    held.resolve(draftOf())
    await until(async () => (await callsOf(stage(), goal))[0]!.outcome === "answered")
    // another one, which ends after it
    const next = goalAt(stage(), "after-cancelled")
    await ask(stage(), next)
    await ended(stage(), next)
    assert.lengthOf(await draftsOf(stage(), goal), 0)
  })

  it("whose holder lost its lease is made by another, and has one draft", async () => {
    const goal = goalAt(stage(), "lost")
    const held = Promise.withResolvers<Response>()
    maker.on(goal, (_, nth) => nth === 1 ? held.promise : draftOf("By the second"))
    await ask(stage(), goal)
    await until(() => maker.of(goal).length === 1)
    await stage().sql("update makings set lease_until = now() where idempotency_key = $1", [`${goal}:${slot}`])
    // what comes in is a hint for the worker to look
    await ask(stage(), goalAt(stage(), "hint-lost"))
    await until(async () => (await draftsOf(stage(), goal)).length === 1)
    held.resolve(draftOf("By the first"))
    await until(async () => (await callsOf(stage(), goal)).every(({ outcome }) => outcome === "answered"))
    assert.deepStrictEqual(
      (await draftsOf(stage(), goal)).map(({ payload }) => (payload as { fields: object }).fields),
      [
        { reply: "By the second" },
      ],
    )
    const keys = maker.of(goal).map(({ headers }) => headers.get("idempotency-key"))
    assert.deepStrictEqual(keys, [`${goal}:${slot}`, `${goal}:${slot}`])
  })

  it("of a host, or by a secret, that may not be used is refused before anything is sent", async () => {
    const host = await ask(stage(), goalAt(stage(), "elsewhere", "4.0.0"))
    assert.deepInclude(host.problem, { code: "maker_misconfigured", status: 422 })
    assert.include(host.problem.detail, "STINT_MAKER_HOSTS")
    const goal = goalAt(stage(), "unsigned", "5.0.0")
    await ask(stage(), goal)
    assert.include((await ended(stage(), goal)).problem.detail, "The secret unknown is not known")
    assert.lengthOf(maker.of(goal), 0)
    assert.lengthOf(await callsOf(stage(), goal), 0)
  })

  it("of a deterministic type that was planted in the catalog is refused at run time", async () => {
    const planted = definitionOf(maker.host, {}, { version: "6.0.0" })
    stage().world.definitions.set("reviews.reply.v1@6.0.0", {
      ...planted,
      enforcement_defaults: { approval_required: true, deterministic: true },
    } as never)
    const { problem } = await ask(stage(), goalAt(stage(), "planted", "6.0.0"))
    assert.deepInclude(problem, { code: "maker_misconfigured", status: 422 })
    assert.include(problem.detail, "must be builtin, since the type is deterministic")
  })

  it("is answered to a scheduler of 0.2.0 in words that it knows: wait, then a document", async () => {
    const goal = goalAt(stage(), "older")
    const held = Promise.withResolvers<Response>()
    maker.on(goal, () => held.promise)
    assert.deepInclude((await ask(stage(), goal, "", {})).problem, { code: "unavailable", status: 503 })
    held.resolve(Response.json({ title: "A reply", fields: { reply: "Yes" }, body: "# Yes" }))
    const { deliverable } = await until(async () => {
      const answer = await ask(stage(), goal, "", {})
      return answer.deliverable !== undefined && answer
    })
    assert.deepInclude(deliverable.payload, { type: "generic_deliverable_v1", body: "# Yes" })
  })

  it("ends when its hire may not run any more", async () => {
    const goal = goalAt(stage(), "stopped")
    const held = heldAnswer(200)
    maker.on(goal, held.answer)
    await ask(stage(), goal)
    const hire = stage().world.hires.get("HAI-stopped")!
    stage().world.hires.set("HAI-stopped", { ...hire, runnable: false, reason: "The hired agent is deactivated" })
    assert.strictEqual((await ask(stage(), goal)).problem.code, "hire_not_runnable")
    held.open()
  })
}, { env: { STINT_MAKER_HOSTS: "127.0.0.1" } })

onStage("makings of several customers", (stage) => {
  it("take turns at a host, which works on no more at once than it may", async () => {
    stage().world.publish(definitionOf(maker.host))
    const held = Promise.withResolvers<void>()
    const goals = [1, 2, 3, 4, 5].map((n) => goalAt(stage(), `many-${n}`, "1.0.0", "acme"))
    const few = goalAt(stage(), "few", "1.0.0", "globex")
    for (const goal of [...goals, few]) maker.on(goal, () => held.promise.then(() => draftOf()))
    const begun = () => [...goals, few].filter((goal) => maker.of(goal).length > 0)
    await ask(stage(), goals[0]!)
    await ask(stage(), goals[1]!)
    await until(() => begun().length === 2)
    for (const goal of [...goals.slice(2), few]) await ask(stage(), goal)
    const [{ n }] = await stage().sql("select count(*)::int as n from makings where state = 'making'") as [
      { n: number },
    ]
    assert.strictEqual(n, 2)
    held.resolve()
    await Promise.all([...goals, few].map((goal) => ended(stage(), goal)))
    const order = maker.asked.map(({ data }) => data?.goal_instance_id).filter((goal) => [...goals, few].includes(goal))
    assert.strictEqual(order.length, 6, "each was called once")
    assert.include(order.slice(0, 4), few, "the other customer's turn comes before the third of the first")
  })
}, { env: { STINT_MAKER_HOSTS: "127.0.0.1", STINT_BOUNDS: "makings_per_host=2" } })

/** Makings: a run has one draft, whatever happens while its maker works. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import {
  ask,
  callsOf,
  definitionOf,
  draftOf,
  draftsOf,
  ended,
  type FakeMaker,
  goalAt,
  slot,
  startMaker,
} from "./support/FakeMaker.ts"
import { onStage, until, withStage } from "./support/Harness.ts"
import { heldAnswer } from "./support/Receiver.ts"

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

onStage("a making", (stage) => {
  beforeAll(() => {
    stage().world.publish(definitionOf(maker.host))
    stage().world.publish(definitionOf(maker.host, { timeout_seconds: 1 }, { version: "2.0.0" }))
    stage().world.publish(definitionOf(other.host, {}, { version: "3.0.0" }))
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
    let isAway = true
    other.on(goal, () => isAway ? new Response(null, { status: 503 }) : draftOf())
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
    const places = (as: `operator:${string}` | `customer:${string}`) =>
      stage().call("GET", "/api/v1/maker-places", { as })
    const shown = (await places("operator:olga")).json.items.find((one: { place: string }) =>
      one.place.includes(other.host)
    )
    assert.deepInclude(shown, { limit: 16, last_error: "it answered 503" })
    assert.isNotNull(shown.away_since)
    assert.strictEqual((await places("customer:acme")).status, 403)
    const fine = goalAt(stage(), "not-away")
    await ask(stage(), fine)
    assert.isDefined((await ended(stage(), fine)).deliverable_id)
    isAway = false
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
    // another one, asked for after it was answered
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
    const [{ fence }] = await stage().sql("select fence from makings where idempotency_key = $1", [
      `${goal}:${slot}`,
    ]) as [{ fence: unknown }]
    // again and again: its holder renews it every five seconds, maybe right now
    let hints = 0
    await until(async () => {
      await stage().sql("update makings set lease_until = now() where idempotency_key = $1 and fence = $2", [
        `${goal}:${slot}`,
        fence,
      ])
      // what comes in is a hint for the worker to look
      await ask(stage(), goalAt(stage(), `hint-lost-${++hints}`))
      return maker.of(goal).length > 1
    })
    await until(async () => (await draftsOf(stage(), goal)).length === 1)
    held.resolve(draftOf("By the first"))
    const next = goalAt(stage(), "after-lost")
    await ask(stage(), next)
    await ended(stage(), next)
    assert.deepStrictEqual(
      (await draftsOf(stage(), goal)).map(({ payload }) => (payload as { fields: object }).fields),
      [
        { reply: "By the second" },
      ],
    )
    const keys = maker.of(goal).map(({ headers }) => headers.get("idempotency-key"))
    assert.deepStrictEqual(keys, [`${goal}:${slot}`, `${goal}:${slot}`])
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

it("that is under way when its replica stops is given back, and made by another", () =>
  withStage(async (stage) => {
    stage.world.publish(definitionOf(maker.host))
    const goal = goalAt(stage, "given-back")
    const held = Promise.withResolvers<Response>()
    maker.on(goal, (_, nth) => nth === 1 ? held.promise : draftOf("By the second"))
    const other = await stage.replica({})
    await ask({ call: other.call, world: stage.world }, goal)
    await until(() => maker.of(goal).length === 1)
    await other.dispose()
    const [row] = await stage.sql("select state, fence, calls from makings")
    assert.deepStrictEqual(row, { state: "waiting", fence: null, calls: 1 })
    held.resolve(draftOf("By the first"))
    // a hint for the other replica, which looks by itself every 30 s
    await ask(stage, goalAt(stage, "hint-given-back"))
    assert.isDefined((await ended(stage, goal)).deliverable_id)
    assert.deepInclude((await draftsOf(stage, goal))[0]!.payload, { fields: { reply: "By the second" } })
  }, { env: { STINT_MAKER_HOSTS: "127.0.0.1" } }))

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

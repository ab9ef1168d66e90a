/** What an http maker is asked, and what its answers lead to. */
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
import { AddressRefused, type Connect, Dial } from "@stint/edge/Dial"
import { Unreachable } from "@stint/edge/PortCheck"
import { denoDial } from "@stint/edge/Serve/DenoDial"
import { Effect, Layer } from "effect"
import { onStage, until } from "./support/Harness.ts"
import { expectedSignature, heldAnswer } from "./support/Receiver.ts"

let maker: FakeMaker
beforeAll(() => void (maker = startMaker()))
afterAll(() => maker.end())

onStage("an http maker", (stage) => {
  beforeAll(() => {
    stage().world.publish(definitionOf(maker.host))
    stage().world.publish(definitionOf("elsewhere.example", {}, { version: "4.0.0" }))
    stage().world.publish(definitionOf(maker.host, { secret_ref: "unknown" }, { version: "5.0.0" }))
    stage().world.publish(definitionOf(maker.host, { timeout_seconds: 1 }, { version: "6.0.0" }))
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

  it.each<[string, () => Response | Promise<Response>]>([
    [
      "is nested half a million deep",
      () => new Response(`{"title":"A","fields":${"[".repeat(450_000)}${"]".repeat(450_000)}}`),
    ],
    ["is no UTF-8", () => new Response(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))],
    ["has a lone surrogate", () => new Response('{"title":"A reply","fields":{"reply":"\\ud800"}}')],
    ["has a NUL", () => draftOf("a\0b")],
    ["has a prototype", () => new Response('{"title":"A","fields":{"__proto__":{"reply":"x"}}}')],
    ["is a list", () => Response.json([1])],
    ["is null", () => Response.json(null)],
    ["is empty", () => new Response("")],
    ["has a title of 900 kB", () => Response.json({ title: "x".repeat(900_000), fields: { reply: "Hi" } })],
    [
      "is a bomb of gzip",
      async () => {
        const zeros = new Blob([new Uint8Array(8 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip"))
        const headers = { "content-encoding": "gzip" }
        return new Response(await new Response(zeros).arrayBuffer(), { headers })
      },
    ],
  ])("whose answer %s makes no draft, and is told so once", async (name, answer) => {
    const goal = goalAt(stage(), `hostile-${name.replaceAll(/\W/g, "-")}`)
    maker.on(goal, answer)
    await ask(stage(), goal)
    assert.deepInclude((await ended(stage(), goal)).problem, { code: "draft_not_valid", status: 422 })
    assert.lengthOf(maker.of(goal), 2)
    assert.lengthOf(await draftsOf(stage(), goal), 0)
  })

  it("that drips its answer is late at its deadline, and its connection is closed", async () => {
    const goal = goalAt(stage(), "drips", "6.0.0")
    let gone = false
    maker.on(goal, () => {
      let timer = 0
      const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
        timer = setInterval(() => controller.enqueue(new Uint8Array([0x20])), 50) as unknown as number
      }
      const cancel = () => {
        clearInterval(timer)
        gone = true
      }
      return new Response(new ReadableStream({ start, cancel }))
    })
    await ask(stage(), goal)
    assert.deepInclude((await ended(stage(), goal)).problem, { code: "maker_late", status: 504 })
    await until(() => gone)
  })

  it("of a host, or by a secret, that may not be used is refused before anything is sent", async () => {
    const host = await ask(stage(), goalAt(stage(), "elsewhere", "4.0.0"))
    assert.deepInclude(host.problem, { code: "maker_misconfigured", status: 422 })
    assert.match(host.problem.detail, /STINT_MAKER_HOSTS.*docs\/makers\.md/)
    const goal = goalAt(stage(), "unsigned", "5.0.0")
    await ask(stage(), goal)
    assert.include((await ended(stage(), goal)).problem.detail, "The secret unknown is not known")
    assert.lengthOf(maker.of(goal), 0)
    assert.lengthOf(await callsOf(stage(), goal), 0)
  })

  it("is asked about before anything is run: why it can't be called, to operators and viewers", async () => {
    const check = (as: `${"operator" | "viewer" | "customer" | "service"}:${string}`, makers: ReadonlyArray<object>) =>
      stage().call("POST", "/api/v1/maker-places/check", { as, body: { makers } })
    const http = (url: string, more: object = {}) => ({ kind: "http", url, ...more })
    const makers = [
      http("http://127.0.0.1:9/make"),
      http("https://agents.example.com/make"),
      http("http://127.0.0.1:9/make", { secret_ref: "unknown" }),
      { kind: "model", model: "nobody", instructions: "Write." },
      { kind: "builtin" },
    ]
    for (const as of ["operator:olga", "viewer:vera"] as const) {
      const { json, status } = await check(as, makers)
      assert.strictEqual(status, 200)
      const problems = json.items.map(({ problem }: { problem: string | null }) => problem)
      assert.deepStrictEqual([problems[0], problems[4], problems.length], [null, null, 5])
      assert.match(problems[1], /^The host agents\.example\.com is not in STINT_MAKER_HOSTS/)
      assert.include(problems[2], "The secret unknown is not known")
      assert.include(problems[3], "nobody")
    }
    assert.strictEqual((await check("operator:olga", [http("ftp://127.0.0.1/make")])).status, 400)
    assert.strictEqual((await check("operator:olga", [])).status, 400)
    for (const as of ["customer:acme", "service:scheduler"] as const) {
      assert.strictEqual((await check(as, makers)).status, 403)
    }
  })

  it("has a document of its own for who writes a maker", async () => {
    const { json } = await stage().call("GET", "/makers/openapi.json")
    assert.sameMembers(Object.keys(json.paths), ["/make", "/makings/{making}", "/api/v1/maker-answers"])
  })
}, { env: { STINT_MAKER_HOSTS: "127.0.0.1" } })

/**
 * What names lead to, each time that they are looked up: the last answer stays. A connection that may be used is one to the maker of this
 * test; no resolver knows these names, so nothing else finds it by them.
 */
const addresses: Readonly<Record<string, ReadonlyArray<string>>> = {
  "inside.example": ["10.1.2.3"],
  "meant.example": ["fd00::7"],
  "public.example": ["93.184.216.34"],
  // its owner changes its answer once it was judged
  "moving.example": ["93.184.216.34", "169.254.169.254"],
}
const lookups: Array<string> = []
const dial: Connect = (url, mayUse) =>
  Effect.suspend(() => {
    const { host, hostname } = new URL(url)
    const nth = lookups.filter((name) => name === hostname).length
    lookups.push(hostname)
    const address = addresses[hostname]?.slice(0, nth + 1).at(-1)
    if (address === undefined) return Effect.fail(new Unreachable({ message: `nothing listens at ${host}` }))
    return mayUse(address)
      ? denoDial(url.replace(host, maker.host), () => true)
      : Effect.fail(new AddressRefused({ address }))
  })

onStage("the name of an http maker", (stage) => {
  const outcome = async (name: string, version: string) => {
    const goal = goalAt(stage(), name, version)
    const answer = await until(async () => {
      const it = await ask(stage(), goal)
      return (it.making === undefined || it.making.note !== undefined) && it
    })
    return { answer, calls: (await callsOf(stage(), goal)).length, asked: maker.of(goal).length }
  }

  beforeAll(() => {
    const hosts = ["inside.example:1", "meant.example:1", "public.example:1", "unknown.example:1", "moving.example:1"]
    hosts.forEach((host, n) => stage().world.publish(definitionOf(host, {}, { version: `${n + 1}.0.0` })))
  })

  it("that leads to a private address is refused before anything is sent, unless its entry says that it may", async () => {
    const inside = await outcome("inside", "1.0.0")
    assert.deepInclude(inside.answer.problem, { code: "maker_misconfigured", status: 422 })
    assert.include(inside.answer.problem.detail, "inside.example:1+private in STINT_MAKER_HOSTS")
    assert.deepInclude(inside, { calls: 0, asked: 0 })
    for (const [name, version] of [["meant", "2.0.0"], ["public", "3.0.0"]] as const) {
      const { answer, ...sent } = await outcome(name, version)
      assert.isString(answer.deliverable_id)
      assert.deepInclude(sent, { calls: 1, asked: 1 })
    }
  })

  it("is looked up once a request, and judged each time: one that moves into our network gets nothing more", async () => {
    maker.on(
      "GOI-moving",
      () => Response.json({ poll_after_seconds: 0.2 }, { status: 202, headers: { location: "/makings/1" } }),
    )
    const { answer, ...sent } = await outcome("moving", "5.0.0")
    assert.deepInclude(answer.problem, { code: "maker_misconfigured", status: 422 })
    assert.include(answer.problem.detail, "an address of a private network")
    // the request went over the connection that was judged; the look after it was refused
    assert.deepInclude(sent, { calls: 1, asked: 1 })
    assert.lengthOf(lookups.filter((name) => name === "moving.example"), 2)
  })

  it("that does not resolve is away: its run waits, and no call is recorded", async () => {
    const { answer, calls } = await outcome("unknown", "4.0.0")
    assert.match(answer.making.note, /is away: It can't be reached/)
    assert.strictEqual(calls, 0)
  })
}, {
  env: { STINT_MAKER_HOSTS: "inside.example:1,meant.example:1+private,public.example,unknown.example,moving.example" },
  layers: Layer.succeed(Dial, dial),
})

import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "@effect/vitest"
import { Watch } from "@stint/gateway/Changes/Watch"
import { until } from "../../../tests/support/Until.ts"
import { Browser } from "../../../tests/support/Browser.ts"
import { type Front, startFront, startUpstream, token } from "./support/Front.ts"

/** What services answer by their paths, and how often each was asked. */
const answers = new Map<string, string>()
const asked = new Map<string, number>()
let status = 200
const upstream = startUpstream((request) => {
  const { pathname, search } = new URL(request.url)
  if (request.method !== "GET") return Response.json({})
  asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
  return new Response(answers.get(`${pathname}${search}`) ?? answers.get(pathname) ?? "{}", { status })
})
/** How often all were asked. */
const count = () => [...asked.values()].reduce((sum, n) => sum + n, 0)

let front: Front
beforeAll(async () => {
  front = await startFront({ upstream: upstream.url, env: { STINT_BOUNDS: "event_streams_per_caller=3" } })
})
beforeEach(() => {
  answers.clear()
  asked.clear()
  status = 200
})

/** A page that listens. */
class Page {
  readonly events: Array<{ readonly id: string; readonly topics: ReadonlyArray<string> }> = []
  lastId = ""
  ended = false
  readonly #reader: ReadableStreamDefaultReader<string>
  readonly response: Response

  constructor(response: Response) {
    this.response = response
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    void this.#read()
  }

  async #read() {
    let text = ""
    for (;;) {
      const { done, value } = await this.#reader.read().catch(() => ({ done: true, value: undefined }))
      if (done) break
      text += value
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        this.#take(text.slice(0, end).split("\n"))
        text = text.slice(end + 2)
      }
    }
    this.ended = true
  }

  #take(lines: ReadonlyArray<string>) {
    const of = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
    this.lastId = of("id") ?? this.lastId
    const data = of("data")
    if (of("event") === "change" && data !== undefined) {
      this.events.push({ id: this.lastId, topics: JSON.parse(data).topics })
    }
  }

  /** Topics that it heard of. */
  get topics() {
    return this.events.flatMap(({ topics }) => topics)
  }

  leave = () => this.#reader.cancel()
}

const pages: Array<Page> = []
const listen = async (browser: Browser, lastId?: string): Promise<Page> => {
  const headers = { accept: "text/event-stream", ...(lastId === undefined ? {} : { "last-event-id": lastId }) }
  const response = await browser.send("GET", "/events", { headers })
  assert.deepStrictEqual([response.status, response.headers.get("content-type")], [200, "text/event-stream"])
  const page = new Page(response)
  pages.push(page)
  await until("the stream says where it is", () => page.lastId !== "")
  return page
}
const signedIn = async (role: string, subject?: string) => {
  const browser = new Browser(front)
  await browser.signIn(role, subject)
  return browser
}
const leaveAll = async () => {
  await Promise.all(pages.splice(0).map((page) => page.leave()))
  await until("nobody listens", async () => /^stint_gateway_listeners 0$/m.test(await metrics()))
}
const metrics = async () => (await new Browser(front).send("GET", "/metrics")).text()
afterEach(leaveAll)
afterAll(async () => {
  await front.stop()
  await upstream.stop()
})

const deliverables = "/api/v1/deliverables"

describe("a page that listens", () => {
  it("hears which part changed, of its own customer, and how to come back", async () => {
    const [acme, other] = [
      await listen(await signedIn("customer", "acme")),
      await listen(await signedIn("customer", "other")),
    ]
    answers.set(`${deliverables}?customer_id=acme&limit=10`, `{"items":[1]}`)
    await until("it hears of it", () => acme.events.length > 0)
    assert.deepStrictEqual(acme.topics, ["deliverables"])
    assert.strictEqual(acme.events[0]!.id, acme.lastId)
    assert.isEmpty(other.topics)
    assert.match(acme.response.headers.get("cache-control")!, /no-transform/)
  })

  it("hears of what operators see, if it is theirs", async () => {
    const page = await listen(await signedIn("operator"))
    answers.set("/api/v1/scheduler/dlq", `{"items":[1]}`)
    answers.set("/api/v1/scheduler/status", `{"is_paused":true}`)
    await until("it hears of both", () => page.topics.length >= 2)
    assert.sameMembers([...page.topics], ["dead_letters", "scheduler"])
  })

  it("hears at once of what is written through the front door, also where no look would show it", async () => {
    const browser = await signedIn("customer", "acme")
    const page = await listen(browser)
    const operators = await listen(await signedIn("viewer"))
    const other = await listen(await signedIn("customer", "other"))
    await browser.send("PUT", "/api/v1/hired-agents/HAI-1/goals", { body: {} })
    await until("both hear of it", () => page.topics.includes("goals") && operators.topics.includes("goals"))
    assert.isEmpty(other.topics)
  })

  it("hears nothing of a question that is asked by POST, and of a pause whoever it is", async () => {
    const browser = await signedIn("customer", "acme")
    const [page, other] = [await listen(browser), await listen(await signedIn("customer", "other"))]
    // pages ask it again for each change that they hear of
    assert.isTrue((await browser.send("POST", "/api/v1/scheduler/preview", { body: {} })).ok)
    assert.isTrue((await (await signedIn("operator")).send("POST", "/api/v1/scheduler/pause", { body: {} })).ok)
    await until("both hear of the pause", () => page.topics.length > 0 && other.topics.length > 0)
    for (const { topics } of [page, other]) assert.deepStrictEqual([...topics], ["scheduler", "runs", "goals"])
  })

  it("costs one watcher, however many pages of its customer listen, and nothing when none does", async () => {
    const browser = await signedIn("customer", "alone")
    await listen(browser)
    await listen(browser)
    const looks = async () => Number(/^stint_gateway_looks (\d+)$/m.exec(await metrics())![1])
    const before = await looks()
    // what a scrape shows may be a second old
    await until("it looked again", async () => asked.size === 3 && await looks() >= before + 2)
    // three questions a look: no page asks for itself
    assert.strictEqual(asked.size, 3)
    assert.isAtMost(Math.max(...asked.values()) - Math.min(...asked.values()), 1)
    await leaveAll()
    await listen(await signedIn("viewer"))
    const at = await looks()
    // what only a customer's watcher asks; one that was asked as it ended has come by now
    const hires = asked.get("/api/v1/hired-agents")
    await until("another's watcher looks twice", async () => await looks() >= at + 2)
    assert.strictEqual(asked.get("/api/v1/hired-agents"), hires)
  })

  it("hears after it was away what it missed, and of everything where that can't be known", async () => {
    const browser = await signedIn("customer", "acme")
    const page = await listen(browser)
    const id = page.lastId
    await page.leave()
    answers.set("/api/v1/scheduler/runs", `{"items":[1]}`)
    const back = await listen(browser, id)
    await until("it hears of it", () => back.events.length > 0)
    assert.deepStrictEqual(back.topics, ["runs"])
    for (const unknown of ["x.1", "", `${id.split(".")[0]}.999`, "a.b.c"]) {
      await leaveAll()
      const lost = await listen(browser, unknown)
      await until("it hears of everything", () => lost.events.length > 0)
      assert.lengthOf(lost.events[0]!.topics, 6)
    }
  })

  it("hears nothing wrong while services are away, and what changed once they are back", async () => {
    const page = await listen(await signedIn("customer", "patient"))
    status = 503
    const at = count()
    await until("it was looked in vain", () => count() >= at + 6)
    answers.set(deliverables, `{"items":[2]}`)
    status = 200
    await until("it hears of it", () => page.events.length > 0)
    assert.deepStrictEqual(page.topics, ["deliverables"])
  })

  it("whose token is refused is told to come back", async () => {
    const page = await listen(await signedIn("customer", "acme"))
    status = 401
    await until("its stream ends", () => page.ended)
  })

  it("is told to come back when its token ends", async () => {
    const bearer = await token("viewer", "vera", {}, "3s")
    const response = await new Browser(front).send("GET", "/events", { headers: { authorization: `Bearer ${bearer}` } })
    const page = new Page(response)
    await until("its stream ends", () => page.ended)
  })

  it("needs a session, and is one of as many as may be", async () => {
    const nobody = await new Browser(front).json("GET", "/events")
    assert.deepStrictEqual([nobody.status, nobody.code], [401, "unauthorized"])
    const browser = await signedIn("customer", "acme")
    for (let n = 0; n < 3; n++) await listen(browser)
    const answer = await browser.json("GET", "/events")
    assert.deepStrictEqual([answer.status, answer.code], [429, "too_many_listeners"])
    await listen(await signedIn("customer", "other"))
  })

  it("is told to come back when the front door shuts down", async () => {
    const own = await startFront({ upstream: upstream.url })
    const browser = new Browser(own)
    await browser.signIn("viewer")
    const page = new Page(await browser.send("GET", "/events"))
    await until("the stream says where it is", () => page.lastId !== "")
    await own.drain()
    await until("its stream ends", () => page.ended)
    await own.stop()
  })
})

describe("a watch", () => {
  it("keeps what was told, up to a number", () => {
    const watch = new Watch("w")
    for (let n = 0; n < 300; n++) watch.tell([n === 299 ? "runs" : "goals"])
    assert.strictEqual(watch.last, "w.300")
    assert.isUndefined(watch.since("w.300"))
    assert.deepStrictEqual(watch.since("w.299"), { n: 300, topics: ["runs"] })
    assert.deepStrictEqual(watch.since("w.100"), { n: 300, topics: ["runs", "goals"] })
    assert.lengthOf(watch.since("w.99")!.topics, 6)
  })

  it("a topic that is read for the first time has not changed", () => {
    const watch = new Watch("w")
    assert.deepStrictEqual(watch.compare(new Map([["runs", "1"]])), [])
    assert.deepStrictEqual(watch.compare(new Map([["runs", "1"], ["goals", "1"]])), [])
    assert.deepStrictEqual(watch.compare(new Map([["runs", "2"]])), ["runs"])
  })
})

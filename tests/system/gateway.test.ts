/** A person's day at the front door of a whole stack, by HTTP alone; and the front door under what comes to it. */
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { Browser, jsonOf } from "../support/Browser.ts"
import { configs } from "../support/Customer.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { UNHURRIED } from "../support/Unhurried.ts"
import { until } from "../support/Until.ts"

let stack: Stack
let origin: string
beforeAll(async () => {
  // a connection that idles for five seconds is closed: a stream of events is none
  stack = await startStack({ STINT_BOUNDS: `${UNHURRIED},idle_seconds=5` })
  origin = `http://127.0.0.1:${stack.base}`
})
afterAll(() => stack?.stop())

const newBrowser = () => new Browser({ fetch: (request) => fetch(request) }, origin)
/** A browser that was signed in by `stint open`. */
const opened = async (role: string, subject: string): Promise<Browser> => {
  const { stdout } = await promisify(execFile)(
    "node",
    ["apps/cli/bin/stint.js", "open", "--print", "--role", role, "--subject", subject, "--path", "/inbox"],
    { env: { ...process.env, STINT_HOME: stack.home, STINT_PORT_BASE: String(stack.base) } },
  )
  assert.match(stdout, new RegExp(`^${origin}/session/open\\?code=[\\w-]{32}&return_to=%2Finbox\n$`))
  const browser = newBrowser()
  const headers = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }
  const response = await browser.send("GET", stdout.trim().slice(origin.length), { headers })
  await response.body?.cancel()
  assert.strictEqual(response.headers.get("location"), "/inbox")
  const { user } = await browser.session()
  assert.deepInclude(user, { role, subject })
  return browser
}

const leaving: Array<() => Promise<void>> = []
afterEach(() => Promise.all(leaving.splice(0).map((leave) => leave())))

/** The topics that a browser hears of, until the test ends. */
const hearing = async (browser: Browser) => {
  const topics: Array<string> = []
  const response = await browser.send("GET", "/events", { headers: { "accept-encoding": "gzip, br" } })
  assert.deepStrictEqual([response.status, response.headers.get("content-encoding")], [200, null])
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const state = { topics, ended: false, leave: () => reader.cancel() }
  leaving.push(state.leave)
  void (async () => {
    let text = ""
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
      if (done) break
      // a read may end anywhere in a line
      const lines = (text + value).split("\n")
      text = lines.pop()!
      for (const line of lines) {
        const [, found] = /^data: \{"topics":(\[.*\])\}$/.exec(line) ?? []
        if (found !== undefined) topics.push(...JSON.parse(found))
      }
    }
    state.ended = true
  })()
  return state
}

describe("the front door", () => {
  it("is the first address that a start names", () => {
    const lines = stack.output().split("\n")
    const named = lines.filter((line) => /^\w+ +http:/.test(line)).map((line) => line.split(/ +/))
    assert.deepStrictEqual(named[0], ["console", origin])
    assert.include(lines.find((line) => line.startsWith("ready"))!, `console ${origin}`)
  })

  it("leads from a hire to an executed draft, and its page hears of each step", async () => {
    const [customer, operator] = [await opened("customer", "front"), await opened("operator", "olga")]
    const heard = await hearing(customer)
    const ok = async (browser: Browser, method: string, path: string, body?: unknown, headers = {}) => {
      // a service that is needed may take longer, on a busy machine, than another waits for it: nothing is done then
      const answer = await until(`${method} ${path} is answered`, async () => {
        const one = await browser.json(method, `/api/v1${path}`, { ...(body === undefined ? {} : { body }), headers })
        return one.code !== "unavailable" && one
      })
      assert.notProperty(answer, "code", JSON.stringify(answer))
      return answer
    }
    const agent_id = "trading.delta_futures.v1"
    const subscription = { agent_id, customer_id: "front", duration: "monthly" }
    const { subscription_id } = await ok(customer, "POST", "/subscriptions", subscription)
    await ok(operator, "POST", `/subscriptions/${subscription_id}/activate`, {})
    const draft = { subscription_id, agent_id, config: configs[agent_id] }
    const { hired_instance_id } = await ok(customer, "PUT", "/hired-agents/draft", draft)
    await ok(customer, "POST", `/hired-agents/${hired_instance_id}/finalize`, {})
    await until("it hears of its hire", () => heard.topics.includes("hires"))
    const { goal_instance_id } = await ok(customer, "PUT", `/hired-agents/${hired_instance_id}/goals`, {
      goal_template_id: "trading.trade_intent_draft.v1",
      frequency: "on_demand",
      settings: { coin: "BTC", side: "buy", units: 1 },
    })
    await until("it hears of its goal", () => heard.topics.includes("goals"))
    heard.topics.length = 0
    await ok(customer, "POST", `/hired-agents/${hired_instance_id}/goals/${goal_instance_id}/run`, {})
    // that run is the scheduler's own work: nobody wrote its draft through the front door
    await until(
      "it hears of the draft and of the run",
      () => heard.topics.includes("deliverables") && heard.topics.includes("runs"),
    )
    const inbox = async () => (await ok(customer, "GET", "/deliverables?customer_id=front")).items
    const waiting = await until("the draft is in the inbox", async () => (await inbox())[0])
    const path = `/deliverables/${waiting.deliverable_id}`
    const { approval_id } = await ok(customer, "POST", `${path}/review`, { decision: "approved" })
    await ok(customer, "POST", `${path}/execute`, { approval_id }, { "idempotency-key": "once" })
    assert.strictEqual((await inbox())[0].execution_status, "executed")
    // the services know who asked, not who passed it on
    const lines = await until("the audit has the review", async () => {
      const sql = "select subject, role from gateway_audit_logs where action = 'review'"
      const found = await stack.sql<{ readonly subject: string; readonly role: string }>("deliverables", sql)
      return found.length > 0 && found
    })
    assert.deepStrictEqual(lines, [{ subject: "front", role: "customer" }])
    assert.isFalse(heard.ended)
  })

  it("keeps a stream open while nothing happens, and ends it when its page leaves", async () => {
    const browser = await opened("viewer", "vera")
    const heard = await hearing(browser)
    const figure = async (name: string) => {
      const text = await (await fetch(`${origin}/metrics`)).text()
      return Number(new RegExp(`^stint_${name} (\\d+)$`, "m").exec(text)![1])
    }
    const looks = await figure("gateway_looks")
    // two seconds each: the connection's own five are over by then
    await until("it was looked five times", async () => await figure("gateway_looks") >= looks + 5)
    assert.isFalse(heard.ended)
    await heard.leave()
    await until("nobody listens", async () => await figure("gateway_listeners") === 0)
  })

  it("answers what is too large as the service does, streamed or not", async () => {
    const browser = await opened("customer", "large")
    const large = `{"decision":"${"x".repeat(3 * 1024 * 1024)}"}`
    const path = "/api/v1/deliverables/DEL-1/review"
    const known = await browser.json("POST", path, { body: large })
    assert.strictEqual(known.code, "body_too_large")
    const streamed = await fetch(`${origin}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        origin,
        "x-stint-csrf": browser.csrf,
      },
      body: new Blob([large]).stream(),
    })
    assert.strictEqual((await jsonOf(streamed)).code, "body_too_large")
  })

  it("keeps its sessions when it dies, and names the service that is away", async () => {
    const browser = await opened("operator", "olga")
    await stack.kill("gateway")
    const back = await until("it is back", async () => (await browser.json("GET", "/session")).user)
    assert.strictEqual(back.subject, "olga")
    const [pid] = await stack.pids("hiring")
    // who would start it again stands still meanwhile: on a busy machine it may be back before it was seen to be away
    const launcher = await stack.launcher()
    process.kill(launcher, "SIGSTOP")
    try {
      await stack.kill("hiring")
      const refused = await until("hiring is away", async () => {
        const response = await browser.send("GET", "/api/v1/hired-agents?customer_id=front")
        const problem = await jsonOf(response)
        return response.status === 503 && { problem, retry: response.headers.get("retry-after") }
      })
      assert.deepStrictEqual([refused.problem.code, refused.retry], ["unavailable", "1"])
    } finally {
      process.kill(launcher, "SIGCONT")
    }
    await until(
      "hiring is back",
      async () => (await browser.send("GET", "/api/v1/hired-agents?customer_id=front")).status === 200,
    )
    assert.notStrictEqual((await stack.pids("hiring"))[0], pid)
  })

  it("has no permission beyond its own port, the services and its files", async () => {
    const [pid] = await stack.pids("gateway")
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0")
    const of = (name: string) => words.find((word) => word.startsWith(`--${name}=`))!.split("=")[1]!.split(",")
    assert.sameMembers(of("allow-net"), [0, 1, 2, 3, 4].map((n) => `127.0.0.1:${stack.base + n}`))
    const files = ["keys/jwks.json", "keys/revoked.json", "keys/session.key", "keys/signing.jwk.json"]
    assert.sameMembers(
      of("allow-read").filter((path) => path.startsWith(stack.home)),
      files.map((file) => `${stack.home}/${file}`),
    )
    assert.lengthOf(of("allow-read"), files.length + 1)
    assert.isEmpty(words.filter((word) => /^--allow-(?!env|net|read)|^-A$/.test(word)))
    // what the process sees of the environment holds no database and no key
    assert.notMatch(await readFile(`/proc/${pid}/environ`, "utf8"), /postgres:|PRIVATE|"d":/)
  })
})

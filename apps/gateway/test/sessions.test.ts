import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { EncryptJWT } from "jose"
import { Browser, jsonOf, ORIGIN } from "../../../tests/support/Browser.ts"
import { type Front, newSessionKey, startFront, startUpstream, token } from "./support/Front.ts"

const heard: Array<{ readonly path: string; readonly authorization: string | null }> = []
const upstream = startUpstream((request) => {
  heard.push({ path: new URL(request.url).pathname, authorization: request.headers.get("authorization") })
  return Response.json({ items: [], next_cursor: null })
})
const key = newSessionKey()
let front: Front
beforeAll(async () => {
  front = await startFront({ upstream: upstream.url, sessionKeys: [key] })
})
afterAll(async () => {
  await front.stop()
  await upstream.stop()
})

const read = "/api/v1/deliverables?customer_id=acme"
const write = "/api/v1/deliverables/DEL-1/review"

/** A session's cookie with this content, sealed with a key. */
const sealed = (content: Record<string, unknown>, by = key, use = "session", until = "1h") =>
  new EncryptJWT({ content }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).setAudience(use)
    .setExpirationTime(until).encrypt(Uint8Array.fromBase64(by, { alphabet: "base64url" }))

describe("a session", () => {
  it("begins without anybody, with a csrf and the ways to sign in", async () => {
    const browser = new Browser(front)
    const view = await browser.session()
    assert.deepStrictEqual([view.status, view.user], [200, null])
    assert.deepStrictEqual(view.ways, [{
      kind: "local",
      roles: ["customer", "operator", "viewer"],
      people: [{ subject: "sample-reviewer", customer_id: "sample-customer", duties: ["reviewer"] }],
    }])
    assert.match(browser.setCookies[0]!, /^stint-4100=[\w.-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
    assert.strictEqual((await browser.session()).csrf, view.csrf)
    assert.lengthOf(browser.setCookies, 1)
  })

  it("of a local stack is one click for each role, and its token never reaches the page", async () => {
    const people = [["customer", "sample-customer"], ["operator", "operator"], ["viewer", "viewer"]] as const
    for (const [role, subject] of people) {
      const browser = new Browser(front)
      const before = await browser.session()
      const view = await browser.signIn(role)
      assert.deepInclude(view.user, { role, subject, ...(role === "customer" ? { customer_id: subject } : {}) })
      assert.notStrictEqual(view.csrf, before.csrf)
      const said = JSON.stringify([view, await browser.session()])
      assert.notMatch(said, /eyJ/)
      heard.length = 0
      assert.strictEqual((await browser.send("GET", read)).status, 200)
      assert.match(heard[0]!.authorization!, /^Bearer eyJ/)
      // what the browser keeps is not the token either
      assert.notInclude([...browser.cookies.values()].join(), heard[0]!.authorization!.split(".")[1]!)
    }
  })

  it("is anybody's who names a subject, and refuses what is no role or subject", async () => {
    const browser = new Browser(front)
    assert.deepInclude((await browser.signIn("customer", "acme")).user, { subject: "acme", customer_id: "acme" })
    assert.strictEqual((await browser.signIn("service")).code, "invalid_request")
    assert.strictEqual((await browser.signIn("customer", "a b")).code, "invalid_request")
    const big = await browser.json("POST", "/session/local", { body: { role: "x".repeat(2 * 1024 * 1024) } })
    assert.deepStrictEqual([big.status, big.code], [413, "body_too_large"])
  })

  it("of a person says for whom it acts and what it may do, and its services hear the same", async () => {
    const browser = new Browser(front)
    const { ways: [{ people: [reviewer] }] } = await browser.session()
    const sent = await browser.json("POST", "/session/local", { body: { role: "customer", ...reviewer } })
    assert.deepInclude(sent.user, { role: "customer", ...reviewer })
    heard.length = 0
    await browser.send("GET", read)
    const claims = JSON.parse(atob(heard[0]!.authorization!.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")))
    assert.deepInclude(claims, { sub: "sample-reviewer", customer_id: "sample-customer", duties: ["reviewer"] })
    const refused = [
      { role: "operator", customer_id: "acme" },
      { role: "viewer", duties: ["reader"] },
      { role: "customer", subject: "ann", customer_id: "acme", duties: ["owner"] },
      { role: "customer", subject: "ann", customer_id: "system" },
      { role: "customer", subject: "system" },
    ]
    for (const body of refused) {
      const other = new Browser(front)
      await other.session()
      const answer = await other.json("POST", "/session/local", { body })
      assert.deepStrictEqual([answer.status, answer.code], [400, "invalid_request"], JSON.stringify(body))
    }
  })

  it("ends when its person signs out", async () => {
    const browser = new Browser(front)
    await browser.signIn("operator")
    assert.strictEqual((await browser.json("DELETE", "/session")).user, null)
    assert.strictEqual((await browser.session()).user, null)
    assert.strictEqual((await browser.send("GET", read)).status, 401)
  })

  it("needs a sign-in for what services answer", async () => {
    const answer = await new Browser(front).json("GET", read)
    assert.deepStrictEqual([answer.status, answer.code], [401, "unauthorized"])
  })

  it("is known to another replica with the same key, also while keys are replaced", async () => {
    const browser = new Browser(front)
    await browser.signIn("viewer")
    const newer = newSessionKey()
    const replica = await startFront({ sessionKeys: [newer, key] })
    const other = new Browser(replica)
    for (const [name, value] of browser.cookies) other.cookies.set(name, value)
    assert.strictEqual((await other.session()).user.subject, "viewer")
    await replica.stop()
  })
})

describe("a cookie", () => {
  const userOf = async (value: string) => {
    const browser = new Browser(front)
    browser.cookies.set("stint-4100", value)
    return (await browser.session()).user
  }

  it("that was changed, sealed by another, past its time, or sealed for another use is none", async () => {
    const text = await token("operator", "olga")
    const exp = Math.floor(Date.now() / 1000) + 3_600
    const content = { csrf: "c", token: { text, exp }, until: exp }
    assert.strictEqual((await userOf(await sealed(content))).subject, "olga")
    const good = await sealed(content)
    const changed = good.slice(0, -2) + (good.endsWith("AA") ? "BB" : "AA")
    for (
      const bad of [
        changed,
        await sealed(content, newSessionKey()),
        await sealed(content, key, "session", "-1s"),
        await sealed(content, key, "sign-in"),
        await sealed({ csrf: 1 }),
        text,
        "",
        "%00",
        "a.b.c.d.e",
      ]
    ) {
      assert.isNull(await userOf(bad), bad.slice(0, 20))
    }
  })

  it("with a token that does not hold, or is a service's, shows nobody", async () => {
    const exp = Math.floor(Date.now() / 1000) + 3_600
    for (
      const text of [
        await token("operator", "olga", { aud: "others" }),
        await token("service", "hiring", { aud: "stint:gateway" }),
        "no token",
      ]
    ) {
      assert.isNull(await userOf(await sealed({ csrf: "c", token: { text, exp }, until: exp })))
    }
  })

  it("is Secure and __Host- where browsers come by https", async () => {
    const secure = await startFront({ env: { STINT_PUBLIC_URL: "https://stint.example.com" } })
    const browser = new Browser(secure, "https://stint.example.com")
    await browser.signIn("viewer")
    assert.match(browser.setCookies.at(-1)!, /^__Host-stint=\S+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/)
    assert.strictEqual((await browser.session()).user.role, "viewer")
    await secure.stop()
  })
})

describe("what changes something", () => {
  const cases: ReadonlyArray<readonly [string, Readonly<Record<string, string | undefined>>]> = [
    ["no csrf", { "x-stint-csrf": undefined }],
    ["another csrf", { "x-stint-csrf": crypto.randomUUID() }],
    ["another site's origin", { origin: "https://evil.example" }],
    ["another port's origin", { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" }],
    ["the origin of a sandbox", { origin: "null" }],
    ["an origin that only begins like ours", { origin: `${ORIGIN}.evil.example` }],
    ["a browser that says it is another site", { "sec-fetch-site": "cross-site" }],
    ["nothing that says where it comes from", { origin: undefined, "sec-fetch-site": undefined }],
  ]

  it.each(cases)("is refused with %s", async (_, headers) => {
    const browser = new Browser(front)
    await browser.signIn("customer", "acme")
    heard.length = 0
    for (const [method, path] of [["POST", write], ["POST", "/session/local"], ["DELETE", "/session"]] as const) {
      const body = method === "DELETE" ? {} : { body: { role: "operator" } }
      const answer = await browser.json(method, path, { headers, ...body })
      assert.deepStrictEqual([answer.status, answer.code], [403, "csrf"], path)
    }
    assert.isEmpty(heard)
    assert.strictEqual((await browser.session()).user.subject, "acme")
  })

  it("is passed on from its own page, by either header of a browser, and with a bearer token in any case", async () => {
    const browser = new Browser(front)
    await browser.signIn("customer", "acme")
    const body = { decision: "approved" }
    for (const headers of [{}, { origin: undefined }, { "sec-fetch-site": undefined }]) {
      assert.strictEqual((await browser.send("POST", write, { body, headers })).status, 200)
    }
    const authorization = `Bearer ${await token("customer", "other")}`
    heard.length = 0
    const headers = { authorization, origin: "https://evil.example", "x-stint-csrf": undefined }
    assert.strictEqual((await browser.send("POST", write, { body, headers })).status, 200)
    // the token that was sent, not that of the cookie
    assert.strictEqual(heard[0]!.authorization, authorization)
  })

  it("and a read is not made by another origin's page", async () => {
    const browser = new Browser(front)
    await browser.signIn("customer", "acme")
    const answer = await browser.json("GET", read, { headers: { "sec-fetch-site": "same-site" } })
    assert.deepStrictEqual([answer.status, answer.code], [403, "csrf"])
  })
})

describe("another name of this machine", () => {
  it("has no sessions: a site that resolves to it is not the front door", async () => {
    const browser = new Browser(front, "http://rebound.example:4100")
    for (const [method, path] of [["GET", "/session"], ["POST", "/session/local"], ["DELETE", "/session"]] as const) {
      const answer = await browser.json(method, path, method === "POST" ? { body: { role: "operator" } } : {})
      assert.deepStrictEqual([answer.status, answer.code], [404, "not_found"])
    }
    assert.strictEqual((await browser.send("GET", "/session/open?code=x")).status, 404)
    assert.isEmpty(browser.setCookies)
  })

  it("is fine for loopback's own names", async () => {
    for (const host of ["localhost:4100", "LOCALHOST:4100", "[::1]:4100"]) {
      assert.strictEqual((await new Browser(front).json("GET", "/session", { headers: { host } })).status, 200)
    }
  })
})

describe("a code", () => {
  const codeFor = async (bearer: string, body: unknown = {}) => {
    const request = new Request(`${ORIGIN}/session/codes`, {
      method: "POST",
      headers: { host: "127.0.0.1:4100", authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    const response = await front.fetch(request)
    return { status: response.status, ...await jsonOf(response) }
  }
  const openedAs = async (url: string, headers: Record<string, string | undefined> = {}) => {
    const browser = new Browser(front)
    const { pathname, search } = new URL(url)
    const from = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", ...headers }
    const response = await browser.send("GET", `${pathname}${search}`, { headers: from })
    return { location: response.headers.get("location"), user: (await browser.session()).user }
  }

  it("signs one browser in, once", async () => {
    const bearer = await token("customer", "acme")
    const { url } = await codeFor(bearer, { return_to: "/inbox?order=expiry" })
    assert.match(url, /^http:\/\/127\.0\.0\.1:4100\/session\/open\?code=[\w-]{32}&return_to=/)
    // the code is random: what it must not have is a part of the token
    for (const part of bearer.split(".")) assert.notInclude(url, part)
    const first = await openedAs(url)
    assert.deepStrictEqual([first.location, first.user.subject], ["/inbox?order=expiry", "acme"])
    assert.deepStrictEqual(await openedAs(url), { location: "/?sign_in=expired", user: null })
  })

  it("that another site's link carries signs nobody in", async () => {
    const { url } = await codeFor(await token("customer", "mallory"))
    assert.isNull((await openedAs(url, { "sec-fetch-site": "cross-site" })).user)
  })

  it("is for people alone, with a token that holds", async () => {
    assert.strictEqual((await codeFor("nothing")).code, "unauthorized")
    const service = await token("service", "hiring", { aud: "stint:gateway" })
    assert.strictEqual((await codeFor(service)).code, "sign_in_refused")
  })

  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0aset-cookie:x=1", "javascript:1"])(
    "leads to this origin, whatever was asked: %s",
    async (return_to) => {
      const { url } = await codeFor(await token("viewer", "vera"), { return_to })
      const { location } = await openedAs(url)
      assert.strictEqual(new URL(location!, ORIGIN).origin, ORIGIN)
      assert.isTrue(location!.startsWith("/") && !/^\/[/\\]/.test(location!), location!)
    },
  )
})

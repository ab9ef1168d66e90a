import { afterAll, assert, beforeAll, beforeEach, describe, it } from "@effect/vitest"
import { decodeJwt } from "jose"
import { until } from "../../../tests/support/Until.ts"
import { Browser, ORIGIN } from "../../../tests/support/Browser.ts"
import { type Front, nowhere, startFront, startUpstream } from "./support/Front.ts"
import { signInAt, startProvider } from "./support/Provider.ts"

const heard: Array<string> = []
const upstream = startUpstream((request) => {
  heard.push(request.headers.get("authorization") ?? "")
  return Response.json({})
})
let provider: Awaited<ReturnType<typeof startProvider>>
let front: Front
const envOf = (issuer: string) => ({
  STINT_JWKS: "",
  STINT_JWKS_URL: `${provider.issuer}/jwks`,
  STINT_JWT_ISSUER: provider.issuer,
  STINT_OIDC_ISSUER: issuer,
  STINT_OIDC_CLIENT_ID: "front",
  STINT_OIDC_CLIENT_SECRET: "a secret",
  STINT_OIDC_RESOURCE: "urn:stint",
  STINT_OIDC_TITLE: "The company",
})
beforeAll(async () => {
  provider = await startProvider([`${ORIGIN}/session/oidc/callback`])
  front = await startFront({ upstream: upstream.url, isLocal: false, env: envOf(provider.issuer) })
})
beforeEach(() => {
  provider.world.tokenSeconds = 3_600
  provider.world.grants.length = 0
  heard.length = 0
})
afterAll(async () => {
  await front.stop()
  await provider.stop()
  await upstream.stop()
})

const navigate = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }
const locationOf = async (browser: Browser, path: string) => {
  const response = await browser.send("GET", path, { headers: navigate })
  assert.deepStrictEqual([response.status, response.headers.get("cache-control")], [303, "no-store"])
  return response.headers.get("location")!
}
const begin = (browser: Browser, returnTo = "/inbox") =>
  locationOf(browser, `/session/oidc?return_to=${encodeURIComponent(returnTo)}`)
const pathOf = (url: string) => url.slice(new URL(url).origin.length)
const signIn = async (browser: Browser, account: string, returnTo?: string) => {
  const back = await signInAt(await begin(browser, returnTo), account)
  const location = await locationOf(browser, pathOf(back))
  await browser.session()
  return { back, location }
}
const read = "/api/v1/agent-types"

describe("a sign-in at an OIDC provider", () => {
  it("is offered by its title, by the code flow with PKCE", async () => {
    const browser = new Browser(front)
    assert.deepStrictEqual((await browser.session()).ways, [{ kind: "oidc", title: "The company" }])
    const url = new URL(await begin(browser))
    const { code_challenge, nonce, state, ...others } = Object.fromEntries(url.searchParams)
    assert.deepStrictEqual(others, {
      client_id: "front",
      code_challenge_method: "S256",
      prompt: "consent",
      redirect_uri: `${ORIGIN}/session/oidc/callback`,
      resource: "urn:stint",
      response_type: "code",
      scope: "openid offline_access",
    })
    for (const random of [code_challenge, nonce, state]) assert.match(random!, /^[\w-]{43}$/)
    const again = new URL(await begin(browser)).searchParams
    for (const name of ["code_challenge", "nonce", "state"]) {
      assert.notStrictEqual(again.get(name), url.searchParams.get(name))
    }
  })

  it("signs its person in, and leads where it was begun", async () => {
    const browser = new Browser(front)
    const { location } = await signIn(browser, "operator-olga", "/runs?status=running")
    assert.strictEqual(location, "/runs?status=running")
    const { csrf, user } = await browser.session()
    assert.deepInclude(user, { subject: "operator-olga", role: "operator" })
    assert.isAbove(Date.parse(user.expires_at), Date.now() + 11 * 3_600_000)
    assert.strictEqual((await browser.send("GET", read)).status, 200)
    const { role, sub } = decodeJwt(heard[0]!.slice("Bearer ".length))
    assert.deepStrictEqual([sub, role], ["operator-olga", "operator"])
    // nothing that the page can read has a token in it, and what the sign-in needed is forgotten
    assert.notInclude(csrf, "eyJ")
    assert.notMatch([...browser.cookies.keys()].join(), /-in/)
  })

  it("signs in a person who acts for a customer, with the duties that the provider gives, and refuses duties that there are not", async () => {
    const browser = new Browser(front)
    assert.strictEqual((await signIn(browser, "customer-rita")).location, "/inbox")
    const { user } = await browser.session()
    assert.deepInclude(user, { subject: "customer-rita", role: "customer", customer_id: "acme", duties: ["reader"] })
    assert.strictEqual((await browser.send("GET", read)).status, 200)
    const { customer_id, duties } = decodeJwt(heard.at(-1)!.slice("Bearer ".length))
    assert.deepStrictEqual([customer_id, duties], ["acme", ["reader"]])
    const other = new Browser(front)
    assert.strictEqual((await signIn(other, "customer-wrong")).location, "/?sign_in=refused")
    assert.isNull((await other.session()).user)
  })

  it("is no local stack's", async () => {
    const browser = new Browser(front)
    await browser.session()
    const answer = await browser.json("POST", "/session/local", { body: { role: "operator" } })
    assert.deepStrictEqual([answer.status, answer.code], [404, "way_not_found"])
    const local = await startFront()
    assert.strictEqual((await new Browser(local).json("GET", "/session/oidc")).code, "way_not_found")
    await local.stop()
  })

  it("ends once: its address is of no use again, nor in another browser, nor with another state", async () => {
    const [browser, other] = [new Browser(front), new Browser(front)]
    const { back } = await signIn(browser, "viewer-vera")
    assert.strictEqual(await locationOf(browser, pathOf(back)), "/?sign_in=expired")
    const mine = await signInAt(await begin(browser), "viewer-vera")
    assert.strictEqual(await locationOf(other, pathOf(mine)), "/?sign_in=expired")
    const changed = new URL(mine)
    changed.searchParams.set("state", "x".repeat(43))
    assert.strictEqual(await locationOf(browser, pathOf(changed.href)), "/?sign_in=refused")
    assert.isNull((await other.session()).user)
    // a code of another sign-in, which that browser's verifier does not fit
    await begin(other)
    const injected = new URL(await signInAt(await begin(browser), "operator-mallory"))
    const own = new URL(await begin(other))
    injected.searchParams.set("state", own.searchParams.get("state")!)
    assert.strictEqual(await locationOf(other, pathOf(injected.href)), "/?sign_in=refused")
    assert.isNull((await other.session()).user)
  })

  it("says that its person refused", async () => {
    const browser = new Browser(front)
    const back = await signInAt(await begin(browser), "viewer-vera", { consents: false })
    assert.strictEqual(await locationOf(browser, pathOf(back)), "/?sign_in=denied")
  })

  it.each(["nobody", "service-hiring"])("refuses who has no person's role: %s", async (account) => {
    const browser = new Browser(front)
    assert.strictEqual((await signIn(browser, account)).location, "/?sign_in=refused")
    assert.isNull((await browser.session()).user)
  })

  it("says that the provider is away, and works once it is back", async () => {
    const away = await startFront({ isLocal: false, env: envOf(nowhere()) })
    assert.strictEqual(await begin(new Browser(away)), "/?sign_in=unavailable")
    await away.stop()
  })

  it("needs an https issuer but on this machine", async () => {
    const wrong = await startFront({ isLocal: false, env: envOf("http://login.example.com") })
    assert.match(await wrong.refused, /STINT_OIDC_ISSUER must be an https url/)
    await wrong.stop()
  })
})

describe("a session whose token ends soon", () => {
  const soon = async (account: string) => {
    provider.world.tokenSeconds = 30
    const browser = new Browser(front)
    await signIn(browser, account)
    return browser
  }

  it("gets another one, once for all requests of its page, and its csrf stays", async () => {
    const browser = await soon("customer-acme")
    const { csrf } = await browser.session()
    provider.world.grants.length = 0
    provider.world.tokenSeconds = 3_600
    const copies = Array.from({ length: 8 }, () => {
      const copy = new Browser(front)
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
      copy.csrf = csrf
      return copy
    })
    heard.length = 0
    const answers = await Promise.all(copies.map((copy) => copy.send("POST", "/api/v1/deliverables", { body: {} })))
    assert.deepStrictEqual(answers.map(({ status }) => status), copies.map(() => 200))
    assert.deepStrictEqual(provider.world.grants, ["refresh_token"])
    assert.strictEqual(new Set(heard).size, 1)
    assert.isAbove(decodeJwt(heard[0]!.slice("Bearer ".length)).exp!, Date.now() / 1000 + 3_000)
    // the next has the new cookie, and nothing is due
    const view = await copies[0]!.session()
    assert.deepStrictEqual([view.user.subject, view.csrf], ["customer-acme", csrf])
    assert.lengthOf(provider.world.grants, 1)
  })

  it("goes on from one refresh token to the next", async () => {
    const browser = await soon("viewer-vera")
    provider.world.grants.length = 0
    for (let n = 0; n < 3; n++) assert.strictEqual((await browser.send("GET", read)).status, 200)
    assert.deepStrictEqual(provider.world.grants, ["refresh_token", "refresh_token", "refresh_token"])
    assert.strictEqual(new Set(heard).size, 3)
  })

  it("is over once its person signed out, for whoever kept the cookie as well", async () => {
    const browser = await soon("viewer-vera")
    const thief = new Browser(front)
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value)
    // the session as it is when it ends has the newest refresh token
    assert.isNull((await browser.json("DELETE", "/session")).user)
    assert.isNull((await browser.session()).user)
    await until("the provider has forgotten it", async () => {
      const again = new Browser(front)
      for (const [name, value] of thief.cookies) again.cookies.set(name, value)
      return (await again.send("GET", read)).status === 401
    })
  })
})

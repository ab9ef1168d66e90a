/** For how long a token is taken: keys that change or can't be read, and tokens that are revoked. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { ready } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { during, one, other, setOf } from "./Issuer.ts"

describe("keys that change", () => {
  it.each(["file", "url"] as const)("B6: a key that is taken out of the %s is gone within a minute", async (kind) => {
    const time = movableClock()
    const files = { jwks: setOf(one, other) }
    const issuer = { answer: () => Promise.resolve(new Response(files.jwks)) }
    const claims = { iss: "https://id.example" }
    const env: Record<string, string> = kind === "file"
      ? { STINT_JWKS_FILE: "jwks" }
      : { STINT_JWKS_URL: "https://id.example/jwks", STINT_JWT_ISSUER: claims.iss }
    await during({ env, files, issuer, time }, async (_, get) => {
      const [old, kept] = [await one.sign(claims), await other.sign(claims)]
      assert.deepStrictEqual([await get(old), await get(kept)], ["acme", "acme"])
      files.jwks = setOf(other)
      time.advance("30 seconds")
      await until("the key is gone", async () => await get(old) === "unauthorized")
      assert.strictEqual(await get(kept), "acme")
    })
  })

  it("B6: a key that is new is known when the first token names it", async () => {
    const time = movableClock()
    const files = { jwks: setOf(one) }
    await during({ env: { STINT_JWKS_FILE: "jwks" }, files, time }, async (_, get) => {
      assert.strictEqual(await get(await one.sign()), "acme")
      files.jwks = setOf(one, other)
      time.advance("1 second")
      assert.strictEqual(await get(await other.sign()), "acme")
    })
  })

  it("B6: tokens of unknown keys do not make the issuer be asked again and again", async () => {
    const issuer = { answer: () => Promise.resolve(new Response(setOf(one))), asked: 0 }
    const env = { STINT_JWKS_URL: "https://id.example/jwks", STINT_JWT_ISSUER: "me" }
    // on a clock that stands still: ten seconds after a look there may be another
    const { clock, ...time } = movableClock()
    const at = time.now()
    const still = { ...clock, currentTimeMillisUnsafe: () => at, currentTimeMillis: Effect.succeed(at) }
    await during({ env, issuer, time: { ...time, clock: still } }, async (service, get) => {
      await ready(service)
      for (let n = 0; n < 50; n++) {
        assert.strictEqual(await get(await other.sign({ iss: "me", jti: `${n}` })), "unauthorized")
      }
      assert.strictEqual(issuer.asked, 1)
    })
  })

  it("B6: keys that can't be fetched are 503 until the first are there, and then the last good ones hold", async () => {
    const time = movableClock()
    const good = () => Promise.resolve(new Response(setOf(one)))
    const issuer: { answer: () => Promise<Response> } = { answer: () => Promise.reject(new TypeError("refused")) }
    const env = { STINT_JWKS_URL: "https://id.example/jwks", STINT_JWT_ISSUER: "me" }
    await during({ env, issuer, time }, async (service, get) => {
      const token = await one.sign({ iss: "me" })
      assert.strictEqual(await get(token), "unavailable")
      const notReady = await service.call("GET", "/readyz")
      assert.strictEqual(notReady.status, 503)
      assert.match(notReady.json.checks.keys, /keys/)
      issuer.answer = good
      time.advance("2 seconds")
      assert.strictEqual(await get(token), "acme")
      await ready(service)
      const broken: ReadonlyArray<() => Promise<Response>> = [
        () => Promise.resolve(new Response(setOf())),
        () => Promise.resolve(new Response("<html>")),
        () => Promise.resolve(new Response(setOf(one), { status: 500 })),
        () => Promise.reject(new TypeError("refused")),
      ]
      for (const answer of broken) {
        let asked = false
        issuer.answer = () => {
          asked = true
          return answer()
        }
        time.advance("31 seconds")
        await until("the issuer is asked again", () => asked)
        assert.strictEqual(await get(token), "acme")
        assert.strictEqual(await get(await one.sign({ iss: "me", sub: "beta" })), "beta")
      }
    })
  })

  it("B6: a file of keys that is emptied, broken or lost leaves the keys of before", async () => {
    const time = movableClock()
    const files: Record<string, string> = { jwks: setOf(one) }
    await during({ env: { STINT_JWKS_FILE: "jwks" }, files, time }, async (_, get) => {
      for (const text of [setOf(), "", "{", undefined]) {
        if (text === undefined) delete files.jwks
        else files.jwks = text
        time.advance("11 seconds")
        assert.strictEqual(await get(await one.sign({ sub: `after-${text?.length}` })), `after-${text?.length}`)
      }
    })
  })
})

describe("what is revoked", () => {
  it("B6: by token, by subject, by subject until an instant, by key: within a minute", async () => {
    const time = movableClock()
    const files = { revoked: "{}" }
    const env = { STINT_JWKS: setOf(one, other), STINT_REVOKED_FILE: "revoked" }
    await during({ env, files, time }, async (_, get) => {
      const now = one.now()
      const before = new Date((now - 60) * 1000).toISOString()
      const tokens = {
        "its id": await one.sign({ jti: "t-1" }),
        "its subject": await one.sign({ sub: "mallory" }),
        "its subject, issued before": await one.sign({ sub: "pia", iat: now - 61 }),
        "its subject, issued nobody knows when": await one.sign({ sub: "pia", iat: undefined }),
        "its key": await other.sign(),
        "its key, which it does not name": await other.sign({}, {}),
      }
      const held = {
        "another id": await one.sign({ jti: "t-2" }),
        "its subject, issued after": await one.sign({ sub: "pia", iat: now - 59 }),
      }
      const { "its key, which it does not name": unnamed, ...named } = tokens
      for (const [what, token] of Object.entries({ ...named, ...held })) {
        assert.notStrictEqual(await get(token), "unauthorized", what)
      }
      files.revoked = JSON.stringify({
        jti: ["t-1"],
        sub: ["mallory", { value: "pia", issued_before: before }],
        kid: ["other"],
      })
      time.advance("30 seconds")
      await until("the list is read", async () => await get(tokens["its id"]) === "unauthorized")
      for (const [what, token] of Object.entries({ ...tokens, unnamed })) {
        assert.strictEqual(await get(token), "unauthorized", what)
      }
      for (const [what, token] of Object.entries(held)) assert.notStrictEqual(await get(token), "unauthorized", what)
      files.revoked = "{"
      time.advance("30 seconds")
      assert.strictEqual(await get(tokens["its id"]), "unauthorized")
      assert.notStrictEqual(await get(held["another id"]), "unauthorized")
      files.revoked = "{}"
      time.advance("30 seconds")
      await until("what is revoked no more holds again", async () => await get(tokens["its subject"]) === "mallory")
    })
  })
})

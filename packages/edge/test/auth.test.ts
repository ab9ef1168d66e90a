/** Which tokens a service takes: by their claims, their issuer, and of services by caller and callee. */
import { assert, describe, it } from "@effect/vitest"
import { until } from "../../../tests/support/Until.ts"
import { during, one, setOf } from "./Issuer.ts"

describe("claims", () => {
  it("B4: no token has the name of the system, which the action logs give to what the system does itself", () =>
    during({}, async (_, get) => {
      for (const sub of ["system", "System", "SYSTEM"]) {
        for (const role of ["operator", "customer"]) {
          assert.strictEqual(await get(await one.sign({ sub, role })), "unauthorized", `${sub} ${role}`)
        }
      }
      assert.strictEqual(await get(await one.sign({ sub: "systems" })), "systems")
    }))

  it("B6: a token holds for a day at most, and its times are instants", () =>
    during({}, async (_, get) => {
      const now = one.now()
      const day = 86_400
      const good: ReadonlyArray<Record<string, unknown>> = [
        { exp: now + day },
        { iat: undefined, exp: now + day - 60 },
        { iat: now - day + 60, exp: now + 60 },
        { nbf: now - 1 },
        { exp: now + 60.5 },
      ]
      const bad: ReadonlyArray<Record<string, unknown>> = [
        { exp: now + day + 1 },
        { exp: now + 10 * day },
        { exp: 1e300 },
        { exp: -1 },
        { exp: `${now + 60}` },
        { exp: null },
        { exp: undefined },
        { exp: now - 60 },
        { iat: undefined, exp: now + day + 60 },
        { iat: now - 2 * day, exp: now + 60 },
        { iat: -1 },
        { iat: 1e300, exp: 1e300 },
        { iat: `${now}` },
        { iat: now + 3_000, exp: now + 3_600 },
        { nbf: now + 3_000 },
        { nbf: "soon" },
        { nbf: -1e300 },
      ]
      // issued at the instant that the times count from, unless they say
      const answerTo = async (claims: object) => await get(await one.sign({ iat: now, ...claims }))
      for (const claims of good) assert.strictEqual(await answerTo(claims), "acme", JSON.stringify(claims))
      for (const claims of bad) assert.strictEqual(await answerTo(claims), "unauthorized", JSON.stringify(claims))
    }))

  it("B6: the longest lifetime is a setting", () =>
    during({ env: { STINT_JWKS: setOf(one), STINT_TOKEN_MAX_LIFETIME: "600" } }, async (_, get) => {
      const iat = one.now()
      assert.strictEqual(await get(await one.sign({ iat, exp: iat + 600 })), "acme")
      assert.strictEqual(await get(await one.sign({ iat, exp: iat + 601 })), "unauthorized")
    }))
})

describe("the issuer", () => {
  it("B6: a token names the issuer whose keys are fetched", async () => {
    const issuer = { answer: () => Promise.resolve(new Response(setOf(one))) }
    const env = { STINT_JWKS_URL: "https://id.example/jwks", STINT_JWT_ISSUER: "https://id.example" }
    await during({ env, issuer }, async (_, get) => {
      assert.strictEqual(await get(await one.sign({ iss: "https://id.example" })), "acme")
      for (const iss of [undefined, "https://id.example/", "https://other.example"]) {
        assert.strictEqual(await get(await one.sign({ iss })), "unauthorized", iss)
      }
    })
  })

  it.each(
    [
      [{ STINT_JWKS_URL: "https://id.example/jwks" }, /^STINT_JWT_ISSUER must be set with STINT_JWKS_URL/],
      [{ STINT_JWKS_URL: "id.example", STINT_JWT_ISSUER: "me" }, /^STINT_JWKS_URL /],
      [{ STINT_JWKS_FILE: "gone" }, /^STINT_JWKS_FILE can't be read/],
      [{ STINT_JWKS_FILE: "empty" }, /^STINT_JWKS_FILE must have at least one key$/],
      [{ STINT_JWKS: "{" }, /^STINT_JWKS must be a JSON Web Key Set, as JSON$/],
      [{ STINT_JWKS: `{"keys":[{"kty":"OKP","d":"x"}]}` }, /^STINT_JWKS must hold public keys alone/],
      [{ STINT_JWKS: `{"keys":[{"kty":"oct","k":"x"}]}` }, /^STINT_JWKS must hold public keys alone/],
      [{ STINT_JWKS: setOf(one), STINT_REVOKED_FILE: "gone" }, /^STINT_REVOKED_FILE can't be read/],
      [{ STINT_JWKS: setOf(one), STINT_REVOKED_FILE: "list" }, /^STINT_REVOKED_FILE must be JSON like/],
      [{ STINT_JWKS: setOf(one), STINT_TOKEN_MAX_LIFETIME: "5" }, /^STINT_TOKEN_MAX_LIFETIME is 5: it must be/],
      [{ STINT_JWKS: setOf(one), STINT_UPGRADE_FROM: "0.1" }, /^STINT_UPGRADE_FROM must be 0\.2, or not be set$/],
    ] as ReadonlyArray<[Record<string, string>, RegExp]>,
  )(
    "B6: settings %j are refused at the start",
    (env, why) =>
      during({ env, files: { empty: setOf(), list: `["acme"]` } }, async (service) => {
        await until("it refuses to start", () => service.refusal())
        assert.match(service.refusal()!, why)
      }),
  )
})

describe("services' own tokens", () => {
  const own = (sub: string, aud: unknown) => one.sign({ role: "service", sub, aud })

  it("are for one callee, and only its callers may call", () =>
    during({}, async (_, get) => {
      assert.strictEqual(await get(await own("scheduler", "stint:deliverables"), "/drafts"), "scheduler")
      assert.strictEqual(await get(await own("scheduler", ["stint:deliverables"]), "/drafts"), "scheduler")
      // signed for deliverables, by whoever else: what its own rights are
      for (const sub of ["hiring", "catalog", "deliverables", "test", "olga"]) {
        assert.strictEqual(await get(await own(sub, "stint:deliverables"), "/drafts"), "wrong_role", sub)
      }
      for (
        const aud of ["stint", "stint:hiring", "stint:deliverables2", "", ["stint", "stint:deliverables"], [
          "stint:hiring",
          "stint:deliverables",
        ], undefined]
      ) {
        assert.strictEqual(await get(await own("scheduler", aud), "/drafts"), "unauthorized", JSON.stringify(aud))
      }
      for (const sub of ["scheduler", "hiring"]) {
        assert.strictEqual(await get(await own(sub, "stint:deliverables"), "/nobody"), "wrong_role", sub)
        assert.strictEqual(await get(await own(sub, "stint:deliverables"), "/me"), "wrong_role", sub)
      }
      assert.strictEqual(await get(await one.sign({ aud: "stint:deliverables" })), "unauthorized")
      assert.strictEqual(await get(await one.sign({ role: "operator", aud: "stint:deliverables" })), "unauthorized")
    }))

  it("of 0.2.0 are taken while the setting says that such services run, and only then", async () => {
    const old = await own("scheduler", "stint")
    const both = await own("scheduler", ["stint", "stint:deliverables"])
    await during({}, async (_, get) => {
      for (const token of [old, both]) assert.strictEqual(await get(token, "/drafts"), "unauthorized")
    })
    await during({ env: { STINT_JWKS: setOf(one), STINT_UPGRADE_FROM: "0.2" } }, async (_, get) => {
      for (const token of [old, both, await own("scheduler", "stint:deliverables")]) {
        assert.strictEqual(await get(token, "/drafts"), "scheduler")
      }
      assert.strictEqual(await get(await own("hiring", "stint"), "/drafts"), "wrong_role")
      assert.strictEqual(await get(await own("scheduler", "stint:hiring"), "/drafts"), "unauthorized")
    })
  })
})

/** Secrets as the libraries of Standard Webhooks read them, by owner, from a file that may be edited while it is in use. */
import { assert, describe, it } from "@effect/vitest"
import { FileFailure, Files } from "@stint/edge/Files"
import { alertSecret, bytesOf, makeKeys, makeSecrets, readSecretsFile } from "@stint/edge/Secrets"
import { retryAfterOf, signatureOf } from "@stint/edge/Webhooks"
import { ConfigProvider, Effect, Option, Redacted, Result } from "effect"
import { Mac, SecureRandom } from "effect/crypto"

const ours = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const theirs = "bm90LWEtcHJlZml4ZWQtc2VjcmV0LTEyMzQ1Njc="

/** Looks secrets up in a file of this text; `edit` changes it. */
const withFile = <A, E>(
  text: string | undefined,
  use: (
    find: (owner: string, name: string) => Effect.Effect<string>,
    edit: (text: string | undefined) => void,
  ) => Effect.Effect<A, E>,
) => {
  let now = text
  const files = Files.of({
    read: (path) =>
      Effect.suspend(() =>
        now === undefined ? new FileFailure({ path, missing: true, why: "no such file" }) : Effect.succeed(now)
      ),
    readFrom: () => Effect.succeed(new Uint8Array()),
    appendLine: () => Effect.void,
  })
  return Effect.gen(function* () {
    const secrets = yield* makeSecrets
    const find = (owner: string, name: string) =>
      secrets(owner, name).pipe(
        Effect.match({
          onFailure: (error) => `${error._tag}: ${error.why}`,
          onSuccess: (signing) => signing.map((one) => btoa(String.fromCharCode(...Redacted.value(one)))).join(" "),
        }),
      )
    return yield* use(find, (text) => void (now = text))
  }).pipe(
    Effect.provideService(Files, files),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ STINT_SECRETS: "/secrets.json" }))),
  )
}

describe("the key of an API", () => {
  it.effect("is found by its owner and name, as it stands now; an unknown or odd one is told without its value", () => {
    const files = Files.of({
      read: () =>
        Effect.succeed(
          JSON.stringify({ $models: { example: "sk-test-51d9", odd: "two words" }, acme: { example: "x" } }),
        ),
      readFrom: () => Effect.succeed(new Uint8Array()),
      appendLine: () => Effect.void,
    })
    return Effect.gen(function* () {
      const keys = yield* makeKeys
      assert.strictEqual(Redacted.value(yield* keys("$models", "example")), "sk-test-51d9")
      assert.match((yield* Effect.flip(keys("$models", "other"))).why, /other is not known/)
      assert.match((yield* Effect.flip(keys("$models", "odd"))).why, /odd must be a key/)
      assert.notInclude(String(yield* keys("$models", "example")), "sk-test")
    }).pipe(
      Effect.provideService(Files, files),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ STINT_SECRETS: "/secrets.json" }))),
    )
  })
})

describe("a secret", () => {
  // signatures of the library standardwebhooks 1.1.1 for this message
  it.effect.each([
    [`whsec_${ours}`, "v1,To3BEhKML1dYX2tPwK7kdjcg93vwMqpG4ddBETV8wxc="],
    [ours, "v1,To3BEhKML1dYX2tPwK7kdjcg93vwMqpG4ddBETV8wxc="],
    [theirs, "v1,KHVOh6pgjCRJ9L7OzAvFdvWVn4EWC7YX3MMJRZOcuXg="],
  ])("D12: %s signs as the library does, with and without whsec_", ([secret, signature]) =>
    Effect.gen(function* () {
      const message = {
        id: "DLV-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11",
        timestamp: 1_614_265_330,
        body: '{"test": 2432232314}',
      }
      assert.strictEqual(yield* signatureOf(Redacted.make(bytesOf(secret!)!), message), signature)
    }).pipe(Effect.provide(Mac.layerWebCrypto), Effect.provide(SecureRandom.layerWebCrypto)))

  it.each([
    "",
    "whsec_",
    "a-webhook-secret",
    `whsk_${ours}`,
    `${ours}\n`,
    ` ${ours}`,
    "-_-_",
    ours.slice(0, -1),
    "YWJj=",
  ])(
    "D12: %j is none, since not every library reads it, or not alike",
    (secret) => assert.isUndefined(bytesOf(secret)),
  )
})

describe("the file of secrets", () => {
  const file = { acme: { hook: ours, both: [`whsec_${ours}`, theirs], odd: "no base64!", three: [ours, ours, ours] } }

  it.effect("A1: gives a name to its own owner alone; an unknown one and another's are told alike", () =>
    withFile(JSON.stringify({ ...file, globex: { theirs }, flat: theirs }), (find) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* find("acme", "hook"), ours)
        assert.strictEqual(yield* find("acme", "both"), `${ours} ${theirs}`)
        const unknown = yield* find("acme", "nobody")
        assert.match(unknown, /^SecretUnknown: The secret nobody is not known/)
        for (const name of ["theirs", "flat", "globex", "__proto__", "constructor", "toString"]) {
          assert.strictEqual(yield* find("acme", name), unknown.replace("nobody", name))
        }
        for (const owner of ["flat", "__proto__", "constructor", "nobody", ""]) {
          assert.strictEqual(yield* find(owner, "hook"), unknown.replace("nobody", "hook"))
        }
        for (const name of ["odd", "three"]) assert.match(yield* find("acme", name), /^SecretUnknown: /)
      })))

  it.effect("D12: is read anew each time, with or without a BOM; broken or gone it gives no secret, until it is mended", () =>
    withFile(JSON.stringify(file), (find, edit) =>
      Effect.gen(function* () {
        edit(`\uFEFF${JSON.stringify({ acme: { hook: theirs } })}`)
        assert.strictEqual(yield* find("acme", "hook"), theirs)
        for (const broken of ["{", "[]", "null", '{"acme": 7}', undefined]) {
          edit(broken)
          assert.match(yield* find("acme", "hook"), /^SecretsUnreadable: /)
        }
        edit(JSON.stringify(file))
        assert.strictEqual(yield* find("acme", "hook"), ours)
      })))

  it.effect("A1: that can't be read at the start refuses the start in a sentence that names the setting", () =>
    Effect.gen(function* () {
      const cases: Array<[string | undefined, RegExp]> = [
        [undefined, /^STINT_SECRETS names a file that can't be read/],
        ["{", /^STINT_SECRETS names a file that is not JSON/],
        ["[]", /must be a JSON object: \{customer: \{name: secret\}\}/],
        ['{"acme": ["x"]}', /must hold an object of secrets under "acme"/],
      ]
      for (const [text, why] of cases) {
        const refused = yield* Effect.flip(withFile(text, () => Effect.void))
        assert.match((refused as { message: string }).message, why)
      }
    }))

  it("names its older entries, which are kept for the programs of 0.2.0", () => {
    const read = Result.getOrThrow(readSecretsFile(JSON.stringify({ ...file, clinic: "old", desk: "older" })))
    assert.deepStrictEqual(read.flat, ["clinic", "desk"])
    assert.deepStrictEqual([...read.owners.keys()], ["acme"])
  })
})

describe("the secret of alerts", () => {
  const read = (env: Record<string, string>) =>
    Effect.result(alertSecret).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env))))

  it.effect("A1: is a setting of its own; the name of 0.2.0 alone is refused in a sentence that says what to do", () =>
    Effect.gen(function* () {
      const both = Result.getOrThrow(yield* read({ STINT_ALERT_SECRET: `whsec_${ours}, ${theirs}` }))
      assert.strictEqual(Option.getOrThrow(both).length, 2)
      assert.isTrue(Option.isNone(Result.getOrThrow(yield* read({}))))
      const beside = yield* read({ STINT_ALERT_SECRET: ours, STINT_ALERT_SECRET_REF: "alerts" })
      assert.isTrue(Result.isSuccess(beside))
      const old = yield* read({ STINT_ALERT_SECRET_REF: "alerts" })
      assert.match(
        String(Option.getOrThrow(Result.getFailure(old)).message),
        /set STINT_ALERT_SECRET to the secret itself/,
      )
      const wrong = yield* read({ STINT_ALERT_SECRET: "s3cret" })
      assert.match(String(Option.getOrThrow(Result.getFailure(wrong)).message), /^STINT_ALERT_SECRET is no Standard/)
    }))
})

describe("Retry-After", () => {
  const now = Date.parse("2026-03-01T09:00:00Z")
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ["", undefined],
    ["600", 600_000],
    [" 0 ", 0],
    ["Sun, 01 Mar 2026 09:10:00 GMT", 600_000],
    ["Sunday, 01-Mar-26 09:10:00 GMT", 600_000],
    ["Sun, 01 Mar 2026 08:00:00 GMT", 0],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2026", 2_026_000],
    ["99999999999999999999", 2 ** 31 * 1_000],
    ["9".repeat(400), 2 ** 31 * 1_000],
  ])("C8: %j is read", (text, wait) => assert.strictEqual(retryAfterOf(text, now), wait))
})

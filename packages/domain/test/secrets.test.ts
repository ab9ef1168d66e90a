import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { isSecretKey, secretIssues } from "../src/Secrets.ts"

const names = [
  "api_key",
  "api_secret",
  "client_secret",
  "access_token",
  "refresh_token",
  "password",
  "private_key",
  "secret_key",
]

describe("the secret guard", () => {
  it.each([...names, "delta_api_key", "API_KEY", "apiKey", "deltaApiKey", "api-key", "APIKey", "db password"])(
    "knows %s",
    (key) => {
      assert.isTrue(isSecretKey(key))
    },
  )

  it.each([
    "api_key_ref",
    "client_secret_id",
    "credential_ref",
    "password_ref",
    "key",
    "token",
    "keyboard",
    "apiKeyId",
  ])(
    "lets %s pass",
    (key) => {
      assert.isFalse(isSecretKey(key))
    },
  )

  it("names the path at any depth and never the value", () => {
    const issues = secretIssues({
      nickname: "x",
      platform_credentials: { instagram: { access_token: "s3cret", token_ref: "ok" } },
      list: [{ password: "s3cret" }, [{ "client-secret": "s3cret" }]],
      private_key: ["s3cret", ""],
      api_key: "  ",
      secret_key: null,
      refresh_token: 7,
    }, "$.config")
    assert.deepStrictEqual(issues.map((issue) => issue.path), [
      "$.config.platform_credentials.instagram.access_token",
      "$.config.list[0].password",
      `$.config.list[1][0]["client-secret"]`,
      "$.config.private_key[0]",
    ])
    assert.notInclude(JSON.stringify(issues), "s3cret")
  })

  it.prop("finds a secret wherever it is put", {
    name: Schema.Literals(names),
    depth: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
    inList: Schema.Boolean,
  }, ({ name, depth, inList }) => {
    let value: unknown = { [`my_${name}`]: "v" }
    for (let level = 0; level < depth; level++) value = inList ? [value] : { a: value }
    const steps = (inList ? "[0]" : ".a").repeat(depth)
    assert.deepStrictEqual(secretIssues(value).map((issue) => issue.path), [`$${steps}.my_${name}`])
  })
})

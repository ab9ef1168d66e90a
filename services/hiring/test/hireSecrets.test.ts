/** Which secrets and hosts a hire's webhook may name: its own customer's. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { customerOf, type Hiring, marketingConfig, startHiring } from "./Harness.ts"

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

describe("the webhook of a hire", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("A1: a secret is its own customer's alone; an unknown one and another's are the same 400", async () => {
    const [acme, globex] = [customerOf(hiring), customerOf(hiring)]
    hiring.files["secrets.json"] = `\uFEFF${
      JSON.stringify({
        [acme.name]: { hook: secret, unread: "a-webhook-secret" },
        [globex.name]: { theirs: [secret, secret] },
        flat: secret,
      })
    }`
    const mine = await acme.subscribed()
    const draft = (secret_ref: string, url = "https://hooks.example.com/in") =>
      acme.draft(mine, { config: marketingConfig, settings: { execution: { target: "webhook", url, secret_ref } } })
    const shape = async (name: string) => {
      const { json, status } = await draft(name)
      return JSON.stringify([status, json.code, json.detail, json.errors]).replaceAll(name, "NAME")
    }
    const unknown = await shape("nobody")
    assert.match(unknown, /400,"invalid_request".*\$\.settings\.execution\.secret_ref.*is not known; ask the operator/)
    for (const name of ["theirs", "flat", globex.name, "__proto__", "constructor"]) {
      assert.strictEqual(await shape(name), unknown)
    }
    assert.match((await draft("unread")).json.errors[0].message, /is no Standard Webhooks secret/)
    const foreign = await draft("hook", "https://hooks.shop.example/in")
    assert.deepStrictEqual([foreign.status, foreign.json.errors[0].path], [400, "$.settings.execution.url"])
    assert.strictEqual((await draft("hook")).status, 201)
    // a file that is edited while it runs is read anew; one that is broken knows no secret
    hiring.files["secrets.json"] = "{"
    const broken = await draft("hook")
    assert.deepStrictEqual([broken.status, broken.json.code], [503, "unavailable"])
    assert.strictEqual((await acme.draft(mine, { config: marketingConfig })).status, 200)
    hiring.files["secrets.json"] = JSON.stringify({ [acme.name]: { later: secret } })
    assert.strictEqual(await shape("hook"), unknown)
    assert.strictEqual((await draft("later")).status, 200)
  })
})

/** People's settings over HTTP: who may set whose, what is refused, and what of a channel is shown. */
import { assert, it } from "@effect/vitest"
import { onStage } from "./support/Harness.ts"

const env = {
  STINT_WEBHOOK_HOSTS: "127.0.0.1",
  STINT_SLACK_HOSTS: "hooks.slack.com",
  STINT_SMTP_URL: "smtp://127.0.0.1:9",
  STINT_MAIL_FROM: "Stint <stint@example.com>",
}

const settings = {
  channels: [{ kind: "email", address: "asha@clinic.example" }],
  timezone: "Asia/Kolkata",
} as const

onStage("people's settings", (stage) => {
  const put = (person: string, body: unknown, as: string, query = "") =>
    stage().call("PUT", `/api/v1/reviewers/${person}${query}`, { as: as as never, body })
  const get = (person: string, as: string, query = "") =>
    stage().call("GET", `/api/v1/reviewers/${person}${query}`, { as: as as never })

  it("of a customer without people are of the person of its own name, with the defaults of every event", async () => {
    const made = await put("acme", settings, "customer:acme")
    assert.strictEqual(made.status, 200, JSON.stringify(made.json))
    const { json, status } = await get("acme", "customer:acme")
    assert.strictEqual(status, 200)
    assert.deepInclude(json, {
      customer_id: "acme",
      person: "acme",
      digest_at: "08:00",
      quiet_hours: null,
      escalation: null,
      timezone: "Asia/Kolkata",
      updated_by: "acme",
    })
    assert.deepInclude(json.events, { draft_waiting: "now", executed: "off", expired: "digest" })
    assert.deepInclude(json.channels[0], {
      kind: "email",
      address: "asha@clinic.example",
      state: "unused",
      decides: true,
    })
  })

  it("are set by the person itself, by an editor and by the customer; a reader or a reviewer sets nobody else's", async () => {
    assert.strictEqual((await put("ravi", settings, "customer:globex/ravi?reader")).status, 200)
    const refused = await put("meera", settings, "customer:globex/ravi?reader,reviewer")
    assert.deepStrictEqual([refused.status, refused.json.code, refused.json.duty], [403, "duty_missing", "editor"])
    assert.strictEqual((await put("meera", settings, "customer:globex/ravi?editor")).status, 200)
    assert.strictEqual((await put("anil", settings, "customer:globex")).status, 200)
    const listed = await stage().call("GET", "/api/v1/reviewers", { as: "customer:globex/ravi?reader" })
    assert.deepStrictEqual(listed.json.items.map((one: { person: string }) => one.person), ["anil", "meera", "ravi"])
  })

  it("let links that decide go only where a person with the duty reviewer set its own channel", async () => {
    const ask = async (person: string, subject: string, duties: string, body: object = settings) => {
      const { json, status } = await put(person, body, `customer:initech/${subject}?${duties}`)
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json.channels.map((one: { decides: boolean }) => one.decides)
    }
    assert.deepStrictEqual(await ask("lee", "lee", "reader"), [false])
    assert.deepStrictEqual(await ask("lee", "lee", "reviewer"), [true])
    // an editor leaves the person's own as it is, and adds one that must not decide in its name
    const two = { ...settings, channels: [...settings.channels, { kind: "email", address: "editor@clinic.example" }] }
    assert.deepStrictEqual(await ask("lee", "kim", "editor,reviewer", two), [true, false])
  })

  it("of another customer do not exist; operators and viewers read, and set nothing", async () => {
    await put("acme", settings, "customer:acme")
    const stranger = await get("acme", "customer:umbrella", "?customer_id=acme")
    assert.deepStrictEqual([stranger.status, stranger.json.code], [404, "customer_not_found"])
    const own = await get("acme", "customer:umbrella")
    assert.deepStrictEqual([own.status, own.json.code], [404, "reviewer_not_found"])
    assert.strictEqual((await put("acme", settings, "customer:umbrella", "?customer_id=acme")).status, 404)
    for (const as of ["operator:o", "viewer:v"]) {
      assert.strictEqual((await get("acme", as, "?customer_id=acme")).status, 200, as)
      assert.strictEqual((await put("acme", settings, as, "?customer_id=acme")).status, 403, as)
    }
    assert.strictEqual((await get("acme", "service:scheduler", "?customer_id=acme")).status, 403)
  })

  it.each(
    [
      ["$.timezone", { timezone: "Mars/Olympus" }],
      ["$.digest_at", { digest_at: "24:00" }],
      ["$.quiet_hours.to", { quiet_hours: { from: "22:00", to: "22:00" } }],
      ["$.events.nothing", { events: { nothing: "now" } }],
      ["$.escalation.to", { escalation: { after_seconds: 600, to: "acme" } }],
      ["$.escalation.to", { escalation: { after_seconds: 600, to: "nobody" } }],
      ["$.escalation.after_seconds", { escalation: { after_seconds: 5, to: "meera" } }],
      ...[
        "a@b\r\nBcc: c@d",
        "a@b,c@d",
        "a;b@c",
        "a@b;c@d",
        "Asha <a@b>",
        "<a@b>",
        '"a b"@c',
        "a(b)@c",
        "a@[127.0.0.1]",
        "a@b..c",
        ".a@b",
        "a\u202e@b",
        `${"a".repeat(65)}@b`,
        `a@${"b".repeat(64)}.c`,
      ].map((address) => ["$.channels[0].address", { channels: [{ kind: "email", address }] }] as const),
      ["$.channels[0].url", { channels: [{ kind: "webhook", url: "https://elsewhere.example/x", secret_ref: "std" }] }],
      ["$.channels[0].url", { channels: [{ kind: "slack", url: "https://127.0.0.1/x" }] }],
      ["$.channels[0].secret_ref", {
        channels: [{ kind: "webhook", url: "http://127.0.0.1:9/", secret_ref: "theirs" }],
      }],
      ["$.channels[1].address", { channels: [...settings.channels, ...settings.channels] }],
    ] as const,
  )("that can't hold are refused with the path %s", async (path, change) => {
    const { json, status } = await put("acme", { ...settings, ...change }, "customer:acme")
    assert.deepStrictEqual([status, json.code], [400, "invalid_request"], JSON.stringify(json))
    assert.include(json.errors.map((one: { path: string }) => one.path), path)
  })

  it("are no person's who has the system's own name", async () => {
    for (const person of ["system", "System"]) {
      const { json, status } = await put(person, settings, "customer:acme")
      assert.deepStrictEqual([status, json.code, json.errors[0].path], [400, "invalid_request", "path.person"])
    }
  })

  it("take each address that is one, of any language", async () => {
    const addresses = ["Asha+drafts@Mail.Clinic.example", "o'neil@localhost", "ärzte@übung.example", "राम@उदाहरण.भारत"]
    const { json, status } = await put("addressee", {
      ...settings,
      channels: addresses.map((address) => ({ kind: "email", address })),
    }, "customer:acme")
    assert.strictEqual(status, 200, JSON.stringify(json))
    assert.deepStrictEqual(
      json.channels.map((one: { readonly address: string }) => one.address),
      addresses.map((address) => address.toLowerCase()),
    )
  })

  it("show an incoming webhook without its secret, and keep it where that form comes back", async () => {
    const url = "https://hooks.slack.com/services/T0/B0/51d9c0ffee51d9c0ffee"
    const made = await put("hooli", { ...settings, channels: [{ kind: "slack", url }] }, "customer:hooli")
    assert.strictEqual(made.status, 200, JSON.stringify(made.json))
    const [channel] = made.json.channels
    assert.notInclude(JSON.stringify(made.json), "51d9c0ffee51")
    const again = await put("hooli", { ...settings, channels: [{ kind: "slack", url: channel.url }] }, "customer:hooli")
    assert.strictEqual(again.json.channels[0].channel_id, channel.channel_id, JSON.stringify(again.json))
    const other = await put("hooli", {
      ...settings,
      channels: [{ kind: "slack", url: "https://hooks.slack.com/…none" }],
    }, "customer:hooli")
    assert.deepStrictEqual([other.status, other.json.errors[0].path], [400, "$.channels[0].url"])
  })
}, { env })

onStage("without a mail server", (stage) => {
  it("e-mail is refused with email_not_configured", async () => {
    const { json, status } = await stage().call("PUT", "/api/v1/reviewers/acme", {
      as: "customer:acme",
      body: settings,
    })
    assert.deepStrictEqual([status, json.code], [409, "email_not_configured"])
  })
})

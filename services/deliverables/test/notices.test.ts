/** Notices, from what happened to the message that arrives: a real mail server and a real receiver. */
import { assert, it } from "@effect/vitest"
import { Layer, Schedule } from "effect"
import { NoticeRetry } from "../src/Notices/Worker.ts"
import { answer, expectedSignature, type Receiver, startReceiver } from "./support/Receiver.ts"
import { newKey, type Stage, until, withStage } from "./support/Harness.ts"
import { type MailServer, startMailServer } from "./support/Smtp.ts"

/** A service that sends to a mail server and a receiver, soon again after a failure. */
const withNotices = async (
  test: (stage: Stage, mail: MailServer, receiver: Receiver) => Promise<void>,
  env: Record<string, string> = {},
) => {
  const mail = await startMailServer()
  const receiver = startReceiver()
  try {
    await withStage((stage) => test(stage, mail, receiver), {
      env: {
        STINT_SMTP_URL: mail.url,
        STINT_MAIL_FROM: "Stint <stint@example.com>",
        STINT_WEBHOOK_HOSTS: "127.0.0.1",
        STINT_SLACK_HOSTS: "127.0.0.1",
        STINT_CONSOLE_URL: "https://console.example/",
        ...env,
      },
      layers: Layer.succeed(NoticeRetry, Schedule.spaced("50 millis")),
    })
  } finally {
    await Promise.all([mail.end(), receiver.end()])
  }
}

const email = (address: string) => ({ kind: "email", address })
const set = async ({ call }: Stage, as: string, person: string, settings: object) => {
  const { json, status } = await call("PUT", `/api/v1/reviewers/${person}`, {
    as: as as never,
    body: { timezone: "Asia/Kolkata", ...settings },
  })
  assert.strictEqual(status, 200, JSON.stringify(json))
  return json
}
const drafted = async ({ drafted, world }: Stage, name: string, customer = "acme") => {
  world.goal(`GOI-${name}`, world.hire(`HAI-${name}`, { customer_id: customer as never }))
  return (await drafted(`GOI-${name}`)).deliverable_id as string
}
const noticesOf = async ({ call }: Stage, query = "", as = "customer:acme") =>
  (await call("GET", `/api/v1/notices?${query}`, { as: as as never })).json.items
const tokenIn = (text: string) => /\?token=([A-Za-z0-9_-]{43})/.exec(text)?.[1]

it("a draft is told to its customer by e-mail: one message, its id, a link with a token, and no header of the draft's", () =>
  withNotices(async (stage, mail) => {
    await set(stage, "customer:acme", "acme", { channels: [email("asha@clinic.example")] })
    const id = await drafted(stage, "mailed")
    const [sent] = await until(async () => {
      const all = await noticesOf(stage, "state=sent")
      return all.length === 1 && all
    })
    assert.deepInclude(sent, {
      person: "acme",
      kind: "email",
      target: "asha@clinic.example",
      tries: 1,
      last_error: null,
    })
    assert.deepInclude(sent.events[0], { event: "draft_waiting", subject: id, escalated: false })
    const message = mail.mailed[0]!
    assert.deepStrictEqual(message.to, ["asha@clinic.example"])
    assert.strictEqual(message.headers.get("message-id"), `<${sent.notice_id}@example.com>`)
    assert.match(message.headers.get("content-type")!, /^text\/plain/)
    assert.include(message.body, `https://console.example/inbox/${id}?token=`)
    // the log shows no token
    assert.notInclude(JSON.stringify(sent), tokenIn(message.body)!)
    const stranger = await stage.call("GET", "/api/v1/notices?customer_id=acme", { as: "customer:globex" })
    assert.deepStrictEqual([stranger.status, stranger.json.code], [404, "customer_not_found"])
    assert.deepStrictEqual(await noticesOf(stage, "", "customer:globex"), [])
    assert.strictEqual((await noticesOf(stage, "customer_id=acme", "operator:o")).length, 1)
  }))

it("a customer without settings costs nothing: no event, no item, no message, also when another has some", () =>
  withNotices(async (stage, mail) => {
    await set(stage, "customer:acme", "acme", { channels: [email("asha@clinic.example")] })
    const theirs = await drafted(stage, "silent", "globex")
    const id = await drafted(stage, "loud")
    await until(() => mail.mailed.length === 1)
    assert.deepStrictEqual(await stage.sql("select subject from notice_events"), [{ subject: id }])
    assert.notInclude(mail.mailed[0]!.raw, theirs)
  }))

it("the link of a message shows its draft and decides on it, once, as the person, and does nothing else", () =>
  withNotices(async (stage, mail) => {
    const { call } = stage
    await set(stage, "customer:acme/ann?reviewer", "ann", { channels: [email("ann@clinic.example")] })
    const id = await drafted(stage, "linked")
    const token = await until(() => tokenIn(mail.mailed[0]?.body ?? ""))
    const view = () => call("POST", "/api/v1/decision-links/view", { body: { token } })
    const shown = await view()
    assert.strictEqual(shown.status, 200, JSON.stringify(shown.json))
    assert.deepInclude(shown.json, { customer_id: "acme", person: "ann", target: { target: "journal" } })
    assert.deepInclude(shown.json.deliverable, { deliverable_id: id, review_status: "pending_review" })
    // it is no bearer token
    const bearer = await call("GET", `/api/v1/deliverables/${id}`, { headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual(bearer.status, 401)
    const { content_sha256 } = shown.json.deliverable
    const decide = (body: object) =>
      call("POST", "/api/v1/decision-links/decide", { body: { token, content_sha256, ...body } })
    const other = await decide({ decision: "approved", content_sha256: "0".repeat(64) })
    assert.deepStrictEqual([other.status, other.json.code], [409, "revision_changed"])
    assert.strictEqual((await decide({ decision: "changes_requested" })).status, 400)
    const decided = await decide({ decision: "approved" })
    assert.strictEqual(decided.status, 200, JSON.stringify(decided.json))
    const approval = await call("GET", `/api/v1/approvals/${decided.json.approval_id}`, { as: "customer:acme" })
    assert.deepInclude(approval.json, { decided_by: "ann", decision: "approved", deliverable_id: id })
    const again = await decide({ decision: "rejected" })
    assert.strictEqual(again.status, 409, JSON.stringify(again.json))
    for (const bad of [token!.slice(0, -1) + (token!.endsWith("A") ? "B" : "A"), "A".repeat(43)]) {
      const refused = await call("POST", "/api/v1/decision-links/view", { body: { token: bad } })
      assert.deepStrictEqual([refused.status, refused.json.code], [401, "link_not_good"])
    }
    // a link dies with its channel, and after a day
    await stage.sql("update decision_links set expires_at = now() - interval '1 second'")
    assert.strictEqual((await view()).status, 401)
    await stage.sql("update decision_links set expires_at = now() + interval '1 hour'")
    assert.strictEqual((await view()).status, 200)
    await set(stage, "customer:acme/ann?reviewer", "ann", { channels: [] })
    assert.strictEqual((await view()).status, 401)
  }))

it("a link is used so often and no more, and tokens that are made up stop none that is in use", () =>
  withNotices(async (stage, mail) => {
    await set(stage, "customer:acme", "acme", { channels: [email("asha@clinic.example")] })
    await drafted(stage, "often")
    const good = await until(() => tokenIn(mail.mailed[0]?.body ?? ""))
    const view = (token: string) => stage.call("POST", "/api/v1/decision-links/view", { body: { token } })
    // it was good once: from now on it has a bucket of its own
    assert.strictEqual((await view(good)).status, 200)
    const madeUp = async () => {
      const { json, status } = await view(
        crypto.getRandomValues(new Uint8Array(33)).toBase64({ alphabet: "base64url" }).slice(0, 43),
      )
      return [status, json.code].join(" ")
    }
    assert.strictEqual(await madeUp(), "401 link_not_good")
    await until(async () => await madeUp() === "429 rate_limited")
    assert.strictEqual((await view(good)).status, 200)
    const late = await until(async () => {
      const answer = await view(good)
      return answer.status === 200 ? undefined : answer
    })
    assert.deepStrictEqual([late.status, late.json.code], [429, "rate_limited"])
    assert.match(late.headers.get("retry-after")!, /^[1-9]\d*$/)
  }, {
    STINT_BOUNDS: "links_opened_per_second=1,links_opened_burst=3,link_requests_per_second=1,link_request_burst=2",
  }))

it("a reader's link holds no token", () =>
  withNotices(async (stage, mail) => {
    await set(stage, "customer:acme/rita?reader", "rita", { channels: [email("rita@clinic.example")] })
    const id = await drafted(stage, "reader")
    await until(() => mail.mailed.length === 1)
    assert.include(mail.mailed[0]!.body, `https://console.example/inbox/${id}`)
    assert.isUndefined(tokenIn(mail.mailed[0]!.body))
  }))

it("a webhook is signed under the notice's id, and retried after what it asks for, then as an incoming webhook beside it", () =>
  withNotices(async (stage, _mail, receiver) => {
    receiver.answers.push(answer(503, { "retry-after": "1" }), answer(500))
    await set(stage, "customer:acme", "acme", {
      channels: [{ kind: "webhook", url: receiver.url, secret_ref: "hook" }],
    })
    await drafted(stage, "hooked")
    const [sent] = await until(async () => {
      const all = await noticesOf(stage, "state=sent")
      return all.length === 1 && all
    })
    assert.strictEqual(sent.tries, 3)
    assert.deepStrictEqual(
      new Set(receiver.received.map(({ headers }) => headers.get("webhook-id"))),
      new Set([sent.notice_id]),
    )
    const last = receiver.received.at(-1)!
    const secret = new TextEncoder().encode("not-a-prefixed-secret-1234567")
    assert.strictEqual(last.headers.get("webhook-signature"), await expectedSignature(secret, last))
    const body = JSON.parse(last.text)
    assert.deepInclude(body.data, { notice_id: sent.notice_id, customer_id: "acme", person: "acme", purpose: "event" })
    const [first, second] = receiver.received.map(({ headers }) => Number(headers.get("webhook-timestamp")))
    assert.isAtLeast(second! - first!, 1)
  }))

it("a mailbox that does not exist is not tried again, its channel is dead and alarmed about, until a test arrives", () =>
  withNotices(async (stage, mail) => {
    mail.refusals.push(550)
    const made = await set(stage, "customer:acme", "acme", { channels: [email("gone@clinic.example")] })
    await drafted(stage, "dead")
    const [failed] = await until(async () => {
      const all = await noticesOf(stage, "state=failed")
      return all.length === 1 && all
    })
    assert.strictEqual(failed.tries, 1)
    assert.include(failed.last_error, "no such mailbox")
    const channel = async () =>
      (await stage.call("GET", "/api/v1/reviewers/acme", { as: "customer:acme" })).json.channels[0]
    assert.deepInclude(await channel(), { state: "dead", last_error: failed.last_error })
    const { channel_id } = made.channels[0]
    // it looks at its start
    const replica = await stage.replica()
    const [alert] = await until(async () => {
      const all = await stage.sql(
        "select subject, message, details, ended_at from alerts where kind = 'notice_channel_dead'",
      )
      return all.length > 0 && all
    })
    assert.deepInclude(alert, { subject: `acme/acme/${channel_id}`, ended_at: null })
    assert.include(String(alert!.message), "GET /api/v1/reviewers/acme?customer_id=acme says why")
    await until(async () =>
      /^stint_deliverables_notice_channels_dead 1$/m.test(String((await replica.call("GET", "/metrics")).json))
    )
    const test = (body: object, as = "customer:acme") =>
      stage.call("POST", "/api/v1/notices/test", { as: as as never, body, headers: { "idempotency-key": newKey() } })
    assert.deepStrictEqual((await test({ channel_id: "none" })).json.code, "channel_not_found")
    assert.deepStrictEqual((await test({}, "customer:globex")).json.code, "reviewer_not_found")
    assert.strictEqual((await test({}, "operator:o")).status, 403)
    const asked = await test({ channel_id })
    assert.strictEqual(asked.status, 202, JSON.stringify(asked.json))
    await until(async () => (await channel()).state === "ok")
    assert.include(mail.mailed[0]!.body, "test message")
  }))

it("quiet hours hold messages back, and what waited is one message; digests wait for their time; escalation goes to the next", () =>
  withNotices(async (stage, mail) => {
    const now = new Date()
    const clock = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString().slice(11, 16)
    await set(stage, "customer:acme/meera", "meera", {
      channels: [email("meera@clinic.example")],
      events: { draft_waiting: "off" },
    })
    await set(stage, "customer:acme/ann", "ann", {
      channels: [email("ann@clinic.example")],
      timezone: "UTC",
      quiet_hours: { from: clock(-60), to: clock(60) },
      escalation: { after_seconds: 600, to: "meera" },
    })
    await set(stage, "customer:acme/deb", "deb", {
      channels: [email("deb@clinic.example")],
      timezone: "UTC",
      digest_at: clock(120),
      events: { draft_waiting: "digest" },
    })
    const [one, two, three] = [await drafted(stage, "q-1"), await drafted(stage, "q-2"), await drafted(stage, "q-3")]
    await until(async () => (await stage.sql("select 1 from notice_items where held")).length === 3)
    assert.deepStrictEqual(mail.mailed.map(({ to }) => to), [])
    // one is decided meanwhile: nobody is told of it any more
    await stage.review(three, "rejected")
    await set(stage, "customer:acme/ann", "ann", {
      channels: [email("ann@clinic.example")],
      timezone: "UTC",
      escalation: { after_seconds: 600, to: "meera" },
    })
    await stage.sql("update notice_items set due_at = now()")
    await stage.service.call("GET", "/readyz")
    await drafted(stage, "q-4")
    const to = (who: string) => mail.mailed.filter((one) => one.to[0] === `${who}@clinic.example`)
    await until(() => to("ann").length >= 2 && to("deb").length >= 1 && to("meera").length >= 2)
    const held = to("ann").find(({ headers }) => headers.get("subject")!.includes("2 things"))
    for (
      const [id, text] of [[one, held?.body], [two, held?.body], [one, to("deb")[0]!.body], [two, to("deb")[0]!.body]]
    ) {
      assert.include(text, id)
    }
    assert.isFalse(mail.mailed.some(({ raw }) => raw.includes(three)))
    assert.isTrue(to("meera").every(({ body }) => body.includes("Nobody has decided yet")))
  }))

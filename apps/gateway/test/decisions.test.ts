/** The links of messages at the front door: no session, no token in an address, no decision by looking. */
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "@effect/vitest"
import { Browser, ORIGIN } from "../../../tests/support/Browser.ts"
import { type Front, startFront, startUpstream } from "./support/Front.ts"

const token = "t".repeat(43)
const deliverable = {
  deliverable_id: "DEL-1",
  hired_instance_id: "HAI-1",
  goal_instance_id: "GOI-1",
  goal_template_id: "report.v1",
  title: "<script>alert(1)</script> & a title",
  payload: {
    type: "generic_deliverable_v1",
    draft_only: true,
    goal_template_id: "report.v1",
    goal_instance_id: "GOI-1",
    intent_action: "publish",
    body: '</pre><img src=x onerror=alert(1)> "quoted"',
  },
  content_sha256: "a".repeat(64),
  revision: 2,
  review_status: "pending_review",
  review_notes: null,
  approval_id: null,
  execution_status: "not_executed",
  executed_at: null,
  created_at: "2026-03-01T09:00:00.000Z",
  updated_at: "2026-03-01T09:00:00.000Z",
}
const heard: Array<
  { readonly path: string; readonly body: Record<string, unknown>; readonly authorization: string | null }
> = []
let answer: (path: string) => Response
const upstream = startUpstream(async (request) => {
  const { pathname } = new URL(request.url)
  heard.push({
    path: pathname,
    body: request.method === "POST" ? await request.json() as Record<string, unknown> : {},
    authorization: request.headers.get("authorization"),
  })
  return answer(pathname)
})
const page = "<!doctype html><title>console</title>"
let front: Front
beforeAll(async () => {
  front = await startFront({ upstream: upstream.url, dist: { "index.html": page } })
})
afterAll(async () => {
  await front.stop()
  await upstream.stop()
})
beforeEach(() => {
  heard.length = 0
  answer = (path) =>
    Response.json(
      path.endsWith("/view")
        ? { deliverable, customer_id: "acme", person: "ann", expires_at: "2026-03-02T09:00:00.000Z" }
        : { ...deliverable, review_status: "approved" },
    )
})

const navigate = { "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site", accept: "text/html" }

/** A browser that opened the link of a message. */
const opened = async () => {
  const browser = new Browser(front)
  const first = await browser.send("GET", `/inbox/DEL-1?token=${token}`, { headers: navigate })
  return { browser, first }
}

const form = (fields: Record<string, string>, headers: Record<string, string | undefined> = {}) => ({
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-mode": "navigate", ...headers },
})
const shown = { content_sha256: "a".repeat(64), revision: "2" }

describe("the link of a message", () => {
  it("moves its token from the address into a cookie that no script reads, for the path of its draft alone", async () => {
    const { browser, first } = await opened()
    assert.strictEqual(first.status, 303)
    assert.strictEqual(first.headers.get("location"), "/session/decision/DEL-1")
    assert.notInclude(first.headers.get("location")!, token)
    assert.deepStrictEqual(
      [first.headers.get("cache-control"), first.headers.get("referrer-policy")],
      ["no-store", "no-referrer"],
    )
    assert.match(
      browser.setCookies[0]!,
      /^stint-4100-decision=t{43}; Path=\/session\/decision\/DEL-1; Max-Age=86400; HttpOnly; SameSite=Lax$/,
    )
    // what opens links, as a mail scanner does, has decided nothing
    assert.deepStrictEqual(heard, [])
  })

  it("shows the draft as text, whatever it holds, and asks nothing of the session", async () => {
    const { browser } = await opened()
    const response = await browser.send("GET", "/session/decision/DEL-1", { headers: navigate })
    const html = await response.text()
    assert.strictEqual(response.status, 200, html)
    assert.notMatch(html, /<script|<img/)
    assert.include(html, "&lt;img src=x onerror=alert(1)&gt;")
    assert.match(
      response.headers.get("content-security-policy")!,
      /^default-src 'none'; style-src 'nonce-[\w-]+'; form-action 'self'/,
    )
    assert.notInclude(html, token)
    assert.deepStrictEqual(heard, [{ path: "/api/v1/decision-links/view", body: { token }, authorization: null }])
  })

  it("decides by a button of its page, on what was shown", async () => {
    const { browser } = await opened()
    const sent = await browser.send(
      "POST",
      "/session/decision/DEL-1",
      form({ decision: "approved", notes: " ", ...shown }),
    )
    assert.deepStrictEqual([sent.status, sent.headers.get("location")], [303, "/session/decision/DEL-1"])
    assert.deepStrictEqual(heard.at(-1), {
      path: "/api/v1/decision-links/decide",
      body: { token, decision: "approved", content_sha256: "a".repeat(64), revision: 2 },
      authorization: null,
    })
  })

  it.each([{ origin: "https://evil.example", "sec-fetch-site": "cross-site" }, {
    origin: undefined,
    "sec-fetch-site": undefined,
  }])(
    "decides nothing for a page of another site: %s",
    async (headers) => {
      const { browser } = await opened()
      const sent = await browser.send(
        "POST",
        "/session/decision/DEL-1",
        form({ decision: "approved", ...shown }, headers),
      )
      assert.strictEqual(sent.status, 403)
      assert.deepStrictEqual(heard, [])
    },
  )

  it("decides nothing on another draft than its own", async () => {
    const browser = new Browser(front)
    await browser.send("GET", `/inbox/DEL-2?token=${token}`, { headers: navigate })
    const looked = await browser.send("GET", "/session/decision/DEL-2", { headers: navigate })
    assert.strictEqual(looked.status, 401)
    const sent = await browser.send("POST", "/session/decision/DEL-2", form({ decision: "approved", ...shown }))
    assert.strictEqual(sent.status, 401)
    assert.deepStrictEqual(heard.map(({ path }) => path), [
      "/api/v1/decision-links/view",
      "/api/v1/decision-links/view",
      "/api/v1/decision-links/view",
    ])
  })

  it("is asked by the page alone: what deliverables answers without a sign-in is not passed on", async () => {
    const { browser } = await opened()
    for (const path of ["view", "decide"]) {
      const sent = await browser.send("POST", `/api/v1/decision-links/${path}`, {
        body: JSON.stringify({ token }),
        headers: { "content-type": "application/json" },
      })
      assert.strictEqual(sent.status, 405, path)
    }
    assert.deepStrictEqual(heard, [])
  })

  it("refuses a form that is too long", async () => {
    const { browser } = await opened()
    const sent = await browser.send(
      "POST",
      "/session/decision/DEL-1",
      form({ decision: "rejected", notes: "x".repeat(70_000), ...shown }),
    )
    assert.strictEqual(sent.status, 413)
    assert.deepStrictEqual(heard, [])
  })

  it("shows why a decision was refused, on the draft as it is now", async () => {
    const { browser } = await opened()
    answer = (path) =>
      path.endsWith("/view")
        ? Response.json({ deliverable, customer_id: "acme", person: "ann", expires_at: "2026-03-02T09:00:00.000Z" })
        : Response.json({ title: "It was changed", detail: "Look at <it> again", code: "revision_changed" }, {
          status: 409,
        })
    const sent = await browser.send("POST", "/session/decision/DEL-1", form({ decision: "approved", ...shown }))
    assert.strictEqual(sent.status, 409)
    assert.include(await sent.text(), "It was changed. Look at &lt;it&gt; again")
  })

  it.each([
    [
      {
        type: "trading_intent_plan_v1",
        intent_action: "place_order",
        exchange_provider: "delta_exchange_india",
        credential_ref: "vault-7",
        coin: "BTC",
        side: "buy",
        units: 50,
        checks: {
          coin_allowed: true,
          side_valid: true,
          units_positive: true,
          within_max_units: false,
          max_units_per_order: 5,
        },
        validation_errors: ["within_max_units"],
      },
      ["<pre>Buy 50 BTC</pre>", "holds: coin allowed\n", "fails: within max units (5)", "It fails within_max_units"],
      false,
    ],
    [
      {
        type: "structured_deliverable_v1",
        intent_action: "publish",
        title: "A reply",
        fields: { reply: "Thank you", tags: ["kind", "short"], by: { name: "<b>" } },
      },
      ["<h2>Reply</h2>\n<pre>Thank you</pre>", "<pre>kind\nshort</pre>", "&quot;name&quot;: &quot;&lt;b&gt;&quot;"],
      true,
    ],
    [
      {
        type: "marketing_draft_batch_v1",
        intent_action: "publish",
        brand_name: "A clinic",
        theme: "teeth",
        variants: [{ platform: "x", text: "Brush.", hashtags: ["#teeth"] }],
        suggested_schedule_local: ["09:00"],
      },
      ["<h2>X</h2>\n<pre>Brush.\n\n#teeth</pre>", "<pre>09:00</pre>"],
      true,
    ],
    [
      {
        type: "trading_close_position_proposal_v1",
        intent_action: "close_position",
        exchange_provider: "delta_exchange_india",
        credential_ref: "vault-7",
        window_local_time: "15:20",
      },
      ["<pre>at 15:20</pre>", "<pre>Delta exchange india, with the credential vault-7</pre>"],
      true,
    ],
    [
      {
        type: "trading_guardrail_report_v1",
        snapshot: {
          exchange_provider: "delta_exchange_india",
          credential_ref: "vault-7",
          allowed_coins: ["BTC", "ETH"],
          default_coin: "BTC",
          risk_limits: { max_units_per_order: 5 },
        },
      },
      ["<pre>BTC, ETH; BTC unless a goal says otherwise</pre>", "<pre>at most 5 units in an order</pre>"],
      true,
    ],
  ])(
    "shows a $type as a person reads it, and offers no approval that would be refused",
    async (kind, texts, approves) => {
      const { browser } = await opened()
      const payload = { draft_only: true, goal_template_id: "t.v1", goal_instance_id: "GOI-1", ...kind }
      answer = () =>
        Response.json({
          deliverable: { ...deliverable, payload },
          customer_id: "acme",
          person: "ann",
          expires_at: "2026-03-02T09:00:00.000Z",
          target: { target: "webhook", url: "https://hooks.example/<in>", secret_ref: "std" },
        })
      const html = await (await browser.send("GET", "/session/decision/DEL-1", { headers: navigate })).text()
      for (const text of texts as ReadonlyArray<string>) assert.include(html, text)
      assert.include(html, "<h2>Goes to</h2>\n<pre>https://hooks.example/&lt;in&gt;</pre>")
      assert.strictEqual(html.includes('value="approved"'), approves)
      assert.notMatch(html, /undefined|\[object|NaN/)
    },
  )

  it("is refused where it is old, and where there is no cookie; without a token the console's page comes", async () => {
    const { browser } = await opened()
    answer = () => Response.json({ title: "old", code: "link_not_good" }, { status: 401 })
    assert.strictEqual((await browser.send("GET", "/session/decision/DEL-1", { headers: navigate })).status, 401)
    const other = new Browser(front)
    assert.strictEqual((await other.send("GET", "/session/decision/DEL-1", { headers: navigate })).status, 401)
    for (const path of ["/inbox/DEL-1", "/inbox/DEL-1?token=short", "/inbox"]) {
      const response = await other.send("GET", path, { headers: navigate })
      assert.deepStrictEqual([response.status, await response.text()], [200, page], path)
    }
    assert.strictEqual(ORIGIN, other.origin)
  })
})

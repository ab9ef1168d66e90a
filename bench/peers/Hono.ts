/**
 * The same endpoints in Hono, with postgres.js and jose, on the same runtime and on tables that our own scripts made: what
 * an endpoint costs that verifies a token, asks the database what ours asks it, and does nothing else. No rate, no audit, no
 * metrics, no entity tags, no cursor, no catalog to ask.
 */
import { Hono } from "hono"
import { createLocalJWKSet, jwtVerify } from "jose"
import process from "node:process"
import postgres from "postgres"

const { CATALOG, HIRING, JWKS, PORT } = process.env as Record<string, string>
const options = { max: 10, types: { bigint: postgres.BigInt } }
const catalog = postgres(CATALOG!, options)
const hiring = postgres(HIRING!, options)
const keys = createLocalJWKSet(JSON.parse(JWKS!))

const app = new Hono<{ Variables: { subject: string; role: string } }>()
  .basePath("/api/v1")

app.use(async (c, next) => {
  const token = c.req.header("authorization")?.slice("Bearer ".length) ?? ""
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ["EdDSA", "ES256"],
      requiredClaims: ["exp", "sub"],
    })
    c.set("subject", payload.sub!)
    c.set("role", String(payload.role))
  } catch {
    return c.json({ code: "unauthorized" }, 401)
  }
  await next()
})

app.get("/agent-types/:type", async (c) => {
  const [row] = await catalog`
    select id, payload, created_at, updated_at from agent_type_definitions
    where agent_type_id = ${c.req.param("type")} order by created_at desc limit 1`
  if (row === undefined) return c.json({ code: "not_found" }, 404)
  return c.json({
    id: row.id,
    ...row.payload,
    created_at: row.created_at,
    updated_at: row.updated_at,
  })
})

app.get("/trials", async (c) => {
  const limit = Number(c.req.query("limit") ?? 50)
  const rows = await hiring`
    select * from trials where customer_id = ${c.get("subject")} order by trial_id limit ${limit + 1}`
  const items = rows.slice(0, limit).map(({ customer_id: _, phone, ...row }) =>
    phone === null ? row : { ...row, phone }
  )
  return c.json({
    items,
    next_cursor: rows.length > limit ? rows[limit - 1]!.trial_id : null,
  })
})

const sha256 = async (text: string) =>
  Buffer.from(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
  ).toString("hex")

app.post("/trials", async (c) => {
  const [text, key, subject] = [
    await c.req.text(),
    c.req.header("idempotency-key") ?? "",
    c.get("subject"),
  ]
  const body = JSON.parse(text)
  const missing = ["agent_id", "customer_name", "customer_email", "company"]
    .find((name) => typeof body[name] !== "string" || body[name] === "")
  if (missing !== undefined || key === "") {
    return c.json({ code: "invalid_request" }, 400)
  }
  const scope = {
    caller: `${c.get("role")}:${subject}`,
    route: "POST /api/v1/trials",
    key,
  }
  const print = await sha256(text)
  const [held] = await hiring`
    insert into idempotency_keys (caller, route, key, fingerprint, first_seen, locked_until, expires_at)
    values (${scope.caller}, ${scope.route}, ${key}, ${print}, now(), now() + interval '30 s', now() + interval '1 day')
    on conflict do nothing returning key`
  if (held === undefined) {
    const [kept] = await hiring`
      select * from idempotency_keys where caller = ${scope.caller} and route = ${scope.route} and key = ${key}`
    if (kept!.fingerprint !== print) {
      return c.json({ code: "idempotency_mismatch" }, 409)
    }
    return kept!.reply_status === null
      ? c.json({ code: "idempotency_in_flight" }, 409)
      : c.body(kept!.reply_body, kept!.reply_status, {
        "content-type": "application/json",
      })
  }
  const trial = await hiring.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(1, hashtext(${subject}))`
    const [had] = await sql`select count(*)::int as n from trials where customer_id = ${subject}`
    if (had!.n >= 1_000_000) throw new Error("too many trials")
    const now = new Date()
    const [row] = await sql`
      insert into trials (trial_id, agent_id, customer_name, customer_email, company, phone, start_date, end_date, status,
        customer_id, created_at, updated_at)
      values (${`TRL-${crypto.randomUUID()}`}, ${body.agent_id}, ${body.customer_name}, ${body.customer_email},
        ${body.company}, ${body.phone ?? null}, ${now}, ${new Date(
      now.getTime() + 7 * 86_400_000,
    )}, 'active', ${subject},
        ${now}, ${now})
      returning *`
    return row!
  })
  const { customer_id: _, phone, ...shown } = trial
  const reply = JSON.stringify(phone === null ? shown : { ...shown, phone })
  await hiring`
    update idempotency_keys set reply_status = 201, reply_body = ${reply}
    where caller = ${scope.caller} and route = ${scope.route} and key = ${key}`
  return c.body(reply, 201, {
    "content-type": "application/json",
    location: `/api/v1/trials/${trial.trial_id}`,
  })
})

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(PORT),
  onListen: () => console.log("ready"),
}, app.fetch)

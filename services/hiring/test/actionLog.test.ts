/** Hiring's action log: what operators do to what is a customer's commits with its line, and nobody alters a line. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Send } from "../../../tests/support/Service.ts"
import { base, customerOf, type Hiring, loseReply, marketing, operator, startHiring } from "./Harness.ts"

interface Line {
  readonly log_id: string
  readonly action: string
  readonly operator: string
  readonly goal_instance_id: string | null
  readonly reason: string | null
  readonly action_metadata: Record<string, unknown>
}

/** Every table that these actions write to. A change gets its place in the outbox after it, from whoever reads next. */
const tables = ["subscriptions", "hired_agents", "goal_instances", "hiring_outbox", "trials", "customer_entity"]

describe("hiring's action log", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const call = (method: string, path: string, send: Send = {}) =>
    hiring.call(method, `${base}${path}`, { ...operator, ...send })
  const linesOf = async (who: string): Promise<ReadonlyArray<Line>> =>
    (await call("GET", `/hiring/actions/by/${who}`, { as: "viewer:vera" })).json.items
  const contact = (n: number) => ({
    full_name: "Anita",
    email: `log${n}@example.com`,
    phone: `+91 98765 1${n}`,
    business_name: "Clinic",
    business_industry: "health",
    business_address: "Pune",
    preferred_contact_method: "email",
    consent: true,
  })
  const trial = { agent_id: marketing, customer_name: "Anita", customer_email: "a@example.com", company: "Clinic" }

  /** Each action of an operator, on things made for it, and what its line says. */
  const prepare = async (who: string) => {
    const acme = customerOf(hiring)
    const customer_id = acme.as.replace("customer:", "")
    const { hired_instance_id, subscription_id } = await acme.hired()
    const goal_instance_id: string = (await acme.putGoal(hired_instance_id)).json.goal_instance_id
    await call("POST", `/customers`, {
      as: acme.as,
      body: { ...contact(1), email: `${customer_id}@example.com`, phone: `98765${Date.now()}` },
    })
    const trials: Array<string> = []
    for (let n = 0; n < 2; n++) trials.push((await call("POST", "/trials", { as: acme.as, body: trial })).json.trial_id)
    const send = { as: `operator:${who}` } as const
    return {
      customer_id,
      hired_instance_id,
      subscription_id,
      goal_instance_id,
      acts: {
        past_due: () => call("POST", `/subscriptions/${subscription_id}/past-due`, send),
        activate: () => call("POST", `/subscriptions/${subscription_id}/activate`, send),
        goal_run: () => call("POST", `/hired-agents/${hired_instance_id}/goals/${goal_instance_id}/run`, send),
        trial_begin: () => call("POST", "/trials", { ...send, body: trial }),
        trial_end: () => call("PATCH", `/trials/${trials[0]}`, { ...send, body: { status: "cancelled" } }),
        trial_remove: () => call("DELETE", `/trials/${trials[1]}`, send),
        customer_create: () => call("POST", "/customers", { ...send, body: contact(Date.now() % 1e6) }),
        customer_verify: () => call("POST", `/customers/${customer_id}/verify`, send),
      },
    }
  }

  const everything = () =>
    hiring.ownerSql((sql) =>
      Effect.map(
        Effect.forEach(tables, (table) =>
          Effect.map(
            sql<{ row: string }>`select (to_jsonb(t) - '{position,mark}'::text[])::text as row from ${
              sql(table)
            } t order by 1`,
            (rows) => [table, rows.map(({ row }) => row)] as const,
          )),
        Object.fromEntries,
      )
    )

  it("B5: each act of an operator has its line: who, what, to what; a customer's own doing has none", async () => {
    const { acts, customer_id, goal_instance_id, hired_instance_id, subscription_id } = await prepare("olga-lines")
    assert.deepStrictEqual(await linesOf(customer_id), [])
    for (const [action, act] of Object.entries(acts)) {
      const answer = await act()
      assert.include([200, 201, 202], answer.status, `${action}: ${JSON.stringify(answer.json)}`)
      const [line] = await linesOf("olga-lines")
      assert.strictEqual(line!.action, action)
    }
    const lines = (await linesOf("olga-lines")).toReversed()
    assert.deepStrictEqual(lines.map(({ action }) => action), Object.keys(acts))
    const saying = (action: string) => lines.find((line) => line.action === action)!.action_metadata
    assert.deepStrictEqual(saying("past_due"), {
      subscription_id,
      customer_id,
      status_before: "active",
      status: "past_due",
    })
    assert.deepInclude(saying("activate"), { status_before: "past_due", status: "active" })
    assert.deepInclude(saying("goal_run"), { hired_instance_id, customer_id })
    assert.strictEqual(lines.find(({ action }) => action === "goal_run")!.goal_instance_id, goal_instance_id)
    assert.deepInclude(saying("trial_end"), { customer_id, status: "cancelled" })
  })

  it("B5: what changes nothing has no line", async () => {
    const acme = customerOf(hiring)
    const { subscription_id } = await acme.hired()
    const as = "operator:olga-again" as const
    assert.strictEqual((await call("POST", `/subscriptions/${subscription_id}/activate`, { as })).status, 200)
    assert.strictEqual((await call("POST", "/subscriptions/SUB-none/past-due", { as })).status, 404)
    assert.deepStrictEqual(await linesOf("olga-again"), [])
  })

  it("B5: processing the ends of trials has a line with the hires whose trial it ended", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id } = await acme.hired()
    await acme.putGoal(hired_instance_id)
    const { trial_status } = (await call("GET", `/hired-agents/${hired_instance_id}`)).json
    assert.strictEqual(trial_status, "active")
    const as = "operator:olga-trials" as const
    await call("POST", "/hired-agents/process-trial-end", { as })
    assert.deepStrictEqual(await linesOf("olga-trials"), [])
    await hiring.ownerSql((sql) =>
      sql`update hired_agents set trial_start = trial_start - interval '8 days', trial_end = trial_end - interval '8 days'
        where hired_instance_id = ${hired_instance_id}`
    )
    const { processed } = (await call("POST", "/hired-agents/process-trial-end", { as })).json
    const lines = await linesOf("olga-trials")
    // the service may have been first
    assert.deepStrictEqual(
      lines.flatMap(({ action_metadata }) => action_metadata.hired_instance_ids),
      processed.map(
        (one: { hired_instance_id: string }) => one.hired_instance_id,
      ),
    )
  })

  it("B5: no act happens when its line can't be written", async () => {
    const [owing, fresh] = [await prepare("olga-full"), await prepare("olga-full")]
    assert.strictEqual((await owing.acts.past_due()).status, 200)
    const acts = { ...fresh.acts, activate: owing.acts.activate }
    await hiring.ownerSql((sql) =>
      Effect.andThen(
        sql`create function no_line() returns trigger language plpgsql as
          $body$ begin raise exception 'the log is full'; end $body$`,
        sql`create trigger no_line before insert on hiring_action_log for each row execute function no_line()`,
      )
    )
    try {
      for (const [action, act] of Object.entries(acts)) {
        const before = await everything()
        assert.strictEqual((await act()).status, 500, action)
        assert.deepStrictEqual(await everything(), before, action)
      }
    } finally {
      await hiring.ownerSql((sql) => sql`drop trigger no_line on hiring_action_log`)
    }
    // a goal of a subscription past due does not run
    const { past_due, ...others } = acts
    for (const [action, act] of Object.entries({ ...others, past_due })) {
      assert.include([200, 201, 202], (await act()).status, action)
    }
  })

  it("B5: a request repeated under its Idempotency-Key has one line, also after a crash before the reply was kept", async () => {
    const headers = { "idempotency-key": "begin-once" }
    const send = { as: "operator:olga-twice", body: trial, headers } as const
    const first = await call("POST", "/trials", send)
    await loseReply(hiring, "begin-once")
    assert.strictEqual((await call("POST", "/trials", send)).json.trial_id, first.json.trial_id)
    assert.strictEqual((await linesOf("olga-twice")).length, 1)
  })

  it("B5: nobody alters or removes a line, the service and the owner of the schema alike", async () => {
    await hiring.ownerSql((sql) =>
      sql`insert into hiring_action_log (log_id, action, operator, timestamp, action_metadata)
        values ('LOG-kept', 'activate', 'pia', now(), '{}')`
    )
    const before = await linesOf("pia")
    for (const as of [hiring.sql, hiring.ownerSql]) {
      for (
        const statement of [
          "update hiring_action_log set operator = 'system'",
          "delete from hiring_action_log",
          "truncate hiring_action_log",
        ]
      ) {
        const refused = await as((sql) => Effect.flip(sql.unsafe(statement))).then(() => true, () => false)
        assert.isTrue(refused, statement)
      }
    }
    assert.deepStrictEqual(await linesOf("pia"), before)
  })

  it("B5: operators and viewers read it, page by page; nobody else", async () => {
    await hiring.ownerSql((sql) =>
      sql`insert into hiring_action_log (log_id, action, operator, timestamp, action_metadata)
        select 'LOG-page-' || n, 'activate', 'paul', '2026-01-01T00:00:00Z'::timestamptz + n / 2 * interval '1 second', '{}'
        from generate_series(1, 5) n`
    )
    const seen: Array<string> = []
    for (let query = "?limit=2"; query !== "";) {
      const { items, next_cursor } = (await call("GET", `/hiring/actions/by/paul${query}`, { as: "viewer:vera" })).json
      seen.push(...items.map((line: Line) => line.log_id))
      query = next_cursor === null ? "" : `?limit=2&cursor=${next_cursor}`
    }
    assert.deepStrictEqual(seen, [5, 4, 3, 2, 1].map((n) => `LOG-page-${n}`))
    for (const as of ["customer:acme", "service:scheduler"] as const) {
      assert.strictEqual((await call("GET", "/hiring/actions", { as })).status, 403, as)
    }
    assert.strictEqual((await call("GET", "/hiring/actions?cursor=bogus")).status, 400)
  })
})

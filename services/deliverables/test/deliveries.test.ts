/** Deliveries: what their customers and operators see of those that wait and fail, and a person's retry. */
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { ended, waiting } from "./support/Deliveries.ts"
import { newKey, onStage, type Stage, until, withStage } from "./support/Harness.ts"
import { answer, type Receiver, startReceiver } from "./support/Receiver.ts"

let receiver: Receiver
beforeEach(() => {
  receiver = startReceiver()
})
afterEach(() => receiver.end())

const webhook = () => ({ execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } })

/** Executes at a receiver that wants no more. */
const failed = async ({ approved, execute }: Stage, name: string) => {
  receiver.answers.push(answer(410))
  const draft = await approved(name, webhook())
  const { json } = await execute(draft.id, { approval_id: draft.approval_id })
  assert.strictEqual(json.execution.state, "failed", JSON.stringify(json))
  return { ...draft, delivery_id: json.execution.delivery_id as string }
}

onStage("deliveries", (stage) => {
  const list = async (query: string, as: `${"customer" | "operator" | "viewer"}:${string}` = "customer:acme") => {
    const { json, status } = await stage().call("GET", `/api/v1/deliveries?${query}`, { as })
    assert.strictEqual(status, 200, JSON.stringify(json))
    return json
  }

  it("C9: that failed for good are listed by state, for their customer and for operators, page by page", async () => {
    const failures = [await failed(stage(), "list-1"), await failed(stage(), "list-2"), await failed(stage(), "list-3")]
    const done = await stage().approved("list-done", webhook())
    await stage().execute(done.id, { approval_id: done.approval_id })
    const ids = failures.map((one) => one.delivery_id)
    const of = (json: { items: Array<{ delivery_id: string }> }) =>
      json.items.map((one) => one.delivery_id).filter((id) => ids.includes(id))
    const newestFirst = ids.toReversed()
    for (
      const [query, as] of [
        ["state=failed", "customer:acme"],
        ["customer_id=acme&state=failed", "customer:acme"],
        ["customer_id=acme&state=failed", "operator:o"],
        ["state=failed", "viewer:v"],
      ] as const
    ) assert.deepStrictEqual(of(await list(query, as)), newestFirst, `${query} ${as}`)
    const paged: Array<string> = []
    for (let cursor = "";;) {
      const page = await list(`state=failed&limit=1${cursor}`)
      paged.push(...of(page))
      if (page.next_cursor === null) break
      cursor = `&cursor=${page.next_cursor}`
    }
    assert.deepStrictEqual(paged, newestFirst)
    const { json: metrics } = await stage().call("GET", "/metrics")
    for (const name of ["failed", "failed_last_hour"]) {
      const shown = new RegExp(`^stint_deliverables_executions_${name} (\\d+)$`, "m").exec(metrics)
      assert.isAtLeast(Number(shown?.[1]), 3, name)
    }
    const first = (await list("state=failed&limit=1")).items[0]
    assert.deepInclude(first, {
      deliverable_id: failures[2]!.id,
      customer_id: "acme",
      hired_instance_id: "HAI-list-3",
      state: "failed",
      reason: null,
      attempts: 1,
      next_attempt_at: null,
      target: { target: "webhook", url: receiver.url, secret_ref: "hook" },
    })
    assert.isString(first.gave_up_at)
    assert.notInclude(JSON.stringify(first), "brand_name")
    assert.include(
      (await list("state=delivered")).items.map((one: { deliverable_id: string }) => one.deliverable_id),
      done.id,
    )
  })

  it("C9: of another customer do not exist", async () => {
    const { call } = stage()
    const { delivery_id } = await failed(stage(), "foreign")
    assert.deepStrictEqual((await list("", "customer:globex")).items, [])
    const other = await call("GET", "/api/v1/deliveries?customer_id=acme", { as: "customer:globex" })
    assert.deepStrictEqual([other.status, other.json.code], [404, "customer_not_found"])
    for (const [method, path] of [["GET", ""], ["POST", "/retry"]] as const) {
      const answers = await Promise.all(
        [delivery_id, "DLV-none"].map((id) =>
          call(method, `/api/v1/deliveries/${id}${path}`, {
            as: "customer:globex",
            ...(method === "POST" ? { body: {} } : {}),
          })
        ),
      )
      for (const { json, status } of answers) assert.deepStrictEqual([status, json.code], [404, "delivery_not_found"])
    }
    for (const as of ["viewer:v", "service:scheduler"] as const) {
      const refused = await call("POST", `/api/v1/deliveries/${delivery_id}/retry`, { as, body: {} })
      assert.strictEqual(refused.status, 403)
    }
    assert.strictEqual((await call("GET", "/api/v1/deliveries?state=odd", { as: "customer:acme" })).status, 400)
  })

  it.each(["customer:acme", "operator:olga"] as const)(
    "C9: that failed are tried again for %s, under the same id, with a line in the audit log",
    async (as) => {
      const { call, executed, sql } = stage()
      const { delivery_id, id } = await failed(stage(), `retry-${as.slice(0, 3)}`)
      const headers = { "idempotency-key": newKey() }
      const send = () =>
        call("POST", `/api/v1/deliveries/${delivery_id}/retry`, {
          as,
          body: { reason: "the receiver is back" },
          headers,
        })
      const retried = await send()
      assert.strictEqual(retried.status, 202, JSON.stringify(retried.json))
      const { execution } = await executed(id)
      assert.deepInclude(execution, { delivery_id, attempts: 2, state: "delivered" })
      assert.strictEqual(new Set(receiver.received.map((one) => one.headers.get("webhook-id"))).size, 1)
      // a reply that was lost: the repeat finds its line
      await sql(
        "update idempotency_keys set reply_status = null, reply_body = null, locked_until = now() where key = $1",
        [
          headers["idempotency-key"],
        ],
      )
      assert.strictEqual((await send()).status, 202)
      const log = await sql(
        "select action, operator, role, customer_id, reason from delivery_action_log where delivery_id = $1",
        [
          delivery_id,
        ],
      )
      const [role, operator] = as.split(":")
      const line = { action: "delivery_retry", operator, role, customer_id: "acme", reason: "the receiver is back" }
      assert.deepStrictEqual(log, [line])
      // operators read it where they read what else was done here
      for (const path of ["?limit=200", `/by/${operator}?limit=200`]) {
        const { json } = await call("GET", `/api/v1/deliverables/actions${path}`, { as: "viewer:vera" })
        const lines = json.items.filter((one: { action_metadata: { delivery_id?: string } }) =>
          one.action_metadata.delivery_id === delivery_id
        )
        assert.lengthOf(lines, 1)
        assert.deepInclude(lines[0], {
          action: "delivery_retry",
          operator,
          reason: "the receiver is back",
          goal_instance_id: null,
          action_metadata: { role, delivery_id, deliverable_id: id, customer_id: "acme" },
        })
      }
      const late = await call("POST", `/api/v1/deliveries/${delivery_id}/retry`, { as, body: {} })
      assert.deepStrictEqual([late.status, late.json.code, late.json.state], [
        409,
        "delivery_not_retryable",
        "delivered",
      ])
    },
  )

  it("C9: of a hire that ended since are refused at the retry's attempt, and nothing arrives", async () => {
    const { call, world } = stage()
    const { delivery_id, id } = await failed(stage(), "retry-ended")
    world.hire("HAI-retry-ended", { settings: webhook() as never, active: false, runnable: false })
    const retried = await call("POST", `/api/v1/deliveries/${delivery_id}/retry`, { as: "operator:olga", body: {} })
    assert.strictEqual(retried.status, 202)
    assert.deepInclude(await ended(stage(), id), { state: "refused", reason: "hire_deactivated", attempts: 2 })
    assert.strictEqual(receiver.received.length, 1)
  })

  it("B3: are derived from run and content, and written to a journal once, also after a restore from before them", async () => {
    const { approved, execute, journalOf, sql } = stage()
    const { id, approval_id } = await approved("restored")
    const first = await execute(id, { approval_id })
    assert.strictEqual(first.status, 200)
    // as a dump from before the execution has it
    for (const table of ["executions", "deliverables"]) await sql(`alter table ${table} disable trigger user`)
    await sql("delete from executions where deliverable_id = $1", [id])
    await sql(
      "update deliverables set execution_status = 'not_executed', executed_at = null where deliverable_id = $1",
      [id],
    )
    for (const table of ["executions", "deliverables"]) await sql(`alter table ${table} enable trigger user`)
    const again = await execute(id, { approval_id })
    assert.strictEqual(again.status, 200, JSON.stringify(again.json))
    assert.strictEqual(again.json.execution.delivery_id, first.json.execution.delivery_id)
    assert.strictEqual(again.json.executed_at, first.json.executed_at)
    assert.strictEqual(journalOf(id).length, 1)
    const other = await approved("other-run")
    const theirs = await execute(other.id, { approval_id: other.approval_id })
    assert.notStrictEqual(theirs.json.execution.delivery_id, first.json.execution.delivery_id)
  })
})

describe("a receiver", () => {
  const wait = async ({ get }: Stage, id: string) => {
    const { execution } = (await get(id)).json
    return { ...execution, seconds: (Date.parse(execution.next_attempt_at) - Date.now()) / 1000 }
  }

  it("C8: that asks to wait is not tried before, but for a person; more than a day counts as a day, and is said", () =>
    withStage(async (stage) => {
      const at = new Date(Date.now() + 7_200_000).toUTCString()
      const cases: Array<[string, string, number, RegExp]> = [
        ["600", "seconds", 600, /answered 429 and asks to wait 600 seconds$/],
        [at, "date", 7_200, /asks to wait 7\d{3} seconds$/],
        ["999999", "long", 86_400, /asks to wait 999999 seconds; it is tried again after a day$/],
      ]
      for (const [value, name, seconds, said] of cases) {
        receiver.answers.push(answer(name === "date" ? 503 : 429, { "retry-after": value }))
        const { id, approval_id } = await stage.approved(name, webhook())
        const { json } = await stage.execute(id, { approval_id })
        assert.match(json.execution.last_error, said)
        const { seconds: left } = await wait(stage, id)
        // within the clock's and the request's own time
        assert.isBelow(Math.abs(left - seconds), 60, name)
        const path = `/api/v1/deliveries/${json.execution.delivery_id}/retry`
        assert.strictEqual((await stage.call("POST", path, { as: "customer:acme", body: {} })).status, 202)
        await stage.executed(id)
      }
    }))

  it("C9: that is down for three days has its delivery given up, alerted to operators once, and begun anew by a retry", () =>
    withStage(async (stage) => {
      const { call, executed, sql } = stage
      const { id } = await waiting(stage, receiver, "down", webhook())
      await until(async () => (await stage.get(id)).json.execution.attempts >= 3)
      // as if it had been executed three days before
      await sql("update executions set armed_at = now() - interval '3 days' where deliverable_id = $1", [id])
      const execution = await ended(stage, id)
      assert.deepInclude(execution, { state: "failed", next_attempt_at: null })
      assert.match(execution.last_error, /answered 503; given up after 3 days$/)
      // each looks at its start
      await Promise.all([stage.replica(), stage.replica()])
      const alerts = () => sql("select subject, message, ended_at from alerts where kind = 'delivery_failed'")
      await until(async () => (await alerts()).length > 0)
      const [alert, ...more] = await alerts()
      assert.deepStrictEqual([alert!.subject, more.length, alert!.ended_at], ["acme", 0, null])
      assert.match(String(alert!.message), /^a delivery of acme failed for good/)
      receiver.answers.length = 0
      const path = `/api/v1/deliveries/${execution.delivery_id}/retry`
      assert.strictEqual((await call("POST", path, { as: "operator:olga", body: {} })).status, 202)
      await executed(id)
      const [row] = await sql("select armed_attempts, attempts from executions where deliverable_id = $1", [id])
      assert.strictEqual(row!.attempts, Number(row!.armed_attempts) + 1)
    }))
})

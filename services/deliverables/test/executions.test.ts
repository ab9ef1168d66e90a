/** Execution: the order of its refusals, one delivery whatever races or crashes, and only what was approved. */
import { assert, describe, it } from "@effect/vitest"
import { newKey, onBoth, type Stage, startStage, until } from "./support/Harness.ts"
import { startReceiver } from "./support/Receiver.ts"

const get = ({ call }: Stage, id: string) => call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
const journalOf = ({ files }: Stage, id: string) =>
  (files["journal.jsonl"] ?? "").split("\n").filter((line) => line.includes(id)).map((line) => JSON.parse(line))

/** An approved draft of a hire that delivers to the journal. */
const approved = async ({ drafted, review, world }: Stage, name: string) => {
  world.goal(`GOI-${name}`, world.hire(`HAI-${name}`))
  const { deliverable_id: id } = await drafted(`GOI-${name}`)
  const { approval_id } = (await review(id, "approved")).json
  return { id: id as string, approval_id: approval_id as string }
}

/** A type of agent whose drafts act on nothing, or on the world, and which asks for no approval. */
const unreviewed = ({ world }: Stage) =>
  world.publish({
    agent_type_id: "trading.delta_futures.v1",
    version: "2.0.0",
    ...(({ config_schema, goal_templates }) => ({ config_schema, goal_templates }))(
      world.definitions.get("trading.delta_futures.v1@1.0.0")!,
    ),
    enforcement_defaults: { approval_required: false, deterministic: true },
  })

onBoth("executions", (stage) => {
  it("are refused in the order of domain.md", async () => {
    const { call, drafted, execute, review, world } = stage()
    world.goal("GOI-o", world.hire("HAI-o"))
    const { deliverable_id: id } = await drafted("GOI-o")
    const expect = async (body: unknown, status: number, code: string) => {
      const answer = await execute(id, body)
      assert.deepStrictEqual([answer.status, answer.json.code], [status, code], JSON.stringify(answer.json))
      return answer.json
    }
    const as = "customer:other"
    const foreign = await call("POST", `/api/v1/deliverables/${id}/execute`, {
      as,
      body: {},
      headers: { "idempotency-key": newKey() },
    })
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "deliverable_not_found"])
    world.hire("HAI-o", { subscription_status: "canceled", gone: true })
    await expect({}, 410, "deliverable_gone")
    world.hire("HAI-o", { subscription_status: "canceled" })
    await expect({}, 409, "subscription_not_active")
    world.hire("HAI-o", { subscription_status: "past_due", runnable: false })
    assert.strictEqual((await expect({ approval_id: "APR-x" }, 409, "not_approved")).review_status, "pending_review")
    const { approval_id } = (await review(id, "approved")).json
    await expect({}, 403, "approval_required")
    for (const wrong of ["APR-x", "", "not an id", `${approval_id} `]) {
      await expect({ approval_id: wrong }, 403, "approval_invalid")
    }
    assert.strictEqual((await execute(id, { approval_id })).status, 200)
    await expect({}, 409, "already_executed")
    await expect({ approval_id: "APR-x" }, 409, "already_executed")
    world.hire("HAI-o", { subscription_status: "canceled" })
    await expect({ approval_id }, 409, "subscription_not_active")
    assert.strictEqual(journalOf(stage(), id).length, 1)
  })

  it("need their key, their customer, and a body that decodes", async () => {
    const { call, execute } = stage()
    const { id, approval_id } = await approved(stage(), "roles")
    const path = `/api/v1/deliverables/${id}/execute`
    const keyless = await call("POST", path, { as: "customer:acme", body: { approval_id } })
    assert.deepStrictEqual([keyless.status, keyless.json.code], [400, "invalid_request"])
    for (const as of ["operator:o", "viewer:v", "service:s"] as const) {
      const headers = { "idempotency-key": newKey() }
      assert.strictEqual((await call("POST", path, { as, body: { approval_id }, headers })).status, 403)
    }
    for (const body of [{ approval_id: 7 }, { approval_id, more: 1 }]) {
      assert.strictEqual((await execute(id, body)).status, 400)
    }
    assert.strictEqual((await get(stage(), id)).json.execution_status, "not_executed")
  })

  it("a rejected draft is never executed", async () => {
    const { drafted, execute, review, world } = stage()
    world.goal("GOI-rej", world.hire("HAI-rej"))
    const { deliverable_id: id } = await drafted("GOI-rej")
    await review(id, "rejected")
    const { items } = (await stage().call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })).json
    const answer = await execute(id, { approval_id: items[0].approval_id })
    assert.deepStrictEqual([answer.status, answer.json.code, answer.json.review_status], [
      409,
      "not_approved",
      "rejected",
    ])
  })

  it("an approved draft that acts on nothing needs no approval_id", async () => {
    const { drafted, execute, review, world } = stage()
    world.goal("GOI-report", world.trader("HAI-report"), "trading.guardrail_report.v1")
    const { deliverable_id: id } = await drafted("GOI-report")
    assert.strictEqual((await execute(id)).json.code, "not_approved")
    await review(id, "approved")
    assert.strictEqual((await execute(id)).status, 200)
  })

  it("where a definition asks for no approval, only what acts on nothing goes unreviewed", async () => {
    const { drafted, execute, review, world } = stage()
    unreviewed(stage())
    world.goal("GOI-free", world.trader("HAI-free", { definition_version: "2.0.0" }), "trading.guardrail_report.v1")
    world.goal("GOI-acts", "HAI-free", "trading.trade_intent_draft.v1", { coin: "BTC", side: "buy", units: 1 })
    const acting = await drafted("GOI-acts")
    assert.strictEqual((await execute(acting.deliverable_id)).json.code, "not_approved")
    const report = await drafted("GOI-free")
    const executed = await execute(report.deliverable_id)
    assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
    assert.deepInclude(executed.json, {
      review_status: "pending_review",
      approval_id: null,
      execution_status: "executed",
    })
    assert.isNull(journalOf(stage(), report.deliverable_id)[0].approval_id)
    for (const decision of ["approved", "rejected"]) {
      const late = await review(report.deliverable_id, decision)
      assert.deepStrictEqual([late.status, late.json.code], [409, "already_executed"])
    }
    const rejected = await drafted("GOI-free", "2026-03-02T09:00:00.000Z")
    await review(rejected.deliverable_id, "rejected")
    assert.strictEqual((await execute(rejected.deliverable_id)).json.code, "not_approved")
  })

  it("of many at once one delivers", async () => {
    const { execute } = stage()
    const { id, approval_id } = await approved(stage(), "many")
    const answers = await Promise.all(Array.from({ length: 8 }, () => execute(id, { approval_id })))
    assert.strictEqual(answers.filter((answer) => answer.status === 200).length, 1)
    for (const { json, status } of answers) {
      if (status !== 200) assert.include(["execution_in_progress", "already_executed"], json.code)
    }
    assert.strictEqual(journalOf(stage(), id).length, 1)
  })

  it("the same request again gets its reply again, and is delivered once", async () => {
    const { execute } = stage()
    const { id, approval_id } = await approved(stage(), "key")
    const key = newKey()
    const first = await execute(id, { approval_id }, key)
    const second = await execute(id, { approval_id }, key)
    assert.strictEqual(second.headers.get("idempotency-replayed"), "true")
    assert.deepStrictEqual([second.status, second.json], [200, first.json])
    assert.strictEqual(journalOf(stage(), id).length, 1)
  })

  it("an execution and a deletion, or a review, at once: one of them wins", async () => {
    const { call, drafted, execute, review, world } = stage()
    for (let i = 0; i < 5; i++) {
      const { id, approval_id } = await approved(stage(), `del-${i}`)
      const remove = () => call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
      const [executed, removed] = await Promise.all([execute(id, { approval_id }), remove()])
      assert.strictEqual(removed.status, 200)
      assert.include([200, 202, 410], executed.status, JSON.stringify(executed.json))
    }
    unreviewed(stage())
    world.goal("GOI-rr", world.trader("HAI-rr", { definition_version: "2.0.0" }), "trading.guardrail_report.v1")
    for (let i = 1; i <= 5; i++) {
      const { deliverable_id: id } = await drafted("GOI-rr", `2026-05-0${i}T09:00:00.000Z`)
      const [executed, reviewed] = await Promise.all([execute(id), review(id, "rejected")])
      assert.deepStrictEqual([executed.status, reviewed.status].toSorted(), [200, 409])
    }
  })
})

describe("executions, what Postgres keeps", () => {
  const withStage = (name: string, test: (stage: Stage) => Promise<void>, retryAfter = 50) =>
    it(name, async () => {
      const { end, stage } = await startStage("postgres", { retryAfter })
      try {
        await test(stage)
      } finally {
        await end()
      }
    })

  withStage("content that was changed after its approval is not executed", async (stage) => {
    for (
      const [i, change] of [
        `payload || '{"more": 1}'`,
        `jsonb_set(payload, '{brand_name}', '"Other"')`,
        `payload - 'type'`,
      ].entries()
    ) {
      const { id, approval_id } = await approved(stage, `changed-${i}`)
      await stage.sql(`update deliverables set payload = ${change} where deliverable_id = $1`, [id])
      const answer = await stage.execute(id, { approval_id })
      assert.deepStrictEqual([answer.status, answer.json.code], [409, "content_changed"])
      assert.strictEqual(journalOf(stage, id).length, 0)
      const [{ n }] = await stage.sql("select count(*)::int as n from executions") as [{ n: number }]
      assert.strictEqual(n, 0)
    }
  })

  /** What a kill -9 right after the commit of the intent leaves behind. */
  const abandoned = async (stage: Stage, id: string, approval_id: string, lockedFor: string) => {
    const [approval] = await stage.sql("select content_sha256 from approvals where approval_id = $1", [approval_id])
    const { canonicalJson } = await import("@stint/domain/Canonical")
    const { payload } = (await get(stage, id)).json
    await stage.sql("update deliverables set executing = true where deliverable_id = $1", [id])
    await stage.sql(
      `insert into executions (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state, requested_by,
         attempts, next_attempt_at, locked_until, fence, created_at)
       values ('DLV-' || $1, $1, $2, '{}', $3, $4, 'pending', 'x', 1, now(), now() + $5::interval,
         nextval('execution_fence'), now())`,
      [id, approval_id, canonicalJson(payload), approval!.content_sha256, lockedFor],
    )
    await stage.sql("select pg_notify('stint_executions', '')::text")
  }

  withStage("an intent whose process died is delivered once its lease is over, and not before", async (stage) => {
    const { id, approval_id } = await approved(stage, "crash")
    await abandoned(stage, id, approval_id, "600 milliseconds")
    const busy = await stage.execute(id, { approval_id })
    assert.strictEqual(busy.json.code, "execution_in_progress")
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.strictEqual(journalOf(stage, id).length, 0)
    const after = await until(async () => {
      const { json } = await get(stage, id)
      return json.execution_status === "executed" && json
    })
    assert.deepInclude(after.execution, { delivery_id: `DLV-${id}`, attempts: 2 })
    assert.strictEqual(journalOf(stage, id).length, 1)
  })

  withStage("one whose line was written before its process died is not written again", async (stage) => {
    const { id, approval_id } = await approved(stage, "written")
    const line = JSON.stringify({ delivery_id: `DLV-${id}`, executed_at: "2026-03-01T10:00:00.000Z", payload: {} })
    const cut = `{"delivery_id":"DLV-${id}","deliverable_id":"DEL`
    stage.files["journal.jsonl"] = `${cut}\n${line}\n`
    await abandoned(stage, id, approval_id, "0 seconds")
    const after = await until(async () => {
      const { json } = await get(stage, id)
      return json.execution_status === "executed" && json
    })
    assert.strictEqual(after.executed_at, "2026-03-01T10:00:00.000Z")
    assert.strictEqual(stage.files["journal.jsonl"], `${cut}\n${line}\n`)
  })

  withStage("what waits long is tried when its time comes, and two replicas never deliver at once", async (stage) => {
    const receiver = startReceiver()
    try {
      const second = await stage.replica()
      stage.world.hire("HAI-two", {
        settings: { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } },
      })
      const ids: Array<string> = []
      for (let i = 0; i < 20; i++) {
        receiver.answers.push(() => new Response(null, { status: 503 }))
        stage.world.goal(`GOI-two-${i}`, "HAI-two")
        const { deliverable_id: id } = await stage.drafted(`GOI-two-${i}`)
        const { approval_id } = (await stage.review(id, "approved")).json
        const asked = await stage.execute(id, { approval_id })
        assert.strictEqual(asked.status, 202)
        ids.push(id)
      }
      await new Promise((resolve) => setTimeout(resolve, 300))
      assert.strictEqual(receiver.received.length, 20)
      await stage.sql("update executions set next_attempt_at = now()")
      await stage.sql("select pg_notify('stint_executions', '')::text")
      await until(async () => {
        const [{ n }] = await stage.sql("select count(*)::int as n from executions where state = 'delivered'") as [
          { n: number },
        ]
        return n === 20
      })
      assert.strictEqual(receiver.received.length, 40)
      const byId = Map.groupBy(receiver.received, (request) => request.headers.get("webhook-id"))
      assert.deepStrictEqual([...byId.values()].map((requests) => requests.length), Array(20).fill(2))
      await second.drain()
    } finally {
      await receiver.end()
    }
  }, 600_000)

  withStage("a holder that lost its lease writes nothing", async (stage) => {
    const receiver = startReceiver()
    try {
      let open = () => {}
      receiver.answers.push(() => new Promise((resolve) => open = () => resolve(new Response(null, { status: 500 }))))
      stage.world.hire("HAI-fence", {
        settings: { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } },
      })
      stage.world.goal("GOI-fence", "HAI-fence")
      const { deliverable_id: id } = await stage.drafted("GOI-fence")
      const { approval_id } = (await stage.review(id, "approved")).json
      const asked = stage.execute(id, { approval_id })
      await until(() => receiver.received.length === 1)
      await stage.sql("update executions set locked_until = now()")
      await stage.sql("select pg_notify('stint_executions', '')::text")
      await until(async () => (await get(stage, id)).json.execution_status === "executed")
      open()
      assert.strictEqual((await asked).status, 200)
      assert.deepInclude((await get(stage, id)).json.execution, {
        attempts: 2,
        last_error: null,
        next_attempt_at: null,
      })
    } finally {
      await receiver.end()
    }
  })

  withStage("a request that is handled again after a crash finds what it armed and decided itself", async (stage) => {
    const { drafted, call, world } = stage
    world.goal("GOI-re", world.hire("HAI-re"))
    const { deliverable_id: id } = await drafted("GOI-re")
    const send = (what: string, body: unknown) =>
      call("POST", `/api/v1/deliverables/${id}/${what}`, {
        as: "customer:acme",
        body,
        headers: { "idempotency-key": `re-${what}` },
      })
    const forget = () =>
      stage.sql("update idempotency_keys set reply_status = null, reply_body = null, locked_until = now()")
    const reviewed = await send("review", { decision: "approved" })
    await forget()
    const again = await send("review", { decision: "approved" })
    assert.strictEqual(again.status, 200, JSON.stringify(again.json))
    assert.strictEqual(again.json.approval_id, reviewed.json.approval_id)
    const executed = await send("execute", { approval_id: reviewed.json.approval_id })
    await forget()
    const executedAgain = await send("execute", { approval_id: reviewed.json.approval_id })
    assert.strictEqual(executedAgain.status, 200, JSON.stringify(executedAgain.json))
    assert.deepStrictEqual(executedAgain.json.execution, executed.json.execution)
    assert.strictEqual(journalOf(stage, id).length, 1)
  })
})

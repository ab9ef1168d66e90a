/** Execution on Postgres: what is left after a crash, a lost lease, a change behind the service's back, a lost connection. */
import { assert, describe, it } from "@effect/vitest"
import { canonicalJson } from "@stint/domain/Canonical"
import { type Stage, startStage, until } from "./support/Harness.ts"
import { startReceiver } from "./support/Receiver.ts"
import postgres from "./support/Sql.ts"

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

  withStage("connections that break are made again: what is due is delivered all the same", async (stage) => {
    const { id, approval_id } = await approved(stage, "broken")
    const other = postgres(stage.url!)
    const broken = await other.query(
      "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where usename = current_user and datname = current_database() and pid <> pg_backend_pid()",
    )
    await other.end()
    assert.isAbove(broken[0]!.n as number, 1)
    await abandoned(stage, id, approval_id, "0 seconds")
    await until(async () => (await get(stage, id)).json.execution_status === "executed")
    assert.strictEqual(journalOf(stage, id).length, 1)
  })

  withStage("a journal that can't be written is tried again", async (stage) => {
    const { id, approval_id } = await approved(stage, "full")
    Object.defineProperty(stage.files, "journal.jsonl", {
      configurable: true,
      get: () => "",
      set: () => {
        throw new Error("no space left on device")
      },
    })
    const answer = await stage.execute(id, { approval_id })
    assert.strictEqual(answer.status, 202)
    assert.strictEqual(answer.json.execution.last_error, "The journal can't be written: no space left on device")
    delete stage.files["journal.jsonl"]
    await until(async () => (await get(stage, id)).json.execution_status === "executed")
    assert.strictEqual(journalOf(stage, id).length, 1)
  })

  withStage("a drain ends the worker; what is due is left to another replica", async (stage) => {
    const { id, approval_id } = await approved(stage, "drain")
    await stage.service.drain()
    await abandoned(stage, id, approval_id, "0 seconds")
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.strictEqual(journalOf(stage, id).length, 0)
    await stage.replica()
    await until(async () => (await get(stage, id)).json.execution_status === "executed")
  })
})

describe("retention", () => {
  it("a deliverable older than 30 days is shown as long as its hire is", async () => {
    const { end, stage } = await startStage("postgres")
    try {
      stage.world.goal("GOI-old", stage.world.hire("HAI-old"))
      const { deliverable_id: id } = await stage.drafted("GOI-old")
      // a lookup of what came before may still be on its way
      let lookups = -1
      while (lookups !== stage.world.lookups) {
        lookups = stage.world.lookups
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
      assert.strictEqual((await get(stage, id)).status, 200)
      assert.strictEqual(stage.world.lookups, lookups)
      await stage.sql("update deliverables set created_at = created_at - interval '31 days'")
      assert.strictEqual((await get(stage, id)).status, 200)
      stage.world.hire("HAI-old", { gone: true, subscription_status: "canceled" })
      const gone = await get(stage, id)
      assert.deepStrictEqual([gone.status, gone.json.code], [410, "deliverable_gone"])
      stage.world.hiringAway = true
      assert.strictEqual((await get(stage, id)).json.code, "unavailable")
    } finally {
      await end()
    }
  })
})

/** The delivery of committed intents: after crashes, lost leases and lost connections, by several replicas, and when draining. */
import { assert, describe, it } from "@effect/vitest"
import { canonicalJson } from "@stint/domain/Canonical"
import { beforeAnother } from "./support/Deliveries.ts"
import { type Approved, onStage, type Stage, until, withStage } from "./support/Harness.ts"
import { answer, heldAnswer, type Receiver, startReceiver } from "./support/Receiver.ts"
import { connect } from "./support/Statements.ts"

const notify = ({ sql }: Stage) => sql("select pg_notify('stint_executions', '')::text")

/** Commits the intent to deliver an approved draft as a process does that is killed before the delivery. Unnotified. */
const commitAndDie = async (
  { sql }: Stage,
  { approval_id, id, payload }: Approved,
  { lease = "0 seconds", target = "{}" } = {},
) => {
  const [approval] = await sql("select content_sha256 from approvals where approval_id = $1", [approval_id])
  await sql("update deliverables set executing = true where deliverable_id = $1", [id])
  // a target that no approval has would be refused
  if (target !== "{}") await sql("alter table executions disable trigger executions_are_held_to_their_approval")
  await sql(
    `insert into executions (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state, requested_by,
       attempts, next_attempt_at, locked_until, fence, created_at, customer_id, armed_at)
     values ('DLV-' || $1, $1, $2, $6::jsonb, $3, $4, 'pending', 'x', 1, now(), now() + $5::interval,
       nextval('execution_fence'), now(), 'acme', now())`,
    [id, approval_id, canonicalJson(payload), approval!.content_sha256, lease, target],
  )
  if (target !== "{}") await sql("alter table executions enable trigger executions_are_held_to_their_approval")
}

const webhook = (receiver: Receiver) => ({
  execution: { target: "webhook", url: receiver.url, secret_ref: "hook" },
})

const withReceiver = async (test: (receiver: Receiver) => Promise<void>) => {
  const receiver = startReceiver()
  try {
    await test(receiver)
  } finally {
    await receiver.end()
  }
}

onStage("the delivery of an intent", (stage) => {
  it("whose process died waits for the end of its lease", async () => {
    const { approved, executed, journalOf, sql } = stage()
    const draft = await approved("crash")
    await commitAndDie(stage(), draft, { lease: "1 hour" })
    await notify(stage())
    const busy = await stage().execute(draft.id, { approval_id: draft.approval_id })
    assert.strictEqual(busy.json.code, "execution_in_progress")
    // from here on it ends soon
    const [{ lease }] = await sql(
      `update executions set locked_until = clock_timestamp() + interval '600 milliseconds' where deliverable_id = $1
      returning date_trunc('milliseconds', locked_until)::text as lease`,
      [draft.id],
    ) as [{ lease: string }]
    await notify(stage())
    assert.deepInclude((await executed(draft.id)).execution, { delivery_id: `DLV-${draft.id}`, attempts: 2 })
    assert.strictEqual(journalOf(draft.id).length, 1)
    const [{ after }] = await sql(
      "select delivered_at >= $2::timestamptz as after from executions where deliverable_id = $1",
      [draft.id, lease],
    ) as [{ after: boolean }]
    assert.isTrue(after)
  })

  it("whose process died after it wrote the line in the journal writes no second line", async () => {
    const { approved, executed, files } = stage()
    const draft = await approved("written")
    const line = JSON.stringify({
      delivery_id: `DLV-${draft.id}`,
      executed_at: "2026-03-01T10:00:00.000Z",
      payload: {},
    })
    const torn = `{"delivery_id":"DLV-${draft.id}","deliverable_id":"DEL`
    files["journal.jsonl"] = `${files["journal.jsonl"] ?? ""}${torn}\n${line}\n`
    const before = files["journal.jsonl"]
    await commitAndDie(stage(), draft)
    await notify(stage())
    assert.strictEqual((await executed(draft.id)).executed_at, "2026-03-01T10:00:00.000Z")
    assert.strictEqual(files["journal.jsonl"], before)
  })

  it("with a target that can't be read fails; those that were claimed with it are delivered", async () => {
    const { approved, executed, get } = stage()
    const [unreadable, readable] = [await approved("unreadable"), await approved("readable")]
    await commitAndDie(stage(), unreadable, { target: '{"target": "carrier pigeon"}' })
    await commitAndDie(stage(), readable)
    await notify(stage())
    assert.strictEqual((await executed(readable.id)).execution.attempts, 2)
    const { execution, execution_status } = await until(async () => {
      const { json } = await get(unreadable.id)
      return json.execution.next_attempt_at === null && json
    })
    assert.deepStrictEqual([execution_status, execution.attempts], ["not_executed", 2])
  })

  it("by a holder that lost its lease writes no outcome", () =>
    withReceiver(async (receiver) => {
      const { approved, execute, executed, get, sql } = stage()
      const { id, approval_id } = await approved("fence", webhook(receiver))
      const held = heldAnswer(500)
      receiver.answers.push(held.answer)
      const asked = execute(id, { approval_id })
      await until(() => receiver.received.length === 1)
      await sql("update executions set locked_until = now() where deliverable_id = $1", [id])
      await notify(stage())
      await executed(id)
      held.open()
      assert.strictEqual((await asked).status, 200)
      assert.deepInclude((await get(id)).json.execution, { attempts: 2, last_error: null, next_attempt_at: null })
    }))

  it("to a journal that can't be written is retried", async () => {
    const { approved, execute, executed, files, journalOf } = stage()
    const { id, approval_id } = await approved("full")
    const before = files["journal.jsonl"] ?? ""
    Object.defineProperty(files, "journal.jsonl", {
      configurable: true,
      get: () => before,
      set: () => {
        throw new Error("no space left on device")
      },
    })
    const failed = await execute(id, { approval_id })
    assert.strictEqual(failed.status, 202)
    assert.include(failed.json.execution.last_error, "no space left on device")
    Object.defineProperty(files, "journal.jsonl", { value: before, writable: true, enumerable: true })
    await executed(id)
    assert.strictEqual(journalOf(id).length, 1)
  })

  it("does not deadlock with the deletion of its deliverable", () =>
    withReceiver(async (receiver) => {
      const { approved, call, execute, sql, url } = stage()
      const { id, approval_id } = await approved("deadlock", webhook(receiver))
      const held = heldAnswer(204)
      receiver.answers.push(held.answer)
      const asked = execute(id, { approval_id })
      await until(() => receiver.received.length === 1)
      // a third transaction holds the deliverable until the deletion and then the outcome of the delivery wait for it
      const [observer, third] = [connect(url), connect(url)]
      const [{ pid }] = await third.sql("select pg_backend_pid() as pid") as [{ pid: number }]
      /** Whether so many wait for what it holds, or for who does. */
      const waiting = async (n: number) => {
        const [row] = await observer.sql(
          `with recursive waiting (pid) as (
            select pid from pg_stat_activity where datname = current_database() and $1 = any (pg_blocking_pids(pid))
            union select a.pid from pg_stat_activity a join waiting w on w.pid = any (pg_blocking_pids(a.pid))
          ) select count(*)::int as n from waiting`,
          [pid],
        )
        return row!.n === n
      }
      try {
        await third.sql("begin")
        await third.sql("select 1 from deliverables where deliverable_id = $1 for update", [id])
        const removed = call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
        await until(() => waiting(1))
        held.open()
        await until(() => waiting(2))
        await third.sql("commit")
        assert.strictEqual((await removed).status, 200)
        await asked
      } finally {
        held.open()
        await third.end()
        await observer.end()
      }
      const [execution] = await sql("select state, attempts from executions where deliverable_id = $1", [id])
      assert.deepStrictEqual(execution, { state: "delivered", attempts: 1 })
    }))
})

describe("the delivery of intents", () => {
  it("is retried when its time comes, by one of two replicas", () =>
    withReceiver((receiver) =>
      withStage(async (stage) => {
        const { approved, execute, sql } = stage
        const second = await stage.replica()
        receiver.answers.push(...Array.from({ length: 20 }, () => answer(503)))
        await Promise.all(Array.from({ length: 20 }, async (_, i) => {
          const { id, approval_id } = await approved(`two-${i}`, webhook(receiver))
          assert.strictEqual((await execute(id, { approval_id })).status, 202)
        }))
        const counts = (condition: string) =>
          until(async () => {
            const [row] = await sql(`select count(*)::int as n from executions where ${condition}`)
            return row!.n === 20
          })
        await counts("state = 'pending' and attempts = 1 and next_attempt_at > now()")
        await sql("update executions set next_attempt_at = now()")
        await notify(stage)
        await counts("state = 'delivered' and attempts = 2")
        const byId = Map.groupBy(receiver.received, (request) => request.headers.get("webhook-id"))
        assert.deepStrictEqual([...byId.values()].map((requests) => requests.length), Array(20).fill(2))
        await second.drain()
      }, { retryAfter: 600_000 })
    ))

  it("goes on when the connections to the database break", () =>
    withStage(async (stage) => {
      const draft = await stage.approved("broken")
      const other = connect(stage.url)
      const [broken] = await other.sql(
        `select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
         where usename = current_user and datname = current_database() and pid <> pg_backend_pid()`,
      )
      await other.end()
      assert.isAbove(broken!.n as number, 0)
      await commitAndDie(stage, draft)
      await stage.executed(draft.id)
      assert.strictEqual(stage.journalOf(draft.id).length, 1)
    }))

  it("is left to other replicas by one that drains", () =>
    withStage(async (stage) => {
      const draft = await stage.approved("drain")
      await stage.service.drain()
      await commitAndDie(stage, draft)
      await notify(stage)
      const files: Record<string, string> = {}
      await stage.replica(files)
      await stage.executed(draft.id)
      assert.strictEqual(stage.journalOf(draft.id).length, 0)
      assert.include(files["journal.jsonl"], draft.id)
    }))
})

onStage("an execution under its Idempotency-Key", (stage) => {
  it("that was answered with 202 is answered with its outcome when it is repeated", () =>
    withReceiver(async (receiver) => {
      const { approved, execute, executed } = stage()
      const { id, approval_id } = await approved("outcome", webhook(receiver))
      receiver.answers.push(answer(503))
      const first = await beforeAnother(stage(), id, () => execute(id, { approval_id }, "outcome"))
      assert.deepStrictEqual([first.status, first.json.execution.attempts], [202, 1])
      await executed(id)
      const repeated = await execute(id, { approval_id }, "outcome")
      assert.deepStrictEqual([repeated.status, repeated.json.execution_status], [200, "executed"])
      assert.strictEqual(repeated.json.execution.delivery_id, first.json.execution.delivery_id)
      assert.strictEqual(receiver.received.length, 2)
    }))

  it("is recognised when it is repeated after a crash, and so is a review", async () => {
    const { call, drafted, journalOf, sql, world } = stage()
    world.goal("GOI-re", world.hire("HAI-re"))
    const { deliverable_id: id } = await drafted("GOI-re")
    const send = (what: string, body: unknown) =>
      call("POST", `/api/v1/deliverables/${id}/${what}`, {
        as: "customer:acme",
        body,
        headers: { "idempotency-key": `re-${what}` },
      })
    const loseReply = (what: string) =>
      sql(
        "update idempotency_keys set reply_status = null, reply_body = null, locked_until = now() where key = $1",
        [`re-${what}`],
      )
    const reviewed = await send("review", { decision: "approved" })
    await loseReply("review")
    const again = await send("review", { decision: "approved" })
    assert.strictEqual(again.status, 200, JSON.stringify(again.json))
    assert.strictEqual(again.json.approval_id, reviewed.json.approval_id)
    const executed = await send("execute", { approval_id: reviewed.json.approval_id })
    await loseReply("execute")
    const executedAgain = await send("execute", { approval_id: reviewed.json.approval_id })
    assert.strictEqual(executedAgain.status, 200, JSON.stringify(executedAgain.json))
    assert.deepStrictEqual(executedAgain.json.execution, executed.json.execution)
    assert.strictEqual(journalOf(id).length, 1)
  })
})

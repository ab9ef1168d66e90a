/** What the database refuses to everyone, and what a delivery finds when its triggers were taken away. */
import { afterEach, assert, beforeEach, it } from "@effect/vitest"
import { canonicalJson } from "@stint/domain/Canonical"
import { approvals } from "./support/Approvals.ts"
import { ended, waiting } from "./support/Deliveries.ts"
import { newKey, onStage } from "./support/Harness.ts"
import { answer, type Receiver, sha256, startReceiver } from "./support/Receiver.ts"
import { connect } from "./support/Statements.ts"

let receiver: Receiver
let other: Receiver
beforeEach(() => {
  receiver = startReceiver()
  other = startReceiver()
})
afterEach(async () => {
  await receiver.end()
  await other.end()
})

const webhook = (given = {}) => ({ execution: { target: "webhook", url: receiver.url, secret_ref: "hook", ...given } })

/** What a statement is refused with; undefined when it is not. */
const refusal = (done: Promise<unknown>): Promise<string | undefined> =>
  done.then(() => undefined, (error) => error.code)

onStage("the database", (stage) => {
  it("B3: refuses the service's role and the owner any change of what was drafted, approved or asked for", async () => {
    const { approved, call, execute, sql, url } = stage()
    receiver.answers.push(answer(410))
    const mine = await approved("b3", webhook())
    await execute(mine.id, { approval_id: mine.approval_id })
    const role = connect(url)
    const set: ReadonlyArray<[string, string]> = [
      ...[
        "payload = '{}'",
        "title = 'x'",
        "customer_id = 'globex'",
        "approval_required = false",
        "scheduled_time = now()",
        "hired_instance_id = 'HAI-x'",
        "goal_instance_id = 'GOI-x'",
        "idempotency_key = 'x'",
        "created_at = now()",
      ]
        .map((change): [string, string] => ["deliverables", change]),
      ...[
        "body = '{}', content_sha256 = encode(sha256('{}'), 'hex')",
        `target = '{"target": "journal"}'`,
        "delivery_id = 'DLV-x'",
        "created_at = now()",
        "deliverable_id = 'DEL-x'",
        "approval_id = null",
        `state = 'pending', next_attempt_at = now(), target = '{"target": "webhook", "url": "http://x/"}'`,
      ]
        .map((change): [string, string] => ["executions", change]),
      ["approvals", "customer_id = 'globex'"],
      ["approvals", "target = null"],
    ]
    try {
      for (const [table, change] of set) {
        for (const run of [sql, role.sql]) {
          const done = run(`update ${table} set ${change} where deliverable_id = $1`, [mine.id])
          assert.strictEqual(await refusal(done), "42501", `${table}: ${change}`)
        }
      }
      for (const run of [sql, role.sql]) {
        assert.strictEqual(await refusal(run("delete from executions where deliverable_id = $1", [mine.id])), "42501")
      }
    } finally {
      await role.end()
    }
    assert.strictEqual((await execute(mine.id, { approval_id: mine.approval_id })).status, 200)
    const log = "delivery_action_log"
    assert.strictEqual(await refusal(sql(`delete from ${log}`)), "42501")
    assert.strictEqual(await refusal(sql(`update ${log} set reason = 'x'`)), "42501")
    assert.strictEqual((await call("GET", `/api/v1/deliverables/${mine.id}`, { as: "customer:acme" })).status, 200)
  })

  it("B3: refuses an approval of another customer, of another deliverable, and an execution that it does not cover", async () => {
    const { approved, drafted, url, world } = stage()
    world.goal("GOI-theirs", world.hire("HAI-theirs", { customer_id: "globex" as never }))
    const theirs = await drafted("GOI-theirs")
    const mine = await approved("b3-mine", webhook())
    const role = connect(url)
    const body = canonicalJson(mine.payload)
    const sha = await sha256(new TextEncoder().encode(body))
    const approve = (deliverable: string, customer: string, approval: string) =>
      role.sql(
        `insert into approvals (approval_id, deliverable_id, customer_id, decision, content_sha256, created_at)
         values ($1, $2, $3, 'approved', $4, now())`,
        [approval, deliverable, customer, sha],
      )
    const order = (deliverable: string, approval: string | null, given: { body?: string; target?: object } = {}) =>
      role.sql(
        `insert into executions (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state,
           requested_by, next_attempt_at, fence, created_at)
         values ($1, $2, $3, $4::jsonb, $5, encode(sha256(convert_to($5, 'UTF8')), 'hex'), 'pending', 'x', now(),
           nextval('execution_fence'), now())`,
        [newKey(), deliverable, approval, JSON.stringify(given.target ?? webhook().execution), given.body ?? body],
      )
    try {
      assert.strictEqual(await refusal(approve(theirs.deliverable_id, "acme", "APR-foreign")), "42501")
      const steal = role.sql(
        "update deliverables set review_status = 'approved', approval_id = $1 where deliverable_id = $2",
        [mine.approval_id, theirs.deliverable_id],
      )
      assert.strictEqual(await refusal(steal), "42501")
      assert.strictEqual(await refusal(order(theirs.deliverable_id, mine.approval_id)), "42501")
      assert.strictEqual(await refusal(order(mine.id, null)), "42501")
      assert.strictEqual(await refusal(order(mine.id, mine.approval_id, { body: "{}" })), "42501")
      const elsewhere = { target: { target: "webhook", url: other.url, secret_ref: "hook" } }
      assert.strictEqual(await refusal(order(mine.id, mine.approval_id, elsewhere)), "42501")
    } finally {
      await role.end()
    }
  })

  it("B3: content changes to its next revision alone, stored before, while it may still be decided on", async () => {
    const { approved, drafted, sql, url, world } = stage()
    const role = connect(url)
    const next = `revision = revision + 1, payload = payload || '{"theme": "new"}', review_status = 'pending_review',
      approval_id = null, edited_by = 'ann'`
    const change = (id: string, set = next) =>
      role.sql(`update deliverables set ${set} where deliverable_id = $1`, [id])
    const store = (id: string, revision: number, more = "{}") =>
      role.sql(
        `insert into deliverable_revisions (deliverable_id, revision, author, by_maker, title, payload, content_sha256, created_at)
         select deliverable_id, $2::int, case when $2::int = 1 then 'maker' else 'ann' end, $2::int = 1, title, payload || $3::jsonb,
           encode(sha256('x'), 'hex'), now() from deliverables where deliverable_id = $1`,
        [id, revision, more],
      )
    try {
      const mine = await approved("b3-next")
      assert.strictEqual(await refusal(change(mine.id)), "42501", "stored nowhere")
      await store(mine.id, 1)
      assert.strictEqual(await refusal(change(mine.id)), "42501", "its next is not stored")
      await store(mine.id, 2, '{"theme": "new"}')
      const set: ReadonlyArray<[what: string, set: string]> = [
        ["another number", next.replace("revision + 1", "revision + 2")],
        ["other content", next.replace('"new"', '"other"')],
        ["another author", next.replace("'ann'", "'bob'")],
        ["another template's rules", `${next}, approval_rules = '{"quorum": 1}'`],
        ["its approval stays", next.replace("approval_id = null, ", "")],
        ["approved at once", next.replace("'pending_review'", "'approved'")],
      ]
      for (const [what, changed] of set) assert.strictEqual(await refusal(change(mine.id, changed)), "42501", what)
      assert.isUndefined(await refusal(change(mine.id)))
      for (const run of [sql, role.sql]) {
        for (const write of ["update deliverable_revisions set notes = 'x'", "delete from deliverable_revisions"]) {
          assert.strictEqual(await refusal(run(`${write} where deliverable_id = $1`, [mine.id])), "42501", write)
        }
      }
      const ends: ReadonlyArray<[what: string, end: string]> = [
        ["rejected", "review_status = 'rejected'"],
        ["expired", "expires_at = now()"],
        ["deleted", "deleted_at = now()"],
        ["executed", "executing = true"],
      ]
      for (const [what, end] of ends) {
        const goal = world.goal(`GOI-b3-${what}`, world.hire(`HAI-b3-${what}`))
        const { deliverable_id: id } = await drafted(goal)
        await store(id, 1)
        await store(id, 2, '{"theme": "new"}')
        await sql(`update deliverables set ${end} where deliverable_id = $1`, [id])
        assert.strictEqual(await refusal(change(id)), "42501", what)
      }
    } finally {
      await role.end()
    }
  })

  it("refuses an execution that too few approve at that instant, or in time, and any change of a withdrawal", async () => {
    const { sql, url } = stage()
    const { decide, decisionsOn, lapse, outdate, ruled, withdraw } = approvals(stage())
    const role = connect(url)
    const order = (id: string, approval: string | null) =>
      role.sql(
        `insert into executions (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state,
           requested_by, next_attempt_at, fence, created_at)
         select $1, d.deliverable_id, $3, '{"target": "journal"}', d.payload::text, coalesce(a.content_sha256, ''), 'pending', 'x',
           now(), nextval('execution_fence'), now()
         from deliverables d left join approvals a on a.approval_id = $3 where d.deliverable_id = $2`,
        [newKey(), id, approval],
      )
    const name = (id: string, approval: string) =>
      role.sql("update deliverables set review_status = 'approved', approval_id = $2 where deliverable_id = $1", [
        id,
        approval,
      ])
    try {
      const { deliverable_id: id } = await ruled("few", { quorum: 2, valid_for_seconds: 3600 })
      await decide("acme/ann", id, "approved")
      const [first] = await decisionsOn(id)
      await name(id, first.approval_id)
      assert.strictEqual(await refusal(order(id, first.approval_id)), "42501")
      await sql(
        "update deliverables set review_status = 'pending_review', approval_id = null where deliverable_id = $1",
        [
          id,
        ],
      )
      const { approval_id } = (await decide("acme/bob", id, "approved")).json
      await outdate(first.approval_id)
      assert.strictEqual(await refusal(order(id, approval_id)), "42501")
      await withdraw("acme/bob", approval_id)
      await name(id, approval_id)
      assert.strictEqual(await refusal(order(id, approval_id)), "42501")
      for (const run of [sql, role.sql]) {
        assert.strictEqual(await refusal(run("update approval_withdrawals set withdrawn_by = 'x'")), "42501")
        assert.strictEqual(await refusal(run("delete from approval_withdrawals")), "42501")
      }
      const late = await ruled("too-late", { expires_after_seconds: 3600 })
      await lapse(late.deliverable_id)
      const decided = role.sql(
        `insert into approvals (approval_id, deliverable_id, customer_id, decision, content_sha256, created_at)
         values ('APR-late', $1, 'acme', 'approved', 'x', now())`,
        [late.deliverable_id],
      )
      assert.strictEqual(await refusal(decided), "42501")
      assert.strictEqual(await refusal(order(late.deliverable_id, null)), "42501")
    } finally {
      await role.end()
    }
  })

  const alterations: Array<[string, string, string]> = [
    ["body", "body = '{}', content_sha256 = encode(sha256('{}'), 'hex')", "content_changed"],
    ["approval", "approval_id = null", "content_changed"],
    ["target", `target = '{"target": "journal"}'`, "target_changed"],
  ]
  it.each(alterations)(
    "B3: with its triggers away: a delivery whose %s was altered ends refused",
    async (name, change, reason) => {
      const { journalOf, sql } = stage()
      const { id } = await waiting(stage(), receiver, `b3-${name}`, webhook())
      await sql("alter table executions disable trigger executions_are_held_to_their_approval")
      await sql(`update executions set ${change} where deliverable_id = $1`, [id])
      await sql("alter table executions enable trigger executions_are_held_to_their_approval")
      assert.deepInclude(await ended(stage(), id), { state: "refused", reason })
      assert.isTrue(
        receiver.received.every(({ text }) =>
          JSON.parse(text).data.deliverable_id !== id || text.includes("brand_name")
        ),
      )
      assert.strictEqual(journalOf(id).length, 0)
    },
  )
})

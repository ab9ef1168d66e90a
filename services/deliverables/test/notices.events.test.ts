/** What is told of: each event is recorded once, in the transaction in which it happens, for customers that have reviewers. */
import { afterEach, assert, beforeEach, it } from "@effect/vitest"
import { newKey, onStage, until } from "./support/Harness.ts"
import { answer, type Receiver, startReceiver } from "./support/Receiver.ts"

let receiver: Receiver
beforeEach(() => {
  receiver = startReceiver()
})
afterEach(() => receiver.end())

onStage("what is told of", (stage) => {
  const told = async () =>
    await stage().call("PUT", "/api/v1/reviewers/acme", {
      as: "customer:acme",
      body: { channels: [], timezone: "Asia/Kolkata" },
    })
  const eventsOf = (subject: string) =>
    stage().sql(`select event, details from notice_events where subject = '${subject}' order by event_id`)
  const namesOf = async (subject: string) => (await eventsOf(subject)).map((row) => row.event)

  it("a draft, its delivery, and a delivery that failed for good with its error", async () => {
    await told()
    const webhook = { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } }
    const fine = await stage().approved("told-fine", webhook)
    await stage().execute(fine.id, { approval_id: fine.approval_id })
    assert.deepStrictEqual(await namesOf(fine.id), ["draft_waiting", "executed"])
    receiver.answers.push(answer(410))
    const failed = await stage().approved("told-failed", webhook)
    await stage().execute(failed.id, { approval_id: failed.approval_id })
    assert.deepStrictEqual(await namesOf(failed.id), ["draft_waiting", "delivery_failed"])
    const [, last] = await eventsOf(failed.id)
    assert.include((last!.details as { readonly error: string }).error, "410")
  })

  it("a draft that expires within the hour, once, and one that expired", async () => {
    await told()
    const { drafted, sql, world } = stage()
    world.goal("GOI-told-late", world.hire("HAI-told-late"))
    const { deliverable_id: id } = await drafted("GOI-told-late")
    await sql(
      `update deliverables set expires_at = now() + interval '59 minutes 58 seconds' where deliverable_id = '${id}'`,
    )
    await sql("select tell_of_expiry()")
    await sql("select tell_of_expiry()")
    assert.deepStrictEqual(await namesOf(id), ["draft_waiting", "expires_soon"])
    // as the worker writes what expired
    await sql(`update deliverables set expires_at = now(), expired_at = now(), review_status = 'rejected'
      where deliverable_id = '${id}'`)
    assert.deepStrictEqual(await namesOf(id), ["draft_waiting", "expires_soon", "expired"])
  })

  it("an edit, to the others than its author", async () => {
    await told()
    const { call, drafted, sql, world } = stage()
    world.goal("GOI-told-edit", world.hire("HAI-told-edit"))
    const draft = await drafted("GOI-told-edit")
    await call("PUT", "/api/v1/reviewers/ann", {
      as: "customer:acme/ann",
      body: { channels: [], timezone: "UTC" },
    })
    const { json, status } = await call("PUT", `/api/v1/deliverables/${draft.deliverable_id}/content`, {
      as: "customer:acme/ann?editor",
      body: { payload: { ...draft.payload, theme: "Another theme" }, base_revision: 1 },
      headers: { "idempotency-key": newKey() },
    })
    assert.strictEqual(status, 200, JSON.stringify(json))
    const people = () =>
      sql(`select i.person from notice_items i join notice_events e using (event_id)
        where e.subject = '${draft.deliverable_id}' and e.event = 'changes_made'`)
    await until(async () => (await people()).length > 0)
    assert.deepStrictEqual((await people()).map((row) => row.person), ["acme"])
  })

  it("a mandate that was revoked, and one whose time is over, once each", async () => {
    await told()
    const { sql } = stage()
    const insert = (id: string, until: string) =>
      sql(
        `insert into mandates (mandate_id, customer_id, hired_instance_id, rules, max_uses, per, timezone, valid_until, action,
          signed_by, created_at)
        values ('${id}', 'acme', 'HAI-1', '[{}]', 1, 'day', 'UTC', ${until}, 'approve', 'acme', now() - interval '1 day')`,
      )
    await insert("MAN-told-1", "now() + interval '1 day'")
    await insert("MAN-told-2", "now() - interval '1 second'")
    await sql("update mandates set revoked_at = now(), revoked_by = 'ann' where mandate_id = 'MAN-told-1'")
    await sql("select tell_of_expiry()")
    await sql("select tell_of_expiry()")
    const ends = [...await eventsOf("MAN-told-1"), ...await eventsOf("MAN-told-2")]
    assert.deepStrictEqual(
      ends.map(({ details, event }) => [event, (details as { readonly why: string }).why]),
      [["mandate_ended", "revoked"], ["mandate_ended", "expired"]],
    )
  })

  it("dead letters, once by their entry and its first failure; of a customer without reviewers nothing", async () => {
    await told()
    const letter = (customer_id: string, dlq_id: string, first_failed_at = "2026-03-01T09:00:00.000Z") => ({
      dlq_id,
      customer_id,
      goal_instance_id: `GOI-${dlq_id}`,
      hired_instance_id: "HAI-1",
      first_failed_at,
      failure_count: 1,
      error_type: "PERMANENT",
    })
    const send = (items: ReadonlyArray<object>, as = "service:scheduler") =>
      stage().call("POST", "/api/v1/notices/dead-letters", { as: as as never, body: { items } })
    assert.strictEqual((await send([letter("acme", "DLQ-told"), letter("globex", "DLQ-none")])).status, 200)
    assert.strictEqual((await send([letter("acme", "DLQ-told")])).status, 200)
    assert.deepStrictEqual(await namesOf("GOI-DLQ-told"), ["goal_dead_lettered"])
    assert.deepStrictEqual(await namesOf("GOI-DLQ-none"), [])
    await send([letter("acme", "DLQ-told", "2026-03-02T09:00:00.000Z")])
    assert.lengthOf(await namesOf("GOI-DLQ-told"), 2)
    for (const as of ["customer:acme", "operator:o", "service:hiring"]) {
      assert.strictEqual((await send([letter("acme", "DLQ-x")], as)).status, 403, as)
    }
    assert.strictEqual((await send([])).status, 400)
  })
})

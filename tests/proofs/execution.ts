/**
 * Orders that are executed many times at once, while deliverables is killed, with and without approval, and after their
 * content was altered in the database.
 *
 * Would catch: an intent that is not committed before its delivery, two deliveries of one approval, an approval of an id
 * and not of content.
 */
import { canonicalJson } from "@stint/domain/Canonical"
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Answer } from "../support/Service.ts"
import { openSuperuser } from "../support/Superuser.ts"
import { patiently } from "../support/Until.ts"
import { drained, fallDue, freshSlot, type Ground, makeGoals, order, standOn } from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

/** How many callers execute one deliverable at once. */
const CALLERS = 8

/** The key of the lock for which an outcome waits before it is written, while it is held. */
const OUTCOMES = 4711

/**
 * A hand on what comes of deliveries: while it holds them, an intent is committed and its outcome is not. The moment
 * between the two is a few milliseconds, and a kill by chance hits it once in dozens of runs.
 */
const holdOutcomes = async ({ stack, superuser }: Ground, { defer }: Attack) => {
  await superuser.sql(
    "deliverables",
    `create function hold_outcome() returns trigger language plpgsql security definer as $$ begin
      perform pg_advisory_xact_lock_shared(${OUTCOMES}); return new; end $$`,
  )
  await superuser.sql(
    "deliverables",
    `create trigger proof_hold before update on executions for each row when (new.state = 'delivered')
      execute function hold_outcome()`,
  )
  const hand = await openSuperuser(stack.home)
  defer(hand.close)
  const waiting = "from pg_stat_activity where wait_event = 'advisory' and usename = 'stint_deliverables'"
  return {
    /** From now on no outcome is written. */
    hold: () => hand.sql("deliverables", `select pg_advisory_lock(${OUTCOMES})`),
    /** Waits until one would be. */
    held: () =>
      until(
        "the outcome of a delivery waits to be written",
        async () => (await superuser.row("postgres", `select count(*)::int as n ${waiting}`)).n > 0,
      ),
    /** Whose process is dead does not write it either; then outcomes are written again. */
    letGo: async () => {
      await superuser.sql("postgres", `select pg_terminate_backend(pid) ${waiting}`)
      await hand.sql("deliverables", `select pg_advisory_unlock(${OUTCOMES})`)
    },
  }
}

/** A retry waits for minutes after a failed delivery; its wait is not what is attacked, so it is cut short. */
const hurry = ({ superuser }: Ground) =>
  superuser.sql(
    "deliverables",
    `with cut as (update executions set next_attempt_at = now() where state = 'pending' and locked_until is null
        and next_attempt_at > now() returning 1)
      select pg_notify('stint_executions', '') from cut limit 1`,
  )

/** An order, as a row of deliverables. */
interface Order {
  readonly id: string
  readonly payload: unknown
}

/** The customer whose orders they are. */
const callerOf = ({ stack }: Ground) => {
  const as = "customer:acme"
  return {
    review: async (id: string, decision: "approved" | "rejected"): Promise<string> =>
      (await patiently(() =>
        stack.call("deliverables", "POST", `/api/v1/deliverables/${id}/review`, { as, body: { decision } })
      )).json.approval_id,
    execute: (id: string, approval_id: string, key: string): Promise<Answer | undefined> =>
      patiently(() =>
        stack.call("deliverables", "POST", `/api/v1/deliverables/${id}/execute`, {
          as,
          body: { approval_id },
          headers: { "idempotency-key": key },
        })
      ).catch(() => undefined),
  }
}
type Caller = ReturnType<typeof callerOf>

/** The codes by which orders are refused: unapproved ones, rejected ones, and ones altered after their approval. */
const refusalsOf = async (
  { superuser }: Ground,
  { execute, review }: Caller,
  { altered, rejected, unapproved }: Readonly<Record<"unapproved" | "rejected" | "altered", ReadonlyArray<Order>>>,
): Promise<ReadonlyArray<string>> => {
  const refusals: Array<string> = []
  for (const { id } of unapproved) refusals.push((await execute(id, "APR-none", `k-${id}`))?.json.code)
  for (const { id } of rejected) {
    await review(id, "rejected")
    refusals.push((await execute(id, "APR-none", `k-${id}`))?.json.code)
  }
  for (const { id } of altered) {
    const approval = await review(id, "approved")
    // a trigger refuses it to everyone: it is taken away first
    for (
      const statement of [
        "alter table deliverables disable trigger deliverables_keep_content",
        `update deliverables set payload = payload || '{"units": 4}' where deliverable_id = '${id}'`,
        "alter table deliverables enable trigger deliverables_keep_content",
      ]
    ) await superuser.sql("deliverables", statement)
    refusals.push((await execute(id, approval, `k-${id}`))?.json.code)
  }
  return refusals
}

/** Approves and executes orders in batches, each by many callers at once, and kills deliverables meanwhile; how often. */
const executeAll = async (
  ground: Ground,
  attack: Attack,
  { execute, review }: Caller,
  orders: ReadonlyArray<Order>,
  random: () => number,
): Promise<number> => {
  const { stack, superuser } = ground
  const { say } = attack
  const outcomes = await holdOutcomes(ground, attack)
  let kills = 0
  for (let at = 0; at < orders.length; at += 8) {
    const batch = await Promise.all(
      orders.slice(at, at + 8).map(async ({ id }) => ({ id, approval: await review(id, "approved") })),
    )
    if (at % 80 === 0) await outcomes.hold()
    const calls = batch.flatMap(({ approval, id }) =>
      Array.from({ length: CALLERS }, (_, n) => execute(id, approval, `${n}-${id}`))
    )
    // once between an intent and its outcome, once at any moment
    const between = at % 80 === 0
    const killed = between || at % 80 === 8
    if (between) await outcomes.held()
    else await sleep(random() * 40)
    if (killed) {
      await stack.kill("deliverables")
      kills++
    }
    await Promise.all(calls)
    if (between) await outcomes.letGo()
    say(
      `${at + batch.length} orders were executed by ${CALLERS} callers each${
        killed ? ", and deliverables killed" : ""
      }`,
    )
    if (!killed) continue
    await stack.isReady("deliverables")
    // whoever had reserved a key, or held a delivery, is dead
    await superuser.sql("deliverables", "update idempotency_keys set locked_until = now() where reply_status is null")
    await superuser.sql("deliverables", "update executions set locked_until = now() where locked_until > now()")
    await superuser.sql("deliverables", "select pg_notify('stint_executions', '')")
    // what a caller does who had no answer: the same again, under the same key, until it is told that it is executed
    await until("the killed ones are executed", async () => {
      await hurry(ground)
      const all = await Promise.all(batch.map(({ approval, id }) => execute(id, approval, `0-${id}`)))
      const open = all.filter((answer) => answer?.status !== 200 && answer?.json.code !== "already_executed")
      if (open.length > 0) throw new Error(JSON.stringify(open.map((answer) => answer?.json ?? "no answer")))
      return true
    })
  }
  return kills
}

/** Judges the journal: every order once or more under one id, and with the approved content. How many deliveries it has. */
const judgeJournal = async (
  { stack }: Ground,
  orders: ReadonlyArray<Order>,
  count: number,
  is: ReturnType<typeof judge>["is"],
): Promise<number> => {
  const lines = (await readFile(join(stack.home, "journal.jsonl"), "utf8")).trim().split("\n").map((line) =>
    JSON.parse(line)
  )
  const contents = new Map<string, string>(orders.map(({ id, payload }) => [id, canonicalJson(payload)]))
  is(
    "deliveries of what was not approved",
    lines.filter(({ deliverable_id }) => !contents.has(deliverable_id)).length,
    0,
  )
  is("delivery ids", new Set(lines.map(({ delivery_id }) => delivery_id)).size, count)
  is("orders delivered", new Set(lines.map(({ deliverable_id }) => deliverable_id)).size, count)
  const different = lines.filter((line) => {
    const content = contents.get(line.deliverable_id)
    return content === undefined || canonicalJson(line.payload) !== content ||
      line.content_sha256 !== createHash("sha256").update(content).digest("hex")
  })
  is("deliveries of other content than what was approved", different.length, 0)
  return lines.length
}

export const execution: Proof = {
  name: "execution",
  promise: "Only what was approved is executed, byte for byte, under one delivery id.",
  attacks:
    "Each of 24 orders (full: 240) executed by 8 callers at once, deliverables killed meanwhile; others unapproved, " +
    "rejected, or altered by SQL after their approval.",
  seconds: { quick: 16, full: 20 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { superuser } = ground
    const count = full ? 240 : 24
    const goals = await makeGoals(ground, "acme", count + 9, order)
    await fallDue(ground, goals, freshSlot())
    await drained(ground)
    const rows = await superuser.sql(
      "deliverables",
      "select deliverable_id as id, payload from deliverables order by 1",
    )
    is("orders", rows.length, count + 9)
    say(`${rows.length} orders wait for their approval`)
    const caller = callerOf(ground)
    const [unapproved, rejected, altered, orders] = [
      rows.slice(0, 3),
      rows.slice(3, 6),
      rows.slice(6, 9),
      rows.slice(9),
    ]
    const refusals = await refusalsOf(ground, caller, { unapproved, rejected, altered })
    is(
      "refusals",
      refusals.join(),
      ["not_approved", "not_approved", "content_changed"].flatMap((c) => [c, c, c]).join(),
    )

    say(`refused: ${refusals.join(", ")}`)

    const kills = await executeAll(ground, attack, caller, orders, randomOf(seed))
    await until("every order is executed", async () => {
      await hurry(ground)
      const { n, open } = await superuser.row(
        "deliverables",
        `select (select count(*)::int from deliverables where execution_status = 'executed') as n,
          (select jsonb_agg(to_jsonb(e) - 'body') from executions e where state <> 'delivered') as open`,
      )
      if (n < count) throw new Error(`${n} of ${count}; on their way: ${JSON.stringify(open)}`)
      return true
    })
    const deliveries = await judgeJournal(ground, orders, count, is)
    that(kills > 0, "nothing was killed")
    say(`${count} orders, ${count * CALLERS} callers, ${deliveries} deliveries`)
    return {
      figures: { orders: count, callers: count * CALLERS, kills, deliveries, refused: refusals.length },
      violations,
    }
  },
}

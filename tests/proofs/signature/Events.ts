/**
 * What became of each draft, in the order in which the database let it: triggers of the proof number every decision, withdrawal,
 * revision and execution. All of them are written under the lock of their deliverable's row, so the numbers are their true order,
 * whatever clocks and processes say. A judge that shares no line with the service replays them.
 */
import { canonicalJson } from "@stint/domain/Canonical"
import { createHash } from "node:crypto"
import type { Ground } from "../Ground.ts"

const events =
  `create table proof_events (n bigserial primary key, deliverable_id varchar not null, kind varchar not null,
  at timestamptz not null default clock_timestamp(), it jsonb not null)`

const record =
  `create function proof_record() returns trigger language plpgsql security definer set search_path = public as $$
  declare
    -- not every table has each of the columns
    it jsonb := to_jsonb(new);
  begin
    insert into proof_events (deliverable_id, kind, it) values (
      coalesce(it ->> 'deliverable_id',
        (select a.deliverable_id from approvals a where a.approval_id = it ->> 'approval_id')), tg_table_name, it);
    return null;
  end $$`

/** From now on everything is numbered. */
export const watch = async ({ superuser }: Ground): Promise<void> => {
  const run = (statement: string) => superuser.sql("deliverables", statement)
  await run(events)
  await run(record)
  for (const table of ["approvals", "approval_withdrawals", "deliverable_revisions"]) {
    await run(`create trigger proof_watch after insert on ${table} for each row execute function proof_record()`)
  }
  // an execution that is asked for: by its insert, or again after it failed
  await run(`create trigger proof_watch after insert on executions for each row execute function proof_record()`)
  await run(
    `create trigger proof_again after update on executions for each row
       when (old.state = 'failed' and new.state = 'pending') execute function proof_record()`,
  )
  // whose maker works on it, what was rejected or expired; its status is judged by decisions alone
  await run(
    `create trigger proof_watch after update on deliverables for each row
       when ((old.revising_since, old.expires_at, old.revision) is distinct from (new.revising_since, new.expires_at, new.revision))
       execute function proof_record()`,
  )
}

/** The rules of a draft's template. */
export interface Rules {
  readonly quorum?: number
  readonly separate_editor?: boolean
}

/** A draft as it was made. */
export interface Made {
  readonly id: string
  readonly payload: unknown
  readonly rules: Rules | null
}

// deno-lint-ignore no-explicit-any
type Row = any

interface Event {
  readonly kind: string
  readonly at: number
  readonly it: Row
}

const hashOf = (payload: unknown) => createHash("sha256").update(canonicalJson(payload)).digest("hex")

/** Replays the events of one draft; what of it was executed without being approved at that instant, in a sentence each. */
export const judgeDraft = ({ id, payload, rules }: Made, events: ReadonlyArray<Event>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const withdrawn = new Set<string>()
  const approvals: Array<Row> = []
  let now = { revision: 1, hash: hashOf(payload), author: null as string | null }
  let [revising, rejected, executions, until] = [false, false, 0, Infinity]
  for (const { at, it, kind } of events) {
    if (kind === "approval_withdrawals") withdrawn.add(it.approval_id)
    if (kind === "approvals") {
      if (it.revision !== now.revision || it.content_sha256 !== now.hash) {
        wrong.push(`${id}: ${it.approval_id} is a decision on revision ${it.revision}, while ${now.revision} was there`)
      }
      if (revising) wrong.push(`${id}: ${it.approval_id} was taken while its maker revised it`)
      if (rejected) wrong.push(`${id}: ${it.approval_id} was taken after it was rejected`)
      if (at > until + SLACK) wrong.push(`${id}: ${it.approval_id} was taken after it had expired`)
      if (it.decision === "approved") approvals.push(it)
      else if (!it.asks_changes) rejected = true
    }
    if (kind === "deliverable_revisions" && it.revision > 1) {
      if (it.revision !== now.revision + 1) wrong.push(`${id}: revision ${it.revision} follows ${now.revision}`)
      if (executions > 0) wrong.push(`${id}: revision ${it.revision} was written after its execution began`)
      now = { revision: it.revision, hash: hashOf(it.payload), author: it.by_maker ? null : it.author }
      revising = false
    }
    if (kind === "deliverables") {
      revising = it.revising_since !== null
      until = it.expires_at === null ? Infinity : Date.parse(it.expires_at)
    }
    if (kind !== "executions") continue
    executions++
    if (it.content_sha256 !== now.hash || hashOf(JSON.parse(it.body)) !== now.hash) {
      wrong.push(`${id}: executed with other content than its revision ${now.revision}`)
    }
    const counted = approvals.filter((one) =>
      one.revision === now.revision && one.content_sha256 === it.content_sha256 && !withdrawn.has(one.approval_id) &&
      (one.expires_at === null || Date.parse(one.expires_at) > at - SLACK) &&
      !(rules?.separate_editor === true && one.mandate_id === null && one.decided_by === now.author)
    )
    const people = counted.some(({ mandate_id }) => mandate_id !== null)
      ? Infinity
      : new Set(counted.map(({ decided_by }) => decided_by)).size
    if (people < (rules?.quorum ?? 1)) wrong.push(`${id}: executed with ${people} approvals of ${rules?.quorum ?? 1}`)
    if (revising || rejected) wrong.push(`${id}: executed while it was ${revising ? "revised" : "rejected"}`)
  }
  if (executions > 1) wrong.push(`${id}: its execution was begun ${executions} times`)
  return wrong
}

/** A transaction judges by the instant at which it began, which may be so long before it wrote, in milliseconds. */
const SLACK = 5_000

/** The events by draft. */
export const eventsOf = async ({ superuser }: Ground): Promise<ReadonlyMap<string, ReadonlyArray<Event>>> => {
  const rows: ReadonlyArray<Row> = await superuser.sql(
    "deliverables",
    "select deliverable_id, kind, extract(epoch from at)::float8 * 1000 as at, it from proof_events order by n",
  )
  const found = new Map<string, Array<Event>>()
  for (const { deliverable_id, ...event } of rows) {
    const of = found.get(deliverable_id)
    if (of === undefined) found.set(deliverable_id, [event])
    else of.push(event)
  }
  return found
}

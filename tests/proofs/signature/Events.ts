/**
 * What became of each draft and of each mandate, in the order in which the database let it: triggers of the proof number every
 * decision, withdrawal, revision, execution, signing and revocation. Each is written under the lock of its row (a use of a mandate
 * under both, the mandate's and the draft's), so the numbers are their true order, whatever clocks and processes say.
 */
import type { Ground } from "../Ground.ts"

const events = `create table proof_events (n bigserial primary key, deliverable_id varchar, kind varchar not null,
  began timestamptz not null default now(), it jsonb not null)`

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
  for (const table of ["approvals", "approval_withdrawals", "deliverable_revisions", "mandates"]) {
    await run(`create trigger proof_watch after insert on ${table} for each row execute function proof_record()`)
  }
  // a mandate changes once: it is revoked
  await run(`create trigger proof_again after update on mandates for each row execute function proof_record()`)
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

// deno-lint-ignore no-explicit-any
export type Row = any

/** A row that was written, with its number, and when its transaction began, in epoch milliseconds. */
export interface Event {
  readonly n: number
  readonly kind: string
  readonly began: number
  readonly it: Row
}

/** What became of drafts, by their ids, and of mandates, all in one list. */
export interface Events {
  readonly ofDrafts: ReadonlyMap<string, ReadonlyArray<Event>>
  readonly ofMandates: ReadonlyArray<Event>
}

/** All events, in their order. */
export const eventsOf = async ({ superuser }: Pick<Ground, "superuser">): Promise<Events> => {
  const rows: ReadonlyArray<Row> = await superuser.sql(
    "deliverables",
    `select n::float8 as n, deliverable_id, kind, extract(epoch from began)::float8 * 1000 as began, it
      from proof_events order by n`,
  )
  const ofDrafts = new Map<string, Array<Event>>()
  const ofMandates: Array<Event> = []
  for (const { deliverable_id, ...event } of rows) {
    if (deliverable_id === null) ofMandates.push(event)
    else if (ofDrafts.has(deliverable_id)) ofDrafts.get(deliverable_id)!.push(event)
    else ofDrafts.set(deliverable_id, [event])
  }
  return { ofDrafts, ofMandates }
}

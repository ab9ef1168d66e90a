/**
 * The database's own record of who wrote what to runs, kept by triggers that a proof adds: the process that is attacked
 * has no say in it. Every replica has a role of its own (support/Fleet.ts), so each line knows its writer.
 */
import type { Superuser } from "../support/Superuser.ts"

/** The triggers that it adds, and the tables that they are on. */
const TRIGGERS = {
  proof: "run_queue",
  proof_gone: "run_queue",
  proof_started: "run_queue",
  proof_made: "goal_runs",
  proof_changed: "goal_runs",
  proof_paused: "scheduler_state",
} as const

/** Adds the triggers to a stack's scheduler database, and begins with an empty record. */
export const keepJournal = async ({ sql }: Superuser): Promise<void> => {
  for (
    const statement of [
      // one by one: together they would lock several tables, and meet the transactions of a scheduler in a deadlock
      ...Object.entries(TRIGGERS).map(([trigger, table]) => `drop trigger if exists ${trigger} on ${table}`),
      "drop schema if exists proof cascade",
      "create schema proof",
      // a change of a live run: the fence before and after, and when the lease that it had was to end
      `create table proof.writes (n bigserial primary key, at timestamptz not null default clock_timestamp(),
        who name not null default session_user, xid xid8 not null default pg_current_xact_id(),
        run varchar not null, customer varchar not null, before bigint, after bigint, lease timestamptz, op varchar not null)`,
      `create function proof.note_write() returns trigger language plpgsql security definer as $$ begin
        insert into proof.writes (run, customer, before, after, lease, op) values (old.scheduled_run_id, old.customer_id,
          old.fence, case when tg_op = 'UPDATE' then new.fence end, old.claimable_at, tg_op);
        return null; end $$`,
      // that a run is recorded says nothing of its claim
      `create trigger proof after update on run_queue for each row
        when (to_jsonb(old) - 'recorded' is distinct from to_jsonb(new) - 'recorded') execute function proof.note_write()`,
      "create trigger proof_gone after delete on run_queue for each row execute function proof.note_write()",
      // a run that is claimed as it is made
      `create function proof.note_start() returns trigger language plpgsql security definer as $$ begin
        insert into proof.writes (run, customer, after, op) values (new.scheduled_run_id, new.customer_id, new.fence, 'INSERT');
        return null; end $$`,
      `create trigger proof_started after insert on run_queue for each row when (new.fence is not null)
        execute function proof.note_start()`,
      // every time that an execution becomes final, and every change of one that was completed
      `create table proof.finals (n bigserial primary key, who name not null default session_user, run varchar not null,
        before varchar, after varchar not null)`,
      `create function proof.note_final() returns trigger language plpgsql security definer as $$ begin
        insert into proof.finals (run, before, after) values (new.scheduled_run_id,
          case when tg_op = 'UPDATE' then old.status end, new.status);
        return null; end $$`,
      `create trigger proof_made after insert on goal_runs for each row when (new.status in ('completed', 'failed'))
        execute function proof.note_final()`,
      `create trigger proof_changed after update on goal_runs for each row
        when (old.status = 'completed' or new.status in ('completed', 'failed')) execute function proof.note_final()`,
      // a pause or resume, and which transactions were over when it was written
      `create table proof.pauses (n bigserial primary key, at timestamptz not null default clock_timestamp(),
        state varchar not null, paused boolean not null, seen pg_snapshot not null default pg_current_snapshot())`,
      `create function proof.note_pause() returns trigger language plpgsql security definer as $$ begin
        insert into proof.pauses (state, paused) values (new.state_id, new.status = 'paused');
        return null; end $$`,
      `create trigger proof_paused after insert or update on scheduler_state for each row execute function proof.note_pause()`,
    ]
  ) await sql("scheduler", statement)
}

/** What the journal says of fences. */
export interface Fences {
  /** Claims, and runs that were taken from a holder whose lease had ended. */
  readonly claims: number
  readonly takeovers: number
  /** Writes to a run by another than its holder while the holder's lease ran: a fence that did not hold. */
  readonly foreign: number
  /** Runs that were completed more than once, or written after they were completed. */
  readonly doubled: number
}

/** Reads it; of the lines after `after`, the number of one. */
export const fencesOf = ({ row }: Superuser): Promise<Fences> =>
  row(
    "scheduler",
    `with claims as (select n, after as fence, who, before from proof.writes
        where after is not null and before is distinct from after)
      select (select count(*)::int from claims) as claims,
        (select count(*)::int from proof.writes
          where op = 'UPDATE' and before is not null and after is null and lease <= at) as takeovers,
        (select count(*)::int from proof.writes w join claims c on c.fence = w.before
          where w.who <> c.who and w.lease > w.at and starts_with(w.who, 'stint_scheduler')) as foreign,
        (select count(*)::int from (select run from proof.finals where after = 'completed' group by run having count(*) > 1
          union select run from proof.finals where before = 'completed') d) as doubled`,
  )

/** What the journal says of pauses: how many claims committed while one held, and how many pauses had a claim close by. */
export interface Pauses {
  readonly pauses: number
  /** Claims that were not over when a pause was written, and came before its resume. */
  readonly late: number
  /** Pauses with a claim in the 20 ms before them: races that a claim won. */
  readonly narrow: number
}

/** Reads it. */
export const pausesOf = ({ row }: Superuser): Promise<Pauses> =>
  row(
    "scheduler",
    `with spans as (select p.n, p.at, p.seen, (select min(r.at) from proof.pauses r where r.n > p.n and r.state = p.state
          and not r.paused) as until from proof.pauses p where p.paused),
        claims as (select at, xid from proof.writes where after is not null and before is distinct from after)
      select (select count(*)::int from spans) as pauses,
        (select count(*)::int from spans s join claims c on c.at < s.until and c.at > s.at - interval '1 minute'
          and not pg_visible_in_snapshot(c.xid, s.seen)) as late,
        (select count(*)::int from spans s where exists (select from claims c
          where c.at between s.at - interval '20 ms' and s.at)) as narrow`,
  )

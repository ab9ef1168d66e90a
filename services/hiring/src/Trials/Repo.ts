/** The table `trials`. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { CustomerId, TrialId } from "@stint/domain/Ids"
import { LeadTrialEnd, LeadTrialStatus } from "@stint/domain/hiring/Trials"
import { InstantColumn } from "@stint/domain/Instants"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { type KeptReply, KeyTaken } from "@stint/edge/Idempotency/WithWork"
import { gather } from "@stint/edge/Pg/Gather"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { pipelined } from "@stint/edge/Pg/Pipeline"
import { findReadable } from "@stint/edge/Pg/Rows"
import { QUOTA_LOCK } from "../Locks.ts"
import { quotaStatements } from "../Quotas/Repo.ts"
import { TrialRow } from "./Row.ts"

/** Which trials: those of one customer, in one state; undefined for all. */
export interface TrialsWanted {
  readonly customer_id: CustomerId | undefined
  readonly status: LeadTrialStatus | undefined
}

/** The line of the action log that commits with the write, where an operator does it. */
type Line = NewActionLine | undefined

/** Lead trials. */
export class TrialsRepo extends Context.Service<TrialsRepo, {
  /**
   * Stores a trial with what is kept of its reply, unless its customer has `limit`: then none. Returns the stored one when that
   * id is there already. Dies of KeyTaken when its key is.
   */
  insert(row: TrialRow, limit: number, line: Line, kept: KeptReply | undefined): Effect.Effect<Option.Option<TrialRow>>
  find(id: TrialId): Effect.Effect<Option.Option<TrialRow>>
  list(wanted: TrialsWanted, stretch: Stretch<string>): Effect.Effect<Taken<TrialRow, { readonly trial_id: string }>>
  /** Ends an active trial; none when it is not active. */
  end(id: TrialId, status: LeadTrialEnd, now: DateTime.Utc, line: Line): Effect.Effect<Option.Option<TrialRow>>
  /** Expires up to `limit` active trials that are past their end; how many. Skips those that are locked. */
  expire(limit: number): Effect.Effect<number>
  /** Whether it was there. */
  remove(id: TrialId, line: Line): Effect.Effect<boolean>
}>()("hiring/TrialsRepo") {
  static readonly layer = Layer.effect(
    TrialsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const log = yield* ActionLogRepo
      const write = (line: Line) => line === undefined ? Effect.void : log.write(line)
      const keys = yield* IdempotencyRepo
      const begin = yield* beginning(sql)
      const insert = inserting(sql)
      const quotas = quotaStatements(sql)
      const list = listing(sql)
      const expire = expiring(sql)
      const find = SqlSchema.findOneOption({
        Request: TrialId,
        Result: TrialRow,
        execute: (id) => sql`select * from trials where trial_id = ${id}`,
      })
      const end = SqlSchema.findOneOption({
        Request: Schema.Struct({ id: TrialId, status: LeadTrialEnd, now: InstantColumn }),
        Result: TrialRow,
        execute: ({ id, now, status }) =>
          sql`
            update trials set status = ${status}, updated_at = ${now}
            where trial_id = ${id} and status = 'active' returning *`,
      })
      const remove = SqlSchema.findOneOption({
        Request: TrialId,
        Result: Schema.Struct({ trial_id: TrialId }),
        execute: (id) => sql`delete from trials where trial_id = ${id} returning trial_id`,
      })
      return TrialsRepo.of({
        insert: (row, limit, line, kept) => {
          const there = Effect.orDie(find(row.trial_id))
          // a customer's own has no line: one statement for all that are begun at the same time
          if (row.customer_id !== null && line === undefined) {
            return Effect.flatMap(begin({ row, limit, kept }), (outcome) => {
              if (outcome === "taken") return Effect.die(new KeyTaken())
              return outcome === "made" ? Effect.succeedSome(row) : there
            })
          }
          return Effect.gen(function* () {
            if (row.customer_id !== null) yield* quotas.lock(row.customer_id)
            const inserted = yield* insert({ row, limit })
            if (Option.isNone(inserted)) return yield* there
            if (kept !== undefined) yield* keys.take(kept)
            yield* write(line)
            return inserted
          }).pipe(sql.withTransaction, Effect.orDie)
        },
        find: (id) => pipelined(Effect.orDie(find(id))),
        list: (wanted, stretch) => pipelined(Effect.orDie(list({ ...wanted, ...stretch }))),
        end: (id, status, now, line) =>
          end({ id, status, now }).pipe(
            Effect.tap((ended) => Option.isSome(ended) ? write(line) : Effect.void),
            sql.withTransaction,
            Effect.orDie,
          ),
        expire: (limit) => Effect.orDie(Effect.map(expire(limit), (rows) => rows.length)),
        remove: (id, line) =>
          Effect.map(remove(id), Option.isSome).pipe(
            Effect.tap((removed) => removed ? write(line) : Effect.void),
            sql.withTransaction,
            Effect.orDie,
          ),
      })
    }),
  )
}

/** A trial to begin, of a customer that may have `limit`, and what is kept of its reply. */
interface Beginning {
  readonly row: TrialRow
  readonly limit: number
  readonly kept: KeptReply | undefined
}

/** What came of it (script 126). */
const Outcome = Schema.Literals(["made", "there", "full", "taken", "busy"])

/** Begins the trials that are asked for at the same time by one statement, and so by one commit. */
const beginning = Effect.fnUntraced(function* (sql: PgClient.PgClient) {
  const begin = SqlSchema.findAll({
    Request: Schema.Struct({ rows: Schema.String, kept: Schema.String, limit: Schema.Int, waits: Schema.Boolean }),
    Result: Schema.Struct({ place: Schema.Int, outcome: Outcome }),
    execute: ({ kept, limit, rows, waits }) =>
      sql`
        select place, outcome
        from begin_trials(${rows}::json, ${kept}::json, ${limit}::int, ${QUOTA_LOCK}::int, ${waits}::boolean)`,
  })
  const ask = (all: ReadonlyArray<Beginning>, waits: boolean) => {
    const rows = JSON.stringify(all.map(({ row }, place) => ({ place, ...row })))
    const kept = JSON.stringify(all.flatMap(({ kept }, place) => kept === undefined ? [] : [{ place, ...kept }]))
    return Effect.map(begin({ rows, kept, limit: all[0]!.limit, waits }), (outcomes) => {
      const byPlace = new Map(outcomes.map(({ outcome, place }) => [place, outcome]))
      return all.map((_, place) => byPlace.get(place)!)
    })
  }
  const together = yield* gather({
    ask: (all: ReadonlyArray<Beginning>) => ask(all, false),
    nameOf: ({ kept, row }) => kept === undefined ? row.trial_id : JSON.stringify([kept.caller, kept.key]),
  })
  return (one: Beginning) =>
    Effect.orDie(Effect.flatMap(
      together(one),
      // another transaction adds to what the customer has: none but this one waits for it
      (outcome) => outcome === "busy" ? Effect.map(ask([one], true), ([alone]) => alone!) : Effect.succeed(outcome),
    ))
})

/** Under the lock of what the customer has: the count sees all before it. */
const inserting = (sql: PgClient.PgClient) =>
  SqlSchema.findOneOption({
    Request: Schema.Struct({ row: TrialRow, limit: Schema.Int }),
    Result: TrialRow,
    execute: ({ limit, row: t }) =>
      sql`
        insert into trials (trial_id, agent_id, customer_name, customer_email, company, phone, start_date, end_date,
          status, customer_id, created_at, updated_at)
        select ${t.trial_id}, ${t.agent_id}, ${t.customer_name}, ${t.customer_email}, ${t.company}, ${t.phone},
          ${t.start_date}::timestamptz, ${t.end_date}::timestamptz, ${t.status}, ${t.customer_id},
          ${t.created_at}::timestamptz, ${t.updated_at}::timestamptz
        where ${t.customer_id}::text is null
          or (select count(*) from trials where customer_id = ${t.customer_id}) < ${limit}
        on conflict (trial_id) do update set trial_id = excluded.trial_id
        returning *`,
  })

const listing = (sql: PgClient.PgClient) =>
  findReadable(sql, {
    what: "trials",
    Key: Schema.Struct({ trial_id: Schema.String }),
    Request: Schema.Struct({
      customer_id: Schema.UndefinedOr(CustomerId),
      status: Schema.UndefinedOr(LeadTrialStatus),
      after: Schema.UndefinedOr(Schema.String),
      limit: Schema.Int,
    }),
    Result: TrialRow,
    query: ({ after = "", customer_id, limit, status }) => {
      const conditions = [
        sql`trial_id > ${after}`,
        ...customer_id === undefined ? [] : [sql`customer_id = ${customer_id}`],
        ...status === undefined ? [] : [sql`status = ${status}`],
      ]
      return sql`select * from trials where ${sql.and(conditions)} order by trial_id limit ${limit}`
    },
  })

const expiring = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Int,
    Result: Schema.Struct({ trial_id: TrialId }),
    execute: (limit) =>
      sql`
        update trials set status = 'expired', updated_at = date_trunc('milliseconds', now())
        where trial_id in (
          select trial_id from trials where status = 'active' and end_date <= now()
          order by end_date limit ${limit} for update skip locked)
        returning trial_id`,
  })

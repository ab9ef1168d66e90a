/** How claims of makings end: each statement holds only while the claim's fence stands. */
import type { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { deleteOfDeletedGoals, insertDrafts, type NewDraft } from "../../Deliverables/Repo/NewDrafts.ts"
import { Held, StoredProblem } from "../Row.ts"
import { endRevising, type NextRevision, storeChanges } from "./Changes.ts"

const Written = Schema.Struct({ idempotency_key: Schema.String })
const wasHeld = (rows: ReadonlyArray<unknown>) => rows.length > 0

/** The statements that end a claim; false where it was lost. */
export const ends = (sql: PgClient.PgClient) => {
  const isHeld = ({ fence, idempotency_key }: typeof Held.Encoded) =>
    sql`idempotency_key = ${idempotency_key} and fence = ${fence} and state = 'making'`
  const made = SqlSchema.findAll({
    Request: Held,
    Result: Written,
    execute: (held) =>
      sql`update makings set state = 'made', ended_at = now(), lease_until = null, fence = null, note = null
          where ${isHeld(held)} returning idempotency_key`,
  })
  const fail = SqlSchema.findAll({
    Request: Schema.Struct({ ...Held.fields, problem: Schema.fromJsonString(StoredProblem) }),
    Result: Written,
    execute: ({ problem, ...held }) =>
      sql`with failed as (
            update makings set state = 'failed', problem = ${problem}::jsonb, ended_at = now(), lease_until = null, fence = null
            where ${isHeld(held)} returning idempotency_key, deliverable_id, base_revision, problem
          ), ended as (${endRevising(sql)})
          select idempotency_key from failed`,
  })
  const release = SqlSchema.findAll({
    Request: Schema.Struct({
      ...Held.fields,
      note: Schema.NullOr(Schema.String),
      attempt: Schema.NullOr(Schema.String),
    }),
    Result: Written,
    execute: ({ attempt, note, ...held }) =>
      sql`update makings set state = 'waiting', deadline = null, lease_until = null, fence = null, note = ${note},
            attempt = coalesce(${attempt}::varchar, attempt)
          where ${isHeld(held)} returning idempotency_key`,
  })
  // those that were under way when it went find the breaker open, and move nothing
  const open = (place: string, why: string, delayMs: number) =>
    sql`update maker_places set failures = failures + 1, last_error = ${why}, open_since = coalesce(open_since, now()),
          retry_at = now() + make_interval(secs => ${delayMs / 1000}::double precision)
        where place = ${place} and (retry_at is null or retry_at <= now())`
  const close = (place: string) =>
    sql`update maker_places set failures = 0, open_since = null, retry_at = null where place = ${place}
          and open_since is not null`
  return {
    /** Stores the draft and ends the making, in one transaction. */
    store: Effect.fnUntraced(function* (held: Held, draft: NewDraft) {
      const stored = yield* sql.withTransaction(
        Effect.flatMap(
          made(held),
          (rows) => wasHeld(rows) ? Effect.as(insertDrafts(sql, [draft]), true) : Effect.succeed(false),
        ),
      )
      if (stored) yield* deleteOfDeletedGoals(sql, [draft])
      return stored
    }, Effect.orDie),
    /** Stores what it changed as the next revision and ends the making, in one transaction. */
    storeRevision: (held: Held, next: NextRevision) =>
      sql.withTransaction(
        Effect.flatMap(
          made(held),
          (rows) => wasHeld(rows) ? Effect.as(storeChanges(sql, next), true) : Effect.succeed(false),
        ),
      ).pipe(Effect.orDie),
    fail: (held: Held, problem: StoredProblem) => Effect.orDie(Effect.map(fail({ ...held, problem }), wasHeld)),
    /** Gives it back; as this attempt where it names one. */
    release: (held: Held, note: string | null, attempt: string | null = null) =>
      Effect.orDie(Effect.map(release({ ...held, note, attempt }), wasHeld)),
    openPlace: (place: string, why: string, delayMs: number) => Effect.orDie(Effect.asVoid(open(place, why, delayMs))),
    closePlace: (place: string) => Effect.orDie(Effect.asVoid(close(place))),
  }
}

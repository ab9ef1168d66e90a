/** The storage of Idempotency-Keys and their replies. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { reservationOf, Row } from "./Row.ts"

/** A key, the caller that sent it and the route that it was sent to. */
export const Scope = Schema.Struct({ caller: Schema.String, route: Schema.String, key: Schema.String })
export type Scope = typeof Scope.Type

/** A reply that is kept for repeats. */
export interface Reply {
  readonly status: number
  readonly location: string | null
  readonly body: string
}

/** The outcome of reserving a key. */
export type Reservation =
  /** The caller holds the key now. `firstSeen` is when a request with it came first, in epoch milliseconds. */
  | { readonly _tag: "Reserved"; readonly firstSeen: number }
  /** The request was handled: this is its reply. */
  | { readonly _tag: "Replay"; readonly reply: Reply }
  /** Another request with the key is being handled. */
  | { readonly _tag: "InFlight" }
  /** The key was used with another request. */
  | { readonly _tag: "Mismatch" }

/** How long a reservation holds without being renewed, in seconds; then its holder counts as dead. */
export const HOLD_SECONDS = 30
/** How long a reply is kept, in hours (api.md, "Idempotency-Key"). */
export const KEEP_HOURS = 24
/** How many rows are pruned at once. */
const PRUNE_BATCH = 1_000

const Taking = Schema.Struct({ ...Scope.fields, fingerprint: Schema.String })

/** The keys of one service. */
export class IdempotencyRepo extends Context.Service<IdempotencyRepo, {
  /** Reserves the key for a request of this fingerprint, unless another holds it or a reply is kept. */
  reserve(scope: Scope, fingerprint: string): Effect.Effect<Reservation>
  /** Holds the reservation for another HOLD_SECONDS. */
  renew(scope: Scope): Effect.Effect<void>
  /** Keeps the reply, which ends the reservation. */
  keep(scope: Scope, reply: Reply): Effect.Effect<void>
  /** Ends the reservation without a reply. `forget` also forgets when the key was first seen: the request changed nothing. */
  release(scope: Scope, forget: boolean): Effect.Effect<void>
  /** Removes up to PRUNE_BATCH rows past their time; how many it removed. */
  prune(): Effect.Effect<number>
}>()("edge/IdempotencyRepo") {
  static readonly layer = Layer.effect(
    IdempotencyRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const where = (s: Scope) => sql`caller = ${s.caller} and route = ${s.route} and key = ${s.key}`
      const find = SqlSchema.findOneOption({
        Request: Scope,
        Result: Row,
        execute: (scope) => sql`select *, false as mine from idempotency_keys where ${where(scope)}`,
      })
      // a key that is new, whose holder died, or that is past its time; of two at once the row's lock lets one through
      const take = SqlSchema.findOneOption({
        Request: Taking,
        Result: Row,
        execute: ({ caller, fingerprint, key, route }) =>
          sql`insert into idempotency_keys as k (caller, route, key, fingerprint, first_seen, locked_until, expires_at)
              values (${caller}, ${route}, ${key}, ${fingerprint}, date_trunc('milliseconds', now()),
                now() + make_interval(secs => ${HOLD_SECONDS}), now() + make_interval(hours => ${KEEP_HOURS}))
              on conflict (caller, route, key) do update set
                locked_until = excluded.locked_until, expires_at = excluded.expires_at,
                fingerprint = excluded.fingerprint,
                first_seen = case when k.expires_at < now() then excluded.first_seen else k.first_seen end,
                reply_status = null, reply_location = null, reply_body = null
              where k.expires_at < now()
                or (k.reply_status is null and k.locked_until < now() and k.fingerprint = excluded.fingerprint)
              returning *, true as mine`,
      })
      const prune = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ n: Schema.Int }),
        execute: () =>
          sql`with gone as (delete from idempotency_keys where ctid = any (array(
                select ctid from idempotency_keys where expires_at < now() limit ${PRUNE_BATCH})) returning 1)
              select count(*)::int as n from gone`,
      })
      const reserve = Effect.fnUntraced(function* (scope: Scope, fingerprint: string) {
        const taken = yield* take({ ...scope, fingerprint })
        const row = Option.isSome(taken) ? taken : yield* find(scope)
        return Option.isNone(row) ? { _tag: "InFlight" as const } : reservationOf(row.value, fingerprint)
      })
      return IdempotencyRepo.of({
        reserve: (scope, fingerprint) => Effect.orDie(reserve(scope, fingerprint)),
        renew: (scope) =>
          Effect.orDie(Effect.asVoid(
            sql`update idempotency_keys set locked_until = now() + make_interval(secs => ${HOLD_SECONDS})
                where ${where(scope)}`,
          )),
        keep: (scope, reply) =>
          Effect.orDie(Effect.asVoid(
            sql`update idempotency_keys set reply_status = ${reply.status}, reply_location = ${reply.location},
                  reply_body = ${reply.body} where ${where(scope)}`,
          )),
        release: (scope, forget) =>
          Effect.orDie(Effect.asVoid(
            forget
              ? sql`delete from idempotency_keys where ${where(scope)}`
              : sql`update idempotency_keys set locked_until = now() where ${where(scope)}`,
          )),
        prune: () => Effect.orDie(Effect.map(prune(undefined), ({ n }) => n)),
      })
    }),
  )

  /** For a catalog without a database, and for it alone: the same rules over a map. */
  static readonly layerMemory = Layer.sync(IdempotencyRepo, () => {
    interface Kept {
      fingerprint: string
      firstSeen: number
      lockedUntil: number
      expiresAt: number
      reply: Reply | undefined
    }
    const rows = new Map<string, Kept>()
    const nameOf = ({ caller, key, route }: Scope) => JSON.stringify([caller, route, key])
    const change = (scope: Scope, how: (row: Kept, now: number) => void) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const row = rows.get(nameOf(scope))
        if (row !== undefined) how(row, now)
      })
    return IdempotencyRepo.of({
      reserve: (scope, fingerprint) =>
        Effect.map(Clock.currentTimeMillis, (now): Reservation => {
          const row = rows.get(nameOf(scope))
          const old = row === undefined || row.expiresAt < now
          if (!old && row.fingerprint !== fingerprint) return { _tag: "Mismatch" }
          if (!old && row.reply !== undefined) return { _tag: "Replay", reply: row.reply }
          if (!old && row.lockedUntil >= now) return { _tag: "InFlight" }
          const firstSeen = old ? now : row.firstSeen
          const [lockedUntil, expiresAt] = [now + HOLD_SECONDS * 1000, now + KEEP_HOURS * 3_600_000]
          rows.set(nameOf(scope), { fingerprint, firstSeen, lockedUntil, expiresAt, reply: undefined })
          return { _tag: "Reserved", firstSeen }
        }),
      renew: (scope) => change(scope, (row, now) => row.lockedUntil = now + HOLD_SECONDS * 1000),
      keep: (scope, reply) => change(scope, (row) => row.reply = reply),
      release: (scope, forget) =>
        forget ? Effect.sync(() => void rows.delete(nameOf(scope))) : change(scope, (row) => row.lockedUntil = 0),
      prune: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const gone = [...rows].filter(([, row]) => row.expiresAt < now)
          for (const [name] of gone) rows.delete(name)
          return gone.length
        }),
    })
  })
}

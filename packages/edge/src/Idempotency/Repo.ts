/** Where Idempotency-Keys and their replies are kept. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** Whose key, on which route. */
export interface Scope {
  readonly caller: string
  readonly route: string
  readonly key: string
}

/** A kept reply. */
export interface Reply {
  readonly status: number
  readonly location: string | null
  readonly body: string
}

/** What a reservation comes back with. */
export type Reservation =
  | { readonly _tag: "Reserved"; readonly firstSeen: number }
  | { readonly _tag: "Replay"; readonly reply: Reply }
  | { readonly _tag: "InFlight" }
  | { readonly _tag: "Mismatch" }

/** How long a reservation holds unless it is renewed, in seconds; then its holder counts as dead. */
export const HOLD_SECONDS = 30
/** How long a reply is kept, in hours (api.md, "Idempotency-Key"). */
export const KEEP_HOURS = 24

/** The keys of one service. */
export class IdempotencyRepo extends Context.Service<IdempotencyRepo, {
  /** Takes the key for a request of this fingerprint, unless another holds it or a reply is kept. */
  reserve(scope: Scope, fingerprint: string): Effect.Effect<Reservation>
  /** Goes on holding it. */
  renew(scope: Scope): Effect.Effect<void>
  /** Keeps the reply. */
  keep(scope: Scope, reply: Reply): Effect.Effect<void>
  /** Gives the key up; `forget` also forgets when it was first seen, after a request that changed nothing. */
  release(scope: Scope, forget: boolean): Effect.Effect<void>
  /** Removes what is past its time; how many rows went. */
  prune(): Effect.Effect<number>
}>()("edge/IdempotencyRepo") {
  static readonly layerPg = Layer.effect(
    IdempotencyRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const Row = Schema.Struct({
        fingerprint: Schema.String,
        first_seen: Schema.Date,
        reply_status: Schema.NullOr(Schema.Int),
        reply_location: Schema.NullOr(Schema.String),
        reply_body: Schema.NullOr(Schema.String),
        mine: Schema.Boolean,
      })
      const find = SqlSchema.findOneOption({
        Request: Schema.Any,
        Result: Row,
        execute: (s: Scope) =>
          sql`select *, false as mine from idempotency_keys
              where caller = ${s.caller} and route = ${s.route} and key = ${s.key}`,
      })
      // taken when it is new, when its holder died, or when it is past its time: the row's lock decides between two
      const take = SqlSchema.findOneOption({
        Request: Schema.Any,
        Result: Row,
        execute: ([s, fingerprint]: [Scope, string]) =>
          sql`insert into idempotency_keys as k (caller, route, key, fingerprint, first_seen, locked_until, expires_at)
              values (${s.caller}, ${s.route}, ${s.key}, ${fingerprint}, date_trunc('milliseconds', now()),
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
      const reserve = Effect.fnUntraced(function* (scope: Scope, fingerprint: string) {
        const taken = yield* take([scope, fingerprint])
        const row = taken._tag === "Some" ? taken : yield* find(scope)
        return row._tag === "None" ? { _tag: "InFlight" as const } : reservationOf(row.value, fingerprint)
      })
      const where = (s: Scope) => sql`caller = ${s.caller} and route = ${s.route} and key = ${s.key}`
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
        prune: () =>
          Effect.orDie(Effect.map(
            sql`with gone as (delete from idempotency_keys where ctid = any (array(
                  select ctid from idempotency_keys where expires_at < now() limit 1000)) returning 1)
                select count(*)::int as n from gone`,
            (rows) => Number(rows[0]!.n),
          )),
      })
    }),
  )

  static readonly layerMemory = Layer.sync(IdempotencyRepo, () => {
    const rows = new Map<string, {
      fingerprint: string
      firstSeen: number
      lockedUntil: number
      expiresAt: number
      reply: Reply | undefined
    }>()
    const nameOf = (s: Scope) => JSON.stringify([s.caller, s.route, s.key])
    return IdempotencyRepo.of({
      reserve: (scope, fingerprint) =>
        Effect.map(Clock.currentTimeMillis, (now): Reservation => {
          const row = rows.get(nameOf(scope))
          const old = row === undefined || row.expiresAt < now
          if (!old && row.fingerprint !== fingerprint) return { _tag: "Mismatch" }
          if (!old && row.reply !== undefined) return { _tag: "Replay", reply: row.reply }
          if (!old && row.lockedUntil >= now) return { _tag: "InFlight" }
          const firstSeen = old ? now : row.firstSeen
          rows.set(nameOf(scope), {
            fingerprint,
            firstSeen,
            lockedUntil: now + HOLD_SECONDS * 1000,
            expiresAt: now + KEEP_HOURS * 3_600_000,
            reply: undefined,
          })
          return { _tag: "Reserved", firstSeen }
        }),
      renew: (scope) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const row = rows.get(nameOf(scope))
          if (row !== undefined) row.lockedUntil = now + HOLD_SECONDS * 1000
        }),
      keep: (scope, reply) =>
        Effect.sync(() => {
          const row = rows.get(nameOf(scope))
          if (row !== undefined) row.reply = reply
        }),
      release: (scope, forget) =>
        Effect.sync(() => {
          const row = rows.get(nameOf(scope))
          if (forget) rows.delete(nameOf(scope))
          else if (row !== undefined) row.lockedUntil = 0
        }),
      prune: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const gone = [...rows].filter(([, row]) => row.expiresAt < now)
          for (const [name] of gone) rows.delete(name)
          return gone.length
        }),
    })
  })
}

const reservationOf = (
  row: {
    readonly mine: boolean
    readonly fingerprint: string
    readonly first_seen: Date
    readonly reply_status: number | null
    readonly reply_location: string | null
    readonly reply_body: string | null
  },
  fingerprint: string,
): Reservation => {
  if (row.mine) return { _tag: "Reserved", firstSeen: row.first_seen.getTime() }
  if (row.fingerprint !== fingerprint) return { _tag: "Mismatch" }
  if (row.reply_status === null) return { _tag: "InFlight" }
  return {
    _tag: "Replay",
    reply: { status: row.reply_status, location: row.reply_location, body: row.reply_body ?? "" },
  }
}

/** The storage of Idempotency-Keys and their replies. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { gather } from "../Pg/Gather.ts"
import { KEEP_HOURS, reservationOf, Row } from "./Row.ts"
import { type KeptReply, KeyTaken } from "./WithWork.ts"

/** A key, the caller that sent it and the route that it was sent to. */
export const Scope = Schema.Struct({ caller: Schema.String, route: Schema.String, key: Schema.String })
export type Scope = typeof Scope.Type

/** What tells one request from another. Two are the same when either of the prints is. */
export const Prints = Schema.Struct({
  /** Of the url and the body as they were sent: what 0.2.0 stores and compares. */
  sent: Schema.String,
  /** Of the decoded url and the canonical body (RFC 8785). */
  canonical: Schema.String,
})
export type Prints = typeof Prints.Type

/** A key that is held by this request: another that takes it over after its time has another holder. */
export interface Held extends Scope {
  readonly holder: string
}

/** A reply that is kept for repeats. */
export interface Reply {
  readonly status: number
  readonly location: string | null
  readonly body: string
}

/** The outcome of reserving a key. */
export type Reservation =
  /** The request holds the key now. `firstSeen` is when a request with it came first, in epoch milliseconds. */
  | { readonly _tag: "Reserved"; readonly firstSeen: number; readonly holder: string }
  /** The request was handled: this is its reply. */
  | { readonly _tag: "Replay"; readonly reply: Reply }
  /** Another request with the key is being handled. */
  | { readonly _tag: "InFlight" }
  /** The key was used with another request. */
  | { readonly _tag: "Mismatch" }

/** How long a reservation holds without being renewed, in seconds; then its holder counts as dead. */
export const HOLD_SECONDS = 30
/** How many rows are pruned at once. */
const PRUNE_BATCH = 1_000

/** A reservation that is asked for. */
interface Taking extends Scope, Prints {
  readonly holder: string
}

/** A reply to keep. */
interface Keeping extends Held, Reply {}

const nameOf = ({ caller, key, route }: Scope) => JSON.stringify([caller, route, key])

/** As JSON, in one order, so that two statements that lock some of the same rows wait for each other one way only. */
const inOrder = (all: ReadonlyArray<Scope>): string =>
  JSON.stringify([...all].sort((a, b) => nameOf(a) < nameOf(b) ? -1 : 1))

/** From this length on a reply is kept by a statement of its own, in characters. */
const LARGE = 64 * 1024

/** The keys of one service. */
export class IdempotencyRepo extends Context.Service<IdempotencyRepo, {
  /** Reserves the key for a request of these prints, unless another holds it or a reply is kept. */
  reserve(scope: Scope, prints: Prints): Effect.Effect<Reservation>
  /** Holds the reservation for another HOLD_SECONDS. Nothing when another request has taken the key over, as below. */
  renew(held: Held): Effect.Effect<void>
  /** Keeps the reply, which ends the reservation. */
  keep(held: Held, reply: Reply): Effect.Effect<void>
  /** Ends the reservation without a reply. `forget` also forgets when the key was first seen: the request changed nothing. */
  release(held: Held, forget: boolean): Effect.Effect<void>
  /** Takes a key that nobody has and keeps its reply, inside the caller's transaction; dies of KeyTaken when it is there. */
  take(kept: KeptReply): Effect.Effect<void>
  /** Removes up to PRUNE_BATCH rows past their time; how many it removed. */
  prune(): Effect.Effect<number>
}>()("edge/IdempotencyRepo") {
  static readonly layer = Layer.effect(
    IdempotencyRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const where = (s: Scope) => sql`caller = ${s.caller} and route = ${s.route} and key = ${s.key}`
      // fenced: whoever outlasted its reservation must not touch what its successor holds or has kept
      const held = (h: Held) => sql`${where(h)} and holder = ${h.holder}::uuid and reply_status is null`
      const find = SqlSchema.findAll({
        Request: Schema.String,
        Result: Row,
        execute: (scopes) =>
          sql`select k.* from json_to_recordset(${scopes}::json) as x (caller text, route text, key text)
              join idempotency_keys k on (k.caller, k.route, k.key) = (x.caller, x.route, x.key)`,
      })
      // keys that are new, whose holder died, or that are past their time; of two at once the row's lock lets one through
      const take = SqlSchema.findAll({
        Request: Schema.String,
        Result: Row,
        execute: (all) =>
          sql`insert into idempotency_keys as k (caller, route, key, fingerprint, canonical, holder, first_seen,
                locked_until, expires_at)
              select caller, route, key, sent, canonical, holder, date_trunc('milliseconds', now()),
                now() + make_interval(secs => ${HOLD_SECONDS}), now() + make_interval(hours => ${KEEP_HOURS})
              from json_to_recordset(${all}::json)
                as x (caller text, route text, key text, sent text, canonical text, holder uuid)
              on conflict (caller, route, key) do update set
                locked_until = excluded.locked_until, expires_at = excluded.expires_at,
                fingerprint = excluded.fingerprint, canonical = excluded.canonical, holder = excluded.holder,
                first_seen = case when k.expires_at < now() then excluded.first_seen else k.first_seen end,
                reply_status = null, reply_location = null, reply_body = null
              where k.expires_at < now()
                or (k.reply_status is null and k.locked_until < now()
                  and (k.fingerprint = excluded.fingerprint or k.canonical = excluded.canonical))
              returning *`,
      })
      const takeWith = SqlSchema.findOneOption({
        Request: Schema.String,
        Result: Schema.Struct({ key: Schema.String }),
        execute: (kept) =>
          sql`insert into idempotency_keys (caller, route, key, fingerprint, canonical, holder, first_seen,
                locked_until, expires_at, reply_status, reply_location, reply_body)
              select caller, route, key, sent, canonical, holder, first_seen, now(),
                now() + make_interval(hours => hours), status, location, body
              from json_to_record(${kept}::json) as x (caller text, route text, key text, sent text, canonical text,
                holder uuid, first_seen timestamptz, hours integer, status integer, location text, body text)
              on conflict (caller, route, key) do nothing returning key`,
      })
      const prune = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ n: Schema.Int }),
        execute: () =>
          sql`with gone as (delete from idempotency_keys where ctid = any (array(
                select ctid from idempotency_keys where expires_at < now() limit ${PRUNE_BATCH})) returning 1)
              select count(*)::int as n from gone`,
      })
      const reserveAll = Effect.fnUntraced(function* (all: ReadonlyArray<Taking>) {
        const taken = yield* take(inOrder(all))
        const others = all.filter(({ holder }) => !taken.some((row) => row.holder === holder))
        const found = others.length === 0 ? [] : yield* find(inOrder(others))
        const rows = new Map([...taken, ...found].map((row) => [nameOf(row), row]))
        return all.map((one): Reservation => {
          const row = rows.get(nameOf(one))
          return row === undefined ? { _tag: "InFlight" } : reservationOf(row, one, one.holder)
        })
      })
      const keepAll = (all: ReadonlyArray<Keeping>) =>
        Effect.as(
          sql`update idempotency_keys k set reply_status = x.status, reply_location = x.location, reply_body = x.body
              from json_to_recordset(${inOrder(all)}::json) as x (caller text, route text, key text, holder uuid,
                status integer, location text, body text)
              where (k.caller, k.route, k.key) = (x.caller, x.route, x.key) and k.holder = x.holder
                and k.reply_status is null`,
          all.map(() => undefined),
        )
      const reserve = yield* gather({ ask: reserveAll, nameOf })
      const keep = yield* gather({ ask: keepAll, nameOf })
      return IdempotencyRepo.of({
        reserve: (scope, prints) => Effect.orDie(reserve({ ...scope, ...prints, holder: crypto.randomUUID() })),
        renew: (mine) =>
          Effect.orDie(Effect.asVoid(
            sql`update idempotency_keys set locked_until = now() + make_interval(secs => ${HOLD_SECONDS})
                where ${held(mine)}`,
          )),
        keep: (mine, reply) => {
          const one = { ...mine, ...reply }
          return Effect.orDie(Effect.asVoid(reply.body.length < LARGE ? keep(one) : keepAll([one])))
        },
        release: (mine, forget) =>
          Effect.orDie(Effect.asVoid(
            forget
              ? sql`delete from idempotency_keys where ${held(mine)}`
              : sql`update idempotency_keys set locked_until = now() where ${held(mine)}`,
          )),
        take: (kept) =>
          Effect.flatMap(
            Effect.orDie(takeWith(JSON.stringify(kept))),
            (taken) => Option.isSome(taken) ? Effect.void : Effect.die(new KeyTaken()),
          ),
        prune: () => Effect.orDie(Effect.map(prune(undefined), ({ n }) => n)),
      })
    }),
  )

  /** For a catalog without a database, and for it alone: the same rules over a map. */
  static readonly layerMemory = Layer.sync(IdempotencyRepo, () => {
    interface Kept {
      prints: Prints
      holder: string
      firstSeen: number
      lockedUntil: number
      expiresAt: number
      reply: Reply | undefined
    }
    const rows = new Map<string, Kept>()
    const change = (held: Held, how: (row: Kept, now: number) => void) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const row = rows.get(nameOf(held))
        if (row?.holder === held.holder && row.reply === undefined) how(row, now)
      })
    const same = (a: Prints, b: Prints) => a.sent === b.sent || a.canonical === b.canonical
    return IdempotencyRepo.of({
      reserve: (scope, prints) =>
        Effect.map(Clock.currentTimeMillis, (now): Reservation => {
          const row = rows.get(nameOf(scope))
          const old = row === undefined || row.expiresAt < now
          if (!old && !same(row.prints, prints)) return { _tag: "Mismatch" }
          if (!old && row.reply !== undefined) return { _tag: "Replay", reply: row.reply }
          if (!old && row.lockedUntil >= now) return { _tag: "InFlight" }
          const firstSeen = old ? now : row.firstSeen
          const [lockedUntil, expiresAt] = [now + HOLD_SECONDS * 1000, now + KEEP_HOURS * 3_600_000]
          const holder = crypto.randomUUID()
          rows.set(nameOf(scope), { prints, holder, firstSeen, lockedUntil, expiresAt, reply: undefined })
          return { _tag: "Reserved", firstSeen, holder }
        }),
      renew: (held) => change(held, (row, now) => row.lockedUntil = now + HOLD_SECONDS * 1000),
      keep: (held, reply) => change(held, (row) => row.reply = reply),
      take: ({ body, caller, canonical, first_seen, holder, hours, key, location, route, sent, status }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const name = nameOf({ caller, route, key })
          const row = rows.get(name)
          if (row !== undefined && row.expiresAt >= now) return Effect.die(new KeyTaken())
          rows.set(name, {
            prints: { sent, canonical },
            holder,
            firstSeen: Date.parse(first_seen),
            lockedUntil: now,
            expiresAt: now + hours * 3_600_000,
            reply: { status, location, body },
          })
          return Effect.void
        }),
      release: (held, forget) => change(held, (row) => void (forget ? rows.delete(nameOf(held)) : row.lockedUntil = 0)),
      prune: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const gone = [...rows].filter(([, row]) => row.expiresAt < now)
          for (const [name] of gone) rows.delete(name)
          return gone.length
        }),
    })
  })
}

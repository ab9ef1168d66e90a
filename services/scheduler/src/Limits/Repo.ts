/** Where limits are kept. A change and its line in the action log commit together. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type AuditLine, auditMemory, auditWrites } from "../Audit/Repo.ts"
import { Millis } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { type Limit, Store } from "../Store.ts"

/** The kinds of limit, as they are stored. */
export const LimitKind = Schema.Literals(["customer", "agent_type", "every_customer", "every_agent_type"])

/** A limit as it stands; `max_running` is null for one that was just taken away. */
export const LimitRow = Schema.Struct({
  kind: LimitKind,
  subject: Schema.String,
  max_running: Schema.NullOr(Schema.Int),
  set_by: Schema.String,
  updated_at: Millis,
})
export type LimitRow = typeof LimitRow.Type

/** What is to hold from now on; null: no limit. */
export interface LimitChange extends Pick<Limit, "kind" | "subject"> {
  readonly max_running: number | null
}

/** Limits. */
export class LimitsRepo extends Context.Service<LimitsRepo, {
  /** By kind and subject, after one. */
  list(after: readonly [kind: string, subject: string] | undefined, limit: number): Effect.Effect<
    ReadonlyArray<LimitRow>
  >
  /** Sets or removes one and logs it with what was before; all replicas are told. */
  set(change: LimitChange, line: AuditLine): Effect.Effect<LimitRow>
}>()("scheduler/LimitsRepo") {
  static readonly layerPg = Layer.effect(
    LimitsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const audit = yield* auditWrites
      const nudge = yield* Nudge
      const list = SqlSchema.findAll({
        Request: Schema.Any,
        Result: LimitRow,
        execute: ([after, limit]: [readonly [string, string], number]) =>
          sql`select * from run_limits where (kind, subject) > (${after[0]}, ${after[1]})
              order by kind, subject limit ${limit}`,
      })
      const remove = SqlSchema.findAll({
        Request: Schema.Any,
        Result: LimitRow,
        execute: ({ kind, subject }: LimitChange) =>
          sql`delete from run_limits where kind = ${kind} and subject = ${subject} returning *`,
      })
      const put = SqlSchema.findOne({
        Request: Schema.Any,
        Result: LimitRow,
        execute: ([{ kind, max_running, subject }, by]: [LimitChange, string]) =>
          sql`insert into run_limits (kind, subject, max_running, set_by, updated_at)
              values (${kind}, ${subject}, ${max_running}, ${by}, now())
              on conflict (kind, subject) do update set max_running = excluded.max_running, set_by = excluded.set_by,
                updated_at = excluded.updated_at
              returning *`,
      })
      return LimitsRepo.of({
        list: (after = ["", ""], limit) => Effect.orDie(list([after, limit])),
        set: (change, line) =>
          Effect.orDie(sql.withTransaction(Effect.gen(function* () {
            const [before] = yield* remove(change)
            const now = change.max_running === null
              ? { ...change, set_by: line.operator, updated_at: yield* Clock.currentTimeMillis }
              : yield* put([change, line.operator])
            yield* audit({ ...line, action_metadata: { ...line.action_metadata, was: before?.max_running ?? null } })
            yield* nudge.inTransaction
            return now
          }))),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    LimitsRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const audit = auditMemory(store)
      const keyOf = ({ kind, subject }: Pick<Limit, "kind" | "subject">) => JSON.stringify([kind, subject])
      return LimitsRepo.of({
        list: (after = ["", ""], limit) =>
          Effect.sync(() =>
            [...store.limits.values()]
              .filter(({ kind, subject }) => kind > after[0] || (kind === after[0] && subject > after[1]))
              .sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
              .slice(0, limit)
          ),
        set: (change, line) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const { max_running } = change
            const before = store.limits.get(keyOf(change))
            const row = { ...change, set_by: line.operator, updated_at: now }
            if (max_running === null) store.limits.delete(keyOf(change))
            else store.limits.set(keyOf(change), { ...row, max_running })
            audit({ ...line, action_metadata: { ...line.action_metadata, was: before?.max_running ?? null } }, now)
            return row
          }),
      })
    }),
  )
}

/** Goals that have fallen due: locked, and read, by one statement (`lock_due_goals`, script 271). */
import { PgClient } from "@effect/sql-pg"
import { ID_CHARS } from "@stint/domain/Bounds"
import { Frequency } from "@stint/domain/Definition"
import { subjectPattern } from "@stint/domain/Tokens"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Effect, Schema } from "effect"
import { PAUSE_LOCK } from "../../Locks.ts"
import { GoalRow, Millis } from "../../Model.ts"

/** How many customers one walk looks at; it goes on where it ended. A customer costs 5 us. */
const CUSTOMERS = 2_000

/** A goal that has fallen due, with what its decision needs. */
export const DueGoal = Schema.Struct({
  ...GoalRow.fields,
  timezone: Schema.String,
  hire_version: BigIntColumn,
  hire_changed_at: Millis,
  /** Its serial runs, open and waiting: 0, or more (not their number). */
  serial: Schema.Int,
  /** Those that wait for their turn and are not caught up: 0 or 1 (not their number). */
  waiting: Schema.Int,
  now: Millis,
})
export type DueGoal = typeof DueGoal.Type

/** A row as the client of the database reads it. */
type Unread = { readonly [Column in keyof DueGoal]: unknown }

const isId = (value: unknown) => typeof value === "string" && value.length <= ID_CHARS
const isMillis = (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime())
const isMillisOrNull = (value: unknown) => value === null || isMillis(value)
const isText = (value: unknown) => typeof value === "string"
const isInt = Number.isSafeInteger
const isVersion = (value: unknown) => typeof value === "bigint"
const frequencies: ReadonlySet<unknown> = new Set(Frequency.literals)

/** Whether it is an object of JSON without others in it, as the schedule of a goal is. */
const isFlat = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const key in value) {
    const one = (value as Record<string, unknown>)[key]
    if (typeof one !== "string" && typeof one !== "boolean" && one !== null && !Number.isFinite(one)) return false
  }
  return true
}

const millisOf = (value: unknown) => (value as Date).getTime()
const millisOrNull = (value: unknown) => value === null ? null : millisOf(value)

/** What `DueGoal` makes of a row, at a tenth of its cost; undefined of one that is not plainly what it says. */
export const quickly = (row: Unread): DueGoal | undefined =>
  isId(row.goal_instance_id) && isId(row.hired_instance_id) && isText(row.customer_id) &&
    subjectPattern.test(row.customer_id as string) && isVersion(row.version) && isMillis(row.changed_at) &&
    typeof row.enabled === "boolean" && frequencies.has(row.frequency) && isFlat(row.schedule) &&
    (row.default_at === null || isText(row.default_at)) && isMillis(row.next_slot) && isMillisOrNull(row.due_at) &&
    isMillisOrNull(row.decided_until) && isMillisOrNull(row.replan_until) && isText(row.timezone) &&
    isVersion(row.hire_version) && isMillis(row.hire_changed_at) && isInt(row.serial) && isInt(row.waiting) &&
    isMillis(row.now)
    ? {
      goal_instance_id: row.goal_instance_id,
      hired_instance_id: row.hired_instance_id,
      customer_id: row.customer_id,
      version: Number(row.version),
      changed_at: millisOf(row.changed_at),
      enabled: row.enabled,
      frequency: row.frequency,
      schedule: row.schedule,
      default_at: row.default_at,
      next_slot: millisOf(row.next_slot),
      due_at: millisOrNull(row.due_at),
      decided_until: millisOrNull(row.decided_until),
      replan_until: millisOrNull(row.replan_until),
      timezone: row.timezone,
      hire_version: Number(row.hire_version),
      hire_changed_at: millisOf(row.hire_changed_at),
      serial: row.serial,
      waiting: row.waiting,
      now: millisOf(row.now),
    } as DueGoal
    : undefined

/** A row of the function. */
interface Locked {
  readonly locked: number
  readonly walk_on: string
  readonly goal_instance_id: string | null
}

/**
 * Locks up to so many due goals that nobody else has locked: the longest due, and, when there are more, some of every customer. It
 * takes the pause lock, and parks those that are paused. How many were locked, and those that are not paused; one that can't be
 * read has its key and slot alone. It is to be run inside the caller's transaction.
 */
export const lockDue = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const quick = (raw: object) => {
    const row = quickly(raw as Unread)
    return row && { key: row as typeof row & { readonly next_slot: number }, row }
  }
  const decode = decodeEach({
    what: "goals",
    Key: Schema.Struct({ goal_instance_id: Schema.String, next_slot: Millis }),
    Result: DueGoal,
    quick,
  })
  let cursor = ""
  return Effect.fnUntraced(function* (limit: number) {
    const rows: ReadonlyArray<Locked> = yield* sql<
      Locked
    >`select * from lock_due_goals(${PAUSE_LOCK}::bigint, ${limit}::int, ${cursor}::varchar, ${CUSTOMERS}::int)`
    const { locked, walk_on } = rows[0]!
    cursor = walk_on
    return { locked, goals: yield* decode(rows.filter((row) => row.goal_instance_id !== null)) }
  })
})

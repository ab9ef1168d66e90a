/** Whom a version of an agent type would break, and moving hires to one (domain.md, "Definitions in use"). */
import type { Action } from "@stint/domain/ActionLog"
import { Bounds } from "@stint/domain/Bounds"
import type { CurrentCaller } from "@stint/domain/Caller"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import type {
  Break,
  CheckRequest,
  DefinitionCheck,
  Migrated,
  Migration,
  SkippedHire,
} from "@stint/domain/hiring/DefinitionsInUse"
import type { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import { HiredInstanceId } from "@stint/domain/Ids"
import type { InvalidRequest, Unavailable } from "@stint/domain/Problem"
import { operatorsLines } from "@stint/edge/ActionLog"
import { IdSeed } from "@stint/edge/Ids"
import { cursorId, cursorOf, decodeCursor, DEFAULT_LIMIT, type Entry, pageOf, type Taken } from "@stint/edge/Paging"
import { Clock, Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Catalog } from "./Clients.ts"
import { breaksOf, configStands, type Faulty, migrate, skippedFor } from "./DefinitionsInUse/Policy.ts"
import { DefinitionsInUseRepo, type GoalPlace, type Live } from "./DefinitionsInUse/Repo.ts"
import { type Amendment, amendmentOf } from "./Engagements/Amendment.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { HireKey } from "./Engagements/Repo/Hires.ts"
import type { Engagement, GoalRow, HireRow } from "./Engagements/Row.ts"
import { goalFaults } from "./Hires/Policy.ts"

/** How many goals are read at once: a page of hires ends where their goals are more, or too large. */
const GOALS = 1_000
/** How many hires one transaction moves. */
const BATCH = 20
/** How many hires a migration looks at before it answers, and for how long it goes on, in milliseconds. */
const LOOKED = 1_000
const WORKS_MS = 5_000

/** Whom a definition concerns. */
export class DefinitionsInUse extends Context.Service<DefinitionsInUse, {
  /** A page of the live hires of the definition's type, by id: what would not hold under it. It only reads. */
  check(request: CheckRequest): Effect.Effect<DefinitionCheck, InvalidRequest>
  /** Moves live hires to a published version, in batches of one transaction each; with `dry_run` it only says which. */
  migrate(migration: Migration): Effect.Effect<Migrated, AgentTypeUnknown | InvalidRequest | Unavailable, CurrentCaller>
}>()("hiring/DefinitionsInUse") {
  static readonly layer = Layer.effect(
    DefinitionsInUse,
    Effect.gen(function* () {
      return DefinitionsInUse.of({ check: yield* checking, migrate: yield* migrating })
    }),
  )
}

const placeOf = decodeCursor(cursorId("HAI"))

/** A hire that was held to a definition. */
interface Looked {
  readonly hire: HireRow
  readonly faulty: ReadonlyArray<Faulty>
  /** A goal of it can't be read: nobody knows whether it holds. */
  readonly isUnread: boolean
}

/** Goals by hire; undefined stands for one that can't be read. */
type GoalsOf = ReadonlyMap<string, ReadonlyArray<GoalRow | undefined>>

/** Holds live hires to a definition, storing nothing. A page of them ends early where their goals are many. */
const looking = Effect.gen(function* () {
  const repo = yield* DefinitionsInUseRepo
  const bounds = yield* Bounds

  /** All goals of the hires, or of those before the first whose goals were not all read. The first hire's are always read. */
  const goalsOf = Effect.fnUntraced(function* (hires: ReadonlyArray<string>) {
    const goals = new Map<string, Array<GoalRow | undefined>>()
    let after: GoalPlace | undefined
    while (true) {
      const { entries, more } = yield* repo.goals(hires, { after, limit: GOALS })
      for (const { key, row } of entries) {
        goals.set(key.hired_instance_id, [...goals.get(key.hired_instance_id) ?? [], row])
      }
      after = entries.at(-1)?.key
      if (after === undefined || !(more || entries.length === GOALS)) return { goals, whole: hires.length }
      const whole = hires.indexOf(after.hired_instance_id)
      if (whole > 0) return { goals, whole }
    }
  })

  const faultyOf = Effect.fnUntraced(function* (definition: AgentTypeDefinition, hire: HireRow, goals: GoalsOf) {
    const config = configStands(definition, hire, bounds)
    const faulty: Array<Faulty> = config.length === 0 ? [] : [{ faults: config }]
    const all = goals.get(hire.hired_instance_id) ?? []
    for (const goal of all) {
      // Other requests go on between two goals: there may be a thousand, with settings of 64 KiB each
      yield* Effect.yieldNow
      const faults = goal === undefined ? [] : goalFaults(definition, goal, bounds)
      if (goal !== undefined && faults.length > 0) faulty.push({ goal_instance_id: goal.goal_instance_id, faults })
    }
    const looked: Looked = { hire, faulty, isUnread: all.includes(undefined) }
    return looked
  })

  return Effect.fnUntraced(function* (
    definition: AgentTypeDefinition,
    live: Live,
    after: string | undefined,
    limit: number,
  ) {
    const hires = yield* repo.hires(live, { after, limit: limit + 1 })
    const page = hires.entries.slice(0, limit)
    const { goals, whole } = yield* goalsOf(page.map(({ key }) => key.hired_instance_id))
    const entries: Array<Entry<Looked, HireKey>> = []
    for (const { key, row } of page.slice(0, whole)) {
      entries.push({ key, row: row && (yield* faultyOf(definition, row, goals)) })
    }
    const taken: Taken<Looked, HireKey> = {
      what: hires.what,
      entries,
      more: hires.more || hires.entries.length > limit || whole < page.length,
    }
    return taken
  })
})

const checking = Effect.gen(function* () {
  const look = yield* looking
  const bounds = yield* Bounds
  return Effect.fn("DefinitionsInUse.check")(function* ({ cursor, definition, limit = DEFAULT_LIMIT }: CheckRequest) {
    const taken = yield* look(definition, { agent_id: definition.agent_type_id }, yield* placeOf(cursor), limit)
    const page = yield* pageOf(
      taken,
      limit,
      (key) => key.hired_instance_id,
      ({ faulty, hire, isUnread }) => ({ breaks: breaksOf(hire, faulty, bounds), isUnread }),
    )
    const unreadable = (page.unreadable ?? 0) + page.items.filter(({ isUnread }) => isUnread).length
    return {
      breaks: page.items.flatMap(({ breaks }): ReadonlyArray<Break> => breaks),
      holds: page.items.filter(({ breaks, isUnread }) => breaks.length === 0 && !isUnread).length,
      next_cursor: page.next_cursor,
      ...unreadable === 0 ? {} : { unreadable },
    }
  })
})

const idOf = Schema.decodeUnknownOption(HiredInstanceId)

/** The report of a hire that can't be read; none where its id is no id, which the log alone has. */
const unread = (id: string): ReadonlyArray<SkippedHire> =>
  Option.toArray(idOf(id)).map((hired_instance_id) => ({
    hired_instance_id,
    errors: [{ path: "$", message: "it, or one of its goals, can't be read" }],
  }))

/** What a step of a migration came to. */
interface Step {
  readonly moved: ReadonlyArray<HiredInstanceId>
  readonly skipped: ReadonlyArray<SkippedHire>
  /** How many were looked at, and the last of them; undefined when there was none. */
  readonly looked: number
  readonly last: string | undefined
  readonly more: boolean
}

/** Moves these hires in one transaction; those that would not hold any more are skipped, and those that ended left out. */
const moving = Effect.gen(function* () {
  const engagements = yield* EngagementsRepo
  const bounds = yield* Bounds
  const operatorsLine = yield* operatorsLines<Action>()
  return Effect.fnUntraced(function* (definition: AgentTypeDefinition, hires: ReadonlyArray<HiredInstanceId>) {
    const moved: Array<HiredInstanceId> = []
    const skipped: Array<SkippedHire> = []
    if (hires.length === 0) return { moved, skipped }
    const { agent_type_id: agent_id, version: to_version } = definition
    // A repeated request may move other hires than its first try did, so its lines have ids of their own
    const line = yield* Effect.provideService(
      operatorsLine("hires_migrate", { agent_id, to_version }),
      IdSeed,
      undefined,
    )
    const now = yield* DateTime.now
    const outcomes = yield* engagements.amendEach(
      hires,
      (engagement: Engagement): Result.Result<Amendment, ReadonlyArray<Faulty>> =>
        Result.map(
          migrate(definition, engagement, { now, bounds }),
          (decision) => amendmentOf(engagement, decision, now),
        ),
      (stored) => {
        if (line === undefined || stored.length === 0) return undefined
        const hired_instance_ids = stored.flatMap(({ before }) => before.hire?.hired_instance_id ?? [])
        return { ...line, action_metadata: { ...line.action_metadata, hired_instance_ids } }
      },
    )
    for (const { id, outcome } of outcomes) {
      if (outcome === undefined) skipped.push(...unread(id))
      else if (Result.isSuccess(outcome)) moved.push(id)
      else if (outcome.failure.length > 0) {
        skipped.push(skippedFor({ hired_instance_id: id }, outcome.failure, bounds))
      }
    }
    return { moved, skipped }
  })
})

/** Looks at the next hires, and moves those that hold unless it is a dry run. */
const stepping = Effect.gen(function* () {
  const look = yield* looking
  const move = yield* moving
  const bounds = yield* Bounds
  return Effect.fnUntraced(function* (
    definition: AgentTypeDefinition,
    after: string | undefined,
    limit: number,
    dry_run: boolean,
  ) {
    const { agent_type_id: agent_id, version: notAt } = definition
    // Without a lock: what can't be read must not reach the transaction, which it would end
    const { entries, more } = yield* look(definition, { agent_id, notAt }, after, limit)
    const hold: Array<HiredInstanceId> = []
    const skipped: Array<SkippedHire> = []
    for (const { key, row } of entries) {
      if (row === undefined || row.isUnread) skipped.push(...unread(key.hired_instance_id))
      else if (row.faulty.length > 0) skipped.push(skippedFor(row.hire, row.faulty, bounds))
      else hold.push(row.hire.hired_instance_id)
    }
    const done = dry_run ? { moved: hold, skipped: [] } : yield* move(definition, hold)
    const step: Step = {
      moved: done.moved,
      skipped: [...skipped, ...done.skipped],
      looked: entries.length,
      last: entries.at(-1)?.key.hired_instance_id,
      more,
    }
    return step
  })
})

const migrating = Effect.gen(function* () {
  const catalog = yield* Catalog
  const step = yield* stepping
  // Well below what an answer may have: a step of reports comes on top
  const room = (yield* Bounds).answer_bytes / 4

  return Effect.fn("DefinitionsInUse.migrate")(function* ({ agent_id, cap, cursor, dry_run, to_version }: Migration) {
    let after = yield* placeOf(cursor)
    const definition = yield* catalog.version(agent_id, to_version)
    const hired_instance_ids: Array<HiredInstanceId> = []
    const skipped: Array<SkippedHire> = []
    let [looked, bytes, more] = [0, 0, true]
    const until = (yield* Clock.currentTimeMillis) + WORKS_MS
    while (more && hired_instance_ids.length < cap && looked < LOOKED && bytes < room) {
      if (looked > 0 && (yield* Clock.currentTimeMillis) > until) break
      const one = yield* step(definition, after, Math.min(BATCH, cap - hired_instance_ids.length), dry_run)
      hired_instance_ids.push(...one.moved)
      skipped.push(...one.skipped)
      looked += one.looked
      bytes += JSON.stringify(one.skipped).length
      after = one.last ?? after
      more = one.more && one.last !== undefined
    }
    const next_cursor = more && after !== undefined ? cursorOf(after) : null
    return { moved: hired_instance_ids.length, hired_instance_ids, skipped, next_cursor }
  })
})

/**
 * `stint db reconcile`: compares the services' databases, as after one of them was restored to an earlier moment, and mends
 * what differs. Nothing is acted on twice: a run that is made again has its old key, so that a stored draft is its answer.
 */
import { PgClient } from "@effect/sql-pg"
import { modelDefinitions, shippedDefinitions } from "@stint/domain/Shipped"
import { MigrationError } from "@stint/edge/Migrator"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { postgresWords } from "@stint/edge/Pg/SqlErrors"
import { lookAgain } from "@stint/edge/Schedules"
import { Effect, Option } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlError } from "effect/sql"
import type { ServiceName } from "../Stack/Settings.ts"
import { type Clients, compare, type Difference, differs, type Kind, kinds, lasting } from "./Reconcile/Compare.ts"
import { deliverablesReads, schedulerReads } from "./Reconcile/Repo.ts"
import { deliverablesMends, hiringMends, schedulerMends } from "./Reconcile/Repo/Mend.ts"
import type { Target } from "./Targets.ts"

/** Between the two looks of a comparison, in milliseconds: what changes meanwhile is under way and no difference. */
const APART = 2_000
/** How long the running services are given to read a snapshot, in milliseconds. */
const PATIENCE = 60_000
/** How many runs one statement mends. */
const BATCH = 500

/** Says a line. */
export type Say = (line: string) => void

/** How the databases stand. */
export interface Reconciled {
  /** What still differs; nothing when all was mended. */
  readonly left: ReadonlyArray<Difference>
}

const ofKind = (found: ReadonlyArray<Difference>, ...wanted: ReadonlyArray<Kind>) =>
  found.filter(({ kind }) => wanted.includes(kind))

/** Both followers begin again from a snapshot; whether they have, within PATIENCE. */
const beginAgain = (clients: Clients, say: Say) =>
  Effect.gen(function* () {
    yield* schedulerMends(clients.scheduler).forgetCursor
    yield* deliverablesMends(clients.deliverables).forgetCursor
    yield* hiringMends(clients.hiring).wakeFollowers
    say("the scheduler and deliverables begin again from a snapshot of hiring")
    const reads = [schedulerReads(clients.scheduler).cursor, deliverablesReads(clients.deliverables).cursor]
    const isDone = Effect.map(
      Effect.all(reads.map((cursor) => cursor())),
      (all) => all.every(([row]) => (row?.cursor ?? null) !== null),
    )
    const done = yield* isDone.pipe(
      Effect.repeat({ until: (has) => has, schedule: lookAgain }),
      Effect.timeoutOption(PATIENCE),
    )
    if (Option.isNone(done)) say("they have not done so within a minute: are they running? They do so when they start")
    return Option.isSome(done)
  })

/**
 * Runs whose draft was lost are made again; drafts whose run was lost are recorded; runs name the drafts that are stored. How
 * many runs are under way because of it.
 */
const mendRuns = (clients: Clients, found: ReadonlyArray<Difference>, say: Say) =>
  Effect.gen(function* () {
    const scheduler = schedulerMends(clients.scheduler)
    const lost = ofKind(found, "lost_drafts").map(({ id }) => id)
    let again = 0
    for (let at = 0; at < lost.length; at += BATCH) {
      again += (yield* scheduler.runAgain(lost.slice(at, at + BATCH))).length
    }
    if (lost.length > 0) {
      say(`${again} runs whose draft was lost run again, under their keys`)
      if (again < lost.length) {
        say(`${lost.length - again} of them can't: their hire may not run`)
      }
    }
    for (const { draft, id } of ofKind(found, "other_drafts")) {
      if (draft !== undefined) yield* scheduler.relink({ key: id, deliverable_id: draft.deliverable_id })
    }
    const unknown = ofKind(found, "unknown_runs").map(({ id }) => id)
    let recorded = 0
    for (let at = 0; at < unknown.length; at += BATCH) {
      const drafts = yield* deliverablesMends(clients.deliverables).draftsOf(unknown.slice(at, at + BATCH))
      recorded += (yield* scheduler.record(drafts)).length
    }
    if (unknown.length > 0) say(`${recorded} runs are recorded from their drafts`)
    return again
  })

/** How many differences of a kind are said. */
const SHOWN = 10

/** Says what differs: each kind with its number, and the first of them. */
const sayAll = (found: ReadonlyArray<Difference>, say: Say) => {
  for (const [kind, words] of Object.entries(kinds)) {
    const some = ofKind(found, kind as Kind)
    if (some.length === 0) continue
    say(`${some.length} ${words}`)
    for (const { id, what } of some.slice(0, SHOWN)) say(`  ${id}: ${what}`)
    if (some.length > SHOWN) say(`  and ${some.length - SHOWN} more`)
  }
}

/** Compares, says what differs, and mends it unless `dryRun`. */
export const reconcileWith = (clients: Clients, dryRun: boolean, say: Say): Effect.Effect<Reconciled, unknown> =>
  Effect.gen(function* () {
    let found = yield* lasting(clients, APART)
    sayAll(found, say)
    if (!found.some(differs)) {
      say("nothing differs")
      return { left: [] }
    }
    if (dryRun) return { left: found.filter(differs) }
    const begins = ofKind(found, "cursors", "hires", "goals", "drafts_of_goals").length > 0
    if (begins) {
      if (!(yield* beginAgain(clients, say))) return { left: found.filter(differs) }
      // The snapshot brings back requests to run as well, so that their runs are known again
      found = yield* lasting(clients, APART)
    }
    const again = yield* mendRuns(clients, found, say)
    const left = (yield* begins || again > 0 ? untilNoneLasts(clients) : lasting(clients, APART)).filter(differs)
    if (left.length === 0) say("nothing differs any more")
    else {
      say("what still differs:")
      sayAll(left, say)
      sayHelp(left, say)
    }
    return { left }
  })

/** The differences that stay, once runs that were put back had their time. */
const untilNoneLasts = (clients: Clients) =>
  compare(clients).pipe(
    Effect.repeat({ until: (found) => !found.some(differs), schedule: lookAgain, times: 40 }),
    Effect.flatMap((found) => !found.some(differs) ? Effect.succeed(found) : lasting(clients, APART)),
  )

/** What a person can do about what can't be mended here. */
const sayHelp = (left: ReadonlyArray<Difference>, say: Say) => {
  const shipped = new Set(
    [...shippedDefinitions, ...modelDefinitions].map((one) => `${one.agent_type_id}@${one.version}`),
  )
  const pinned = ofKind(left, "definitions")
  if (pinned.some(({ id }) => shipped.has(id))) say("npx stint db seed publishes the definitions that ship")
  if (pinned.some(({ id }) => !shipped.has(id))) {
    say("definitions of your own: publish them again, with the same content")
  }
  if (ofKind(left, "executions").length > 0) {
    say("executions: compare them with what their receivers have; no command mends them")
  }
  if (ofKind(left, "lost_drafts").length > 0) {
    say("runs whose hire may not run: reconcile again when it may, their drafts can't be made before")
  }
}

const words = (error: unknown): string =>
  SqlError.isSqlError(error) ? postgresWords(error) : error instanceof Error ? error.message : String(error)

/** Connects to the databases as their owners, and reconciles. Fails with one sentence. */
export const reconcile = (
  targets: ReadonlyArray<Target>,
  options: { readonly dryRun: boolean; readonly hasCatalog: boolean },
  say: Say,
): Effect.Effect<Reconciled, MigrationError> =>
  Effect.gen(function* () {
    const connect = (service: ServiceName) => {
      const { migrateUrl } = targets.find((target) => target.service === service)!
      const config = { ...connectionOf(migrateUrl), maxConnections: 2, applicationName: "stint db reconcile" }
      return Effect.mapError(
        PgClient.makeClient(config),
        (error) => new MigrationError({ service, reason: "unreachable", detail: words(error) }),
      )
    }
    const clients: Clients = {
      hiring: yield* connect("hiring"),
      scheduler: yield* connect("scheduler"),
      deliverables: yield* connect("deliverables"),
      catalog: options.hasCatalog ? yield* connect("catalog") : undefined,
    }
    return yield* Effect.mapError(
      reconcileWith(clients, options.dryRun, say),
      (error) => new MigrationError({ service: "hiring", reason: "unreachable", detail: words(error) }),
    )
  }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))

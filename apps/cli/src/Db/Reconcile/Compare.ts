/** Compares what the services' databases hold of one another. It reads, and writes nothing. */
import type { PgClient } from "@effect/sql-pg"
import { decode, isOlder } from "@stint/hiring/Outbox/Cursor"
import { Effect } from "effect"
import {
  catalogReads,
  deliverablesReads,
  hiringReads,
  type Made,
  PAGE,
  type Projected,
  schedulerReads,
} from "./Repo.ts"

/** A client for each service's database; without the catalog's while it keeps its rows in memory. */
export interface Clients {
  readonly hiring: PgClient.PgClient
  readonly scheduler: PgClient.PgClient
  readonly deliverables: PgClient.PgClient
  readonly catalog: PgClient.PgClient | undefined
}

/** The kinds of differences, with what each is. */
export const kinds = {
  cursors: "places in hiring's feed that it does not have: it was restored to an earlier moment",
  hires: "hires that the scheduler has otherwise than hiring",
  goals: "goals that the scheduler has otherwise than hiring",
  drafts_of_goals: "goals that deliverables has deleted or kept otherwise than hiring",
  lost_drafts: "completed runs whose draft deliverables does not have",
  other_drafts: "completed runs that name another draft than the stored one",
  unknown_runs: "drafts whose run the scheduler does not know",
  definitions: "definitions that hires are pinned to and the catalog does not have",
  executions: "executions that do not agree with their approval or deliverable",
  gone: "completed runs whose draft and goal are both gone: history, which nothing mends or needs",
} as const
export type Kind = keyof typeof kinds

/** Whether it is a difference, and not a note: what is gone on both sides is told, and leaves nothing to mend. */
export const differs = ({ kind }: Difference): boolean => kind !== "gone"

/** One difference. */
export interface Difference {
  readonly kind: Kind
  /** The hire, goal, run's key, definition or delivery. */
  readonly id: string
  readonly what: string
  /** Of a run: its draft as deliverables has it. */
  readonly draft?: Made
}

type Page<A> = (after: string) => Effect.Effect<ReadonlyArray<A>, unknown>
type ByIds<A> = (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, unknown>

/** Goes through all rows, page by page. */
const each = <A>(
  page: Page<A>,
  idOf: (row: A) => string,
  use: (rows: ReadonlyArray<A>) => Effect.Effect<void, unknown>,
) =>
  Effect.gen(function* () {
    for (let after = "";;) {
      const rows = yield* page(after)
      if (rows.length > 0) yield* use(rows)
      if (rows.length < PAGE) return
      after = idOf(rows.at(-1)!)
    }
  })

const projection = (
  kind: "hires" | "goals",
  source: { readonly page: Page<Projected>; readonly byIds: ByIds<Projected> },
  projected: { readonly page: Page<Projected>; readonly byIds: ByIds<Projected> },
) =>
  Effect.gen(function* () {
    const found: Array<Difference> = []
    const idOf = (row: Projected) => row.id
    yield* each(source.page, idOf, (rows) =>
      Effect.map(projected.byIds(rows.map(idOf)), (there) => {
        const known = new Map(there.map((row) => [row.id, row]))
        for (const { content, id, version } of rows) {
          const row = known.get(id)
          if (row === undefined) found.push({ kind, id, what: "missing in the scheduler" })
          else if (row.version > version) {
            found.push({ kind, id, what: `version ${row.version} in the scheduler, ${version} in hiring` })
          } else if (row.content !== content) {
            found.push({ kind, id, what: `older in the scheduler than version ${version}` })
          }
        }
      }))
    yield* each(projected.page, idOf, (rows) =>
      Effect.map(source.byIds(rows.map(idOf)), (there) => {
        const known = new Set(there.map(idOf))
        for (const { id } of rows) {
          if (!known.has(id)) found.push({ kind, id, what: "a ghost: hiring does not have it" })
        }
      }))
    return found
  })

const cursors = (hiring: ReturnType<typeof hiringReads>, of: Readonly<Record<string, string | null | undefined>>) =>
  Effect.gen(function* () {
    const found: Array<Difference> = []
    const [last] = yield* hiring.sequence()
    for (const [id, text] of Object.entries(of)) {
      if (text === null || text === undefined) continue
      const cursor = yield* decode(text)
      if (isOlder(cursor) || cursor.mark === null) continue
      const marks = yield* hiring.mark(cursor.position)
      const other = marks.length > 0 && marks.every(({ mark }) => mark !== cursor.mark)
      if (cursor.position > (last?.position ?? 0n) || other) {
        found.push({
          kind: "cursors",
          id,
          what: `its cursor is at ${cursor.position}, of a history that hiring does not have`,
        })
      }
    }
    return found
  })

const runs = (
  hiring: ReturnType<typeof hiringReads>,
  scheduler: ReturnType<typeof schedulerReads>,
  deliverables: ReturnType<typeof deliverablesReads>,
) =>
  Effect.gen(function* () {
    const found: Array<Difference> = []
    const keyOf = ({ key }: Made) => key
    yield* each(scheduler.completed, keyOf, (rows) =>
      Effect.gen(function* () {
        const drafts = new Map((yield* deliverables.draftsOf(rows.map(keyOf))).map((draft) => [draft.key, draft]))
        const lost = rows.filter(({ key }) => !drafts.has(key))
        const goals = new Set(
          lost.length === 0 ? [] : (yield* hiring.goalsOf(lost.map(({ goal }) => goal))).map(({ id }) => id),
        )
        for (const { deliverable_id, goal, key } of rows) {
          const draft = drafts.get(key)
          if (draft === undefined) {
            const kind = goals.has(goal) ? "lost_drafts" : "gone"
            found.push({ kind, id: key, what: `${deliverable_id} is not there` })
          } else if (draft.deliverable_id !== deliverable_id) {
            found.push({
              kind: "other_drafts",
              id: key,
              what: `${deliverable_id}; stored is ${draft.deliverable_id}`,
              draft,
            })
          }
        }
      }))
    yield* each(deliverables.drafts, keyOf, (rows) =>
      Effect.map(scheduler.runsOf(rows.map(keyOf)), (there) => {
        const known = new Set(there.map(({ id }) => id))
        for (const draft of rows) {
          if (!known.has(draft.key)) {
            found.push({ kind: "unknown_runs", id: draft.key, what: `made ${draft.deliverable_id}`, draft })
          }
        }
      }))
    return found
  })

/** All differences, as they are while it looks: what is under way between the services is among them. */
export const compare = (clients: Clients): Effect.Effect<ReadonlyArray<Difference>, unknown> =>
  Effect.gen(function* () {
    const hiring = hiringReads(clients.hiring)
    const scheduler = schedulerReads(clients.scheduler)
    const deliverables = deliverablesReads(clients.deliverables)
    const found: Array<Difference> = []
    found.push(
      ...yield* cursors(hiring, {
        scheduler: (yield* scheduler.cursor())[0]?.cursor,
        deliverables: (yield* deliverables.cursor())[0]?.cursor,
      }),
      ...yield* projection(
        "hires",
        { page: hiring.hires, byIds: hiring.hiresOf },
        { page: scheduler.hires, byIds: scheduler.hiresOf },
      ),
      ...yield* projection(
        "goals",
        { page: hiring.goals, byIds: hiring.goalsOf },
        { page: scheduler.goals, byIds: scheduler.goalsOf },
      ),
    )
    yield* each(
      deliverables.goals,
      ({ id }) => id,
      (rows) =>
        Effect.map(hiring.goalsOf(rows.map(({ id }) => id)), (there) => {
          const known = new Set(there.map(({ id }) => id))
          for (const { deleted, id } of rows) {
            if (deleted === known.has(id)) {
              const what = deleted
                ? "deleted in deliverables, there in hiring"
                : "has drafts, and hiring does not have it"
              found.push({ kind: "drafts_of_goals", id, what })
            }
          }
        }),
    )
    found.push(...yield* runs(hiring, scheduler, deliverables))
    if (clients.catalog !== undefined) {
      const pinned = (yield* hiring.definitions()).map(({ id }) => id)
      const there = new Set((yield* catalogReads(clients.catalog).definitions(pinned)).map(({ id }) => id))
      for (const id of pinned) {
        if (!there.has(id)) found.push({ kind: "definitions", id, what: "is not in the catalog" })
      }
    }
    for (const { id, what } of yield* deliverables.executions()) found.push({ kind: "executions", id, what })
    return found
  })

const textOf = ({ id, kind, what }: Difference) => `${kind} ${id} ${what}`

/**
 * The differences that stay: those that two looks, some seconds apart, both find. What the services were just telling each
 * other is not among them.
 */
export const lasting = (clients: Clients, apart: number): Effect.Effect<ReadonlyArray<Difference>, unknown> =>
  Effect.gen(function* () {
    const first = yield* compare(clients)
    if (first.length === 0) return first
    yield* Effect.sleep(apart)
    const seen = new Set(first.map(textOf))
    return (yield* compare(clients)).filter((one) => seen.has(textOf(one)))
  })

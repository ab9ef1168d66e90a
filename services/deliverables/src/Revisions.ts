/** The rules of revisions: reading them, how two differ, and what a person edits (domain.md, "Revisions"). */
import { Bounds } from "@stint/domain/Bounds"
import type { Caller } from "@stint/domain/Caller"
import { contentSha256 } from "@stint/domain/Canonical"
import {
  type Deliverable,
  type DeliverableGone,
  type DeliverableNotFound,
} from "@stint/domain/deliverables/Deliverables"
import { differences } from "@stint/domain/deliverables/Diff"
import { type Revision, type RevisionDiff, RevisionNotFound } from "@stint/domain/deliverables/Revisions"
import { MOST_REVISIONS } from "@stint/domain/deliverables/Reviews"
import type { DeliverableId } from "@stint/domain/Ids"
import { namedFaults } from "@stint/domain/FieldIssues"
import { InvalidRequest, type PreconditionFailed, type Unavailable } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery, takenOf } from "@stint/edge/Paging"
import { Conditions, whenMet } from "@stint/edge/Preconditions"
import { Context, Effect, Layer, Option, Result, Schema } from "effect"
import { Digest } from "effect/crypto"
import { Definitions } from "./Definitions.ts"
import { type Decidable, Deliverables, type Undecidable } from "./Deliverables.ts"
import { deliverableTag, hashed, shown } from "./Deliverables/Wire.ts"
import { editedDraft } from "./Revisions/Edited.ts"
import { type EditRefusal, mayEdit } from "./Revisions/Policy.ts"
import { After, RevisionsRepo } from "./Revisions/Repo.ts"
import { isOnly, onlyRevision, type RevisionRow, toRevision } from "./Revisions/Row.ts"

/** An edit of a draft: its whole payload, and the revision that was edited. */
export interface Edit {
  readonly payload: JsonObject
  readonly base_revision: number
  readonly notes?: string
}

/** Why a deliverable's revisions can't be read. */
export type Unreadable = DeliverableNotFound | DeliverableGone | Unavailable

/** Revisions of deliverables. */
export class Revisions extends Context.Service<Revisions, {
  /** The revisions, the latest first. */
  list(caller: Caller, id: DeliverableId, page: PageQuery): Effect.Effect<Page<Revision>, Unreadable | InvalidRequest>
  /** One, by its number as the path has it. */
  get(caller: Caller, id: DeliverableId, revision: string): Effect.Effect<Revision, Unreadable | RevisionNotFound>
  /** How two of them differ. */
  diff(
    caller: Caller,
    id: DeliverableId,
    numbers: { readonly from: number; readonly to: number },
  ): Effect.Effect<RevisionDiff, Unreadable | RevisionNotFound>
  /** Stores what a person wrote as the next revision. An approval of the one before counts no more. */
  edit(
    caller: Caller,
    id: DeliverableId,
    edit: Edit,
  ): Effect.Effect<Deliverable, Undecidable | EditRefusal | PreconditionFailed | InvalidRequest>
}>()("deliverables/Revisions") {
  static readonly layer = Layer.effect(
    Revisions,
    Effect.gen(function* () {
      const reads = yield* makeReads
      const edit = yield* makeEdit
      return Revisions.of({ ...reads, edit })
    }),
  )
}

const makeReads = Effect.gen(function* () {
  const repo = yield* RevisionsRepo
  const deliverables = yield* Deliverables
  const digest = yield* Digest.Digest
  const decodeAfter = decodeCursor(After)
  const encodeAfter = Schema.encodeSync(After)

  const list = Effect.fn("Revisions.list")(function* (
    caller: Caller,
    id: DeliverableId,
    { cursor, limit = DEFAULT_LIMIT }: PageQuery,
  ) {
    const row = yield* deliverables.readable(caller, id)
    const after = yield* decodeAfter(cursor)
    const before = after?.revision ?? MOST_REVISIONS + 1
    const taken = isOnly(row)
      ? takenOf(
        "revisions",
        before > 1 ? [onlyRevision(yield* hashed(row))] : [],
        ({ revision }) => ({ revision }),
      )
      : yield* repo.list(id, before, limit + 1)
    return yield* pageOf(taken, limit, encodeAfter, toRevision)
  }, Effect.provideService(Digest.Digest, digest))

  const find = Effect.fnUntraced(function* (caller: Caller, id: DeliverableId, revision: number) {
    const row = yield* deliverables.readable(caller, id)
    const found: Option.Option<RevisionRow> = !isOnly(row)
      ? yield* repo.get(id, revision)
      : revision === 1
      ? Option.some(onlyRevision(yield* hashed(row)))
      : Option.none()
    return Option.isSome(found) ? toRevision(found.value) : yield* new RevisionNotFound({
      detail: `${id} has revisions 1 to ${row.revision}, none with number ${revision}`,
    })
  }, Effect.provideService(Digest.Digest, digest))

  const get = Effect.fn("Revisions.get")((caller: Caller, id: DeliverableId, revision: string) =>
    find(caller, id, /^[1-9]\d{0,8}$/.test(revision) ? Number(revision) : 0)
  )

  const diff = Effect.fn("Revisions.diff")(
    function* (caller: Caller, id: DeliverableId, { from, to }: { readonly from: number; readonly to: number }) {
      const [before, after] = [yield* find(caller, id, from), yield* find(caller, id, to)]
      // of many that are asked for at once, others are answered in between
      yield* Effect.yieldNow
      const { changes, omitted } = differences(
        before.payload as unknown as Schema.Json,
        after.payload as unknown as Schema.Json,
      )
      return { from, to, changes, ...(omitted === 0 ? {} : { omitted }) }
    },
  )

  return { list, get, diff }
})

/** 400: the content is what it was. */
const unchanged = new InvalidRequest({
  detail: "$.payload is what it was",
  errors: [{ path: "$.payload", message: "must differ from the current revision" }],
})

const makeEdit = Effect.gen(function* () {
  const repo = yield* RevisionsRepo
  const deliverables = yield* Deliverables
  const definitions = yield* Definitions
  const ids = yield* Ids
  const digest = yield* Digest.Digest
  const bounds = yield* Bounds

  /** The draft that the edit makes of the deliverable as it is. */
  const draftOf = Effect.fnUntraced(function* ({ hire, row }: Decidable, { payload }: Edit) {
    const definition = yield* definitions.get(hire.agent_id, hire.definition_version)
    const draft = editedDraft({ row, hire, definition: Option.getOrUndefined(definition) }, payload, bounds)
    if (Result.isSuccess(draft)) return draft.success
    const { issues: errors, omitted } = namedFaults(draft.failure, bounds)
    return yield* new InvalidRequest({
      detail: `${errors[0]?.path} ${errors[0]?.message}`,
      errors,
      ...(omitted === 0 ? {} : { errors_omitted: omitted }),
    })
  })

  return Effect.fn("Revisions.edit")(function* (caller: Caller, id: DeliverableId, edit: Edit) {
    const decidable = yield* deliverables.forDecision(caller, id)
    const conditions = yield* Conditions
    // derived from the Idempotency-Key: a repeated request recognises the edit that it stored before a crash
    const edit_id = yield* ids.next("REV")
    const stored = yield* repo.byEdit(edit_id)
    let row = decidable.row
    for (let done = Option.isSome(stored); !done;) {
      const base = yield* hashed(row)
      yield* Effect.fromResult(whenMet(conditions, deliverableTag(row), mayEdit(base, edit.base_revision)))
      const draft = yield* draftOf({ ...decidable, row }, edit)
      const content_sha256 = yield* contentSha256(draft.payload)
      // it would make its sender the author of what another wrote, and take approvals back for nothing
      if (content_sha256 === base.content_sha256) return yield* unchanged
      done = yield* repo.edit(id, row.version, {
        revision: row.revision + 1,
        author: caller.subject,
        notes: edit.notes ?? null,
        ...draft,
        content_sha256,
        edit_id,
        remark: null,
        base_sha256: base.content_sha256,
      })
      // decided on, edited or deleted meanwhile: judge the row as it is now
      row = yield* deliverables.find(caller, id)
    }
    return yield* shown(row)
  }, Effect.provideService(Digest.Digest, digest))
})

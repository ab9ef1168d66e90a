/** Definitions in use: whom a version would break, and moving hires to one (domain.md, "Definitions in use"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { PAGE_ITEMS } from "../Bounds.ts"
import { Access, Callers } from "../Caller.ts"
import { AgentTypeDefinition } from "../Definition.ts"
import { definitionSizeFaults, own } from "../Documents.ts"
import { AgentTypeId, GoalInstanceId, HiredInstanceId, NamedVersion } from "../Ids.ts"
import { faultFields, InvalidRequest, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, JudgedFirst, unreadable } from "../Protocol.ts"
import { AgentTypeUnknown } from "./Subscriptions.ts"

const Cursor = Schema.String.annotate({ description: "The `next_cursor` of the answer before" })

/** What would not hold under a definition: a hire's config, or one of its goals. At most 50 faults of a hire are named. */
export const Break = Schema.Struct({
  hired_instance_id: HiredInstanceId,
  /** The goal; absent for the config of the hire. */
  goal_instance_id: Schema.optionalKey(GoalInstanceId),
  ...faultFields,
}).annotate({ identifier: "Break" })
export type Break = typeof Break.Type

/** Live hires of an agent type under a definition. Hires and goals that can't be read are neither. */
export const DefinitionCheck = Schema.Struct({
  breaks: Schema.Array(Break),
  holds: Schema.Int.annotate({ description: "How many hires hold, each with all its goals" }),
  next_cursor: Schema.NullOr(Schema.String),
  unreadable,
}).annotate({ identifier: "DefinitionCheck" })
export type DefinitionCheck = typeof DefinitionCheck.Type

/** A page of the check of a definition. */
export const CheckRequest = Schema.Struct({
  definition: AgentTypeDefinition,
  cursor: Schema.optionalKey(Cursor),
  /** How many hires are looked at. */
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: PAGE_ITEMS }))),
})
export type CheckRequest = typeof CheckRequest.Type

/** Which hires move, and how many at most. */
export const Migration = Schema.Struct({
  agent_id: AgentTypeId,
  to_version: NamedVersion,
  cap: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })).annotate({
    description: "At most so many hires are moved",
  }),
  dry_run: Schema.Boolean.annotate({ description: "Says what would be moved and skipped, and changes nothing" }),
  cursor: Schema.optionalKey(Cursor),
})
export type Migration = typeof Migration.Type

/** A hire that was left at its version. */
export const SkippedHire = Schema.Struct({ hired_instance_id: HiredInstanceId, ...faultFields }).annotate({
  identifier: "SkippedHire",
})
export type SkippedHire = typeof SkippedHire.Type

/** What a migration did, or would do. Where `next_cursor` is not null, hires after it were not looked at. */
export const Migrated = Schema.Struct({
  moved: Schema.Int.annotate({ description: "How many hires were moved" }),
  hired_instance_ids: Schema.Array(HiredInstanceId).annotate({ description: "The hires that were moved" }),
  skipped: Schema.Array(SkippedHire),
  next_cursor: Schema.NullOr(Schema.String),
}).annotate({ identifier: "Migrated" })
export type Migrated = typeof Migrated.Type

/** Endpoints of definitions in use. */
export class DefinitionsInUseGroup extends HttpApiGroup.make("definitionsInUse")
  .annotate(OpenApi.Title, "Definitions in use")
  .annotate(OpenApi.Description, "Whom a version of an agent type would break, and moving hires to a version.")
  .add(
    HttpApiEndpoint.post("check", "/check", {
      payload: CheckRequest,
      success: DefinitionCheck,
      error: InvalidRequest,
    }).annotate(Access, ["service"]).annotate(Callers, ["catalog"])
      .annotate(JudgedFirst, (body, bounds) => definitionSizeFaults(own(body, "definition") ?? null, bounds))
      .annotate(OpenApi.Summary, "Check a definition against live hires")
      .annotate(
        OpenApi.Description,
        "Services only, for the catalog's check: which live hires of the type, by id, would not hold under the " +
          "definition, and where. It only reads; a page ends early where its goals are many.",
      ),
    HttpApiEndpoint.post("migrate", "/migrate", {
      headers: IdempotencyHeader,
      payload: Migration,
      success: Migrated,
      error: [AgentTypeUnknown, InvalidRequest, Unavailable],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Move hires to a version")
      .annotate(
        OpenApi.Description,
        "Operators only: moves live hires of the type that are at another version, by id, in batches of one " +
          "transaction each. One whose config or goals would not hold under the version is skipped and reported. " +
          "It ends after `cap` moved hires, after 1000 were looked at, or after five seconds; go on with `next_cursor`. Safe to " +
          "repeat: a hire that is at the version already is left alone.",
      ),
  )
  .prefix("/hired-agents") {}

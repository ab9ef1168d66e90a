/**
 * What a person's edit of a draft becomes: decoded by the schema of its type, with all that is the service's own kept or made anew. A
 * person writes text and choices; the ids, the type, what executing does, accounts and checks are never theirs.
 */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { derive } from "@stint/domain/Definition/Derive"
import { findTemplate } from "@stint/domain/Definition"
import { documentFaults } from "@stint/domain/Documents"
import type { Values } from "@stint/domain/Bounds"
import { issuesUnder } from "@stint/domain/FieldIssues"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import { DraftPayload } from "@stint/domain/Payload"
import type { FieldIssue } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { secretIssues } from "@stint/domain/Secrets"
import { Result, Schema } from "effect"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import { make } from "../Makers.ts"
import { editFaults } from "../Makers/marketing/Rules.ts"
import { isStorable } from "../Makers/Storable.ts"
import type { Draft } from "../Makers/Maker.ts"

const ROOT = "$.payload"

/** What an edit is judged by: the deliverable as it is, its hire, and the hire's definition where the catalog has it. */
export interface Edited {
  readonly row: DeliverableRow
  readonly hire: LookedUpHire
  readonly definition: AgentTypeDefinition | undefined
}

type Outcome = Result.Result<Draft, ReadonlyArray<FieldIssue>>

const faultsOf = issuesUnder(DraftPayload)
const decode = Schema.decodeUnknownSync(DraftPayload)

/** The parts that an edit may not change, whatever its type. */
const KEPT = ["type", "draft_only", "goal_template_id", "goal_instance_id", "intent_action"] as const

const keptFaults = (sent: JsonObject, stored: JsonObject): Array<FieldIssue> =>
  KEPT.flatMap((key) =>
    sent[key] === stored[key] ? [] : [{ path: `${ROOT}.${key}`, message: `must stay ${stored[key] ?? "absent"}` }]
  )

/** The account of a trading draft is the hire's: which one is meant is no text of a draft. */
const accountFaults = (sent: JsonObject, stored: JsonObject): Array<FieldIssue> =>
  (["exchange_provider", "credential_ref"] as const).flatMap((key) =>
    sent[key] === stored[key]
      ? []
      : [{ path: `${ROOT}.${key}`, message: "can't be edited: it is of the hire's config" }]
  )

/** A plan with its checks made anew from the config as it now is: nobody but the service says that an order is within its limits. */
const planned = (
  { definition, hire, row }: Edited,
  { coin, side, units }: typeof DraftPayload.Type & { type: "trading_intent_plan_v1" },
): Draft =>
  make({
    definition: definition ?? { agent_type_id: hire.agent_id, config_schema: { fields: [] }, goal_templates: [] },
    hire: { hired_instance_id: row.hired_instance_id, config: hire.config },
    goal: {
      goal_instance_id: row.goal_instance_id,
      goal_template_id: row.goal_template_id,
      settings: { coin, side, units },
    },
    slot: row.scheduled_time.epochMilliseconds,
  })

/** What the rules of its type make of a payload that its schema takes. */
const finished = (edited: Edited, payload: DraftPayload, stored: JsonObject): Outcome => {
  const { definition, hire, row } = edited
  const { title } = row
  const kept = { title, payload }
  const fail = (issues: ReadonlyArray<FieldIssue>): Outcome => Result.fail(issues)
  switch (payload.type) {
    case "trading_guardrail_report_v1":
      return fail([{ path: ROOT, message: "is a report of the hire's config and can't be edited: change the config" }])
    case "trading_intent_plan_v1": {
      const faults = accountFaults({ ...payload }, stored)
      return faults.length > 0 ? fail(faults) : Result.succeed(planned(edited, payload))
    }
    case "trading_close_position_proposal_v1": {
      const at = payload.window_local_time
      const faults = [
        ...accountFaults({ ...payload }, stored),
        ...(/^([01]\d|2[0-3]):[0-5]\d$/.test(at)
          ? []
          : [{ path: `${ROOT}.window_local_time`, message: "must be a local time HH:MM" }]),
      ]
      return faults.length > 0 ? fail(faults) : Result.succeed({ title: `Close open positions at ${at}`, payload })
    }
    case "marketing_draft_batch_v1": {
      const faults = editFaults(hire.config, payload.variants)
      return faults.length > 0 ? fail(faults) : Result.succeed(kept)
    }
    case "structured_deliverable_v1": {
      const output = definition && findTemplate(definition, row.goal_template_id)?.output
      const faults = output === undefined ? [] : issuesUnder(derive(output.fields))(payload.fields, `${ROOT}.fields`)
      if (payload.title.trim() === "" || [...payload.title].length > 200) {
        faults.push({ path: `${ROOT}.title`, message: "must have 1 to 200 characters and not be blank" })
      }
      return faults.length > 0 ? fail(faults) : Result.succeed({ title: payload.title, payload })
    }
    case "generic_deliverable_v1":
      return payload.body.trim() === ""
        ? fail([{ path: `${ROOT}.body`, message: "must not be blank" }])
        : Result.succeed(kept)
  }
}

/** The draft that an edit makes, or its faults, each with its path. Sizes are judged before anything is decoded. */
export const editedDraft = (edited: Edited, sent: JsonObject, bounds: Values): Outcome => {
  const large = documentFaults(sent, ROOT, { ...bounds, text_bytes: bounds.document_bytes })
  if (large.length > 0) return Result.fail(large)
  const stored = edited.row.payload as JsonObject
  const kept = keptFaults(sent, stored)
  if (kept.length > 0) return Result.fail(kept)
  const faults = [...faultsOf(sent, ROOT), ...secretIssues(sent, ROOT)]
  if (faults.length > 0) return Result.fail(faults)
  if (!isStorable(sent)) {
    return Result.fail([{ path: ROOT, message: "must hold no U+0000 and no lone surrogates" }])
  }
  return finished(edited, decode(sent), stored)
}

/** Drafts of a template whose approvals must fulfil rules, and the passing of time, as the database has it. */
import { assert } from "@effect/vitest"
import type { ApprovalRules } from "@stint/domain/Definition/Approval"
import type { Answer, Send } from "../../../../tests/support/Service.ts"
import { newKey, type Stage } from "./Harness.ts"

/** What tests do with such drafts. */
export const approvals = ({ call, drafted, sql, world }: Stage) => {
  const trading = world.definitions.get("trading.delta_futures.v1@1.0.0")!
  /** A draft that acts on the world, of a goal and a hire of that name, under a version whose templates have these rules. */
  const ruled = async (name: string, approval: ApprovalRules): Promise<Answer["json"]> => {
    const version = `1.0.${world.definitions.size}`
    world.publish({
      ...structuredClone({
        agent_type_id: trading.agent_type_id,
        config_schema: trading.config_schema,
        enforcement_defaults: trading.enforcement_defaults,
      }),
      version,
      goal_templates: trading.goal_templates.map((template) => ({ ...template, approval })),
    })
    const settings = { coin: "BTC", side: "buy", units: 1 }
    world.goal(
      `GOI-${name}`,
      world.trader(`HAI-${name}`, { definition_version: version }),
      "trading.trade_intent_draft.v1",
      settings,
    )
    return await drafted(`GOI-${name}`)
  }
  const as = (who: string): { readonly as: Send["as"] & string } => ({ as: `customer:${who}` })
  return {
    ruled,
    /** Decides as `acme/ann`; `more`: notes, revision, hash. */
    decide: (who: string, id: string, decision: string, more: object = {}) =>
      call("POST", `/api/v1/deliverables/${id}/review`, { ...as(who), body: { decision, ...more } }),
    withdraw: (who: string, approval_id: string, body: object = {}, key = newKey()) =>
      call("POST", `/api/v1/approvals/${approval_id}/withdraw`, {
        ...as(who),
        body,
        headers: { "idempotency-key": key },
      }),
    execute: (who: string, id: string, approval_id?: string) =>
      call("POST", `/api/v1/deliverables/${id}/execute`, {
        ...as(who),
        body: approval_id === undefined ? {} : { approval_id },
        headers: { "idempotency-key": newKey() },
      }),
    edit: (who: string, id: string, base_revision: number, payload: object) =>
      call("PUT", `/api/v1/deliverables/${id}/content`, { ...as(who), body: { base_revision, payload } }),
    /** The decisions on a deliverable, the first first. */
    decisionsOn: async (id: string): Promise<ReadonlyArray<Answer["json"]>> =>
      (await call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "viewer:vera" })).json.items.toReversed(),
    /** Makes approvals older than they may be. */
    outdate: async (...ids: ReadonlyArray<string>) => {
      await sql("alter table approvals disable trigger approvals_are_immutable")
      await sql("update approvals set expires_at = now() - interval '1 second' where approval_id = any ($1::text[])", [
        ids,
      ])
      await sql("alter table approvals enable trigger approvals_are_immutable")
    },
    /** Lets the time of a draft pass. */
    lapse: (id: string) =>
      sql("update deliverables set expires_at = now() - interval '1 second' where deliverable_id = $1", [id]),
  }
}

/** Status and code of a refusal. */
export const codeOf = ({ json, status }: Answer): readonly [number, string | undefined] => [status, json.code]

/** Asserts that it was done; its body. */
export const done = (answer: Answer): Answer["json"] => {
  assert.include([200, 202], answer.status, JSON.stringify(answer.json))
  return answer.json
}

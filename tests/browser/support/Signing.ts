/** Customers whose drafts are posts, under a version of the marketing agent that says how its drafts are signed. */
import {
  dailyMicroPost,
  marketingHealthcareDefinition,
  monthlyCampaignPack,
  weeklyMultichannelBatch,
} from "@stint/domain/agents/marketing_healthcare/Definition"
import type { ApprovalRules } from "@stint/domain/Definition/Approval"
import { until } from "../../support/Until.ts"
import type { Stage } from "./Stage.ts"

/** Its templates: signed by one person, by two of whom none is the editor, or within the hour. */
export const templates = { one: dailyMicroPost, two: weeklyMultichannelBatch, soon: monthlyCampaignPack } as const

const DAY = 86_400

const rules: Record<string, ApprovalRules> = {
  [templates.one]: { valid_for_seconds: DAY },
  [templates.two]: { expires_after_seconds: 3 * DAY, quorum: 2, separate_editor: true },
  [templates.soon]: { expires_after_seconds: 3_000 },
}

/** Older than 1.0.0 by semver: it is the latest version for nobody. */
const version = "1.0.0-signing"

const config = {
  nickname: "Asha's posts",
  theme: "default",
  primary_language: "en",
  timezone: "Asia/Kolkata",
  brand_name: "A clinic",
  offerings_services: ["Check-ups"],
  location: "Pune",
  platforms_enabled: ["linkedin", "x"],
  platform_credentials: { linkedin: "vault-1", x: "vault-2" },
}

/** A hire of a customer. */
export const poster = async (stage: Stage, customer: string): Promise<string> => {
  await stage.call("operator:olga", "catalog", "POST", "/agent-types", {
    ...marketingHealthcareDefinition,
    version,
    goal_templates: marketingHealthcareDefinition.goal_templates.map((template) => ({
      ...template,
      approval: rules[template.goal_template_id],
    })),
  })
  const as = `customer:${customer}` as const
  const agent_id = marketingHealthcareDefinition.agent_type_id
  const { subscription_id } = await stage.call(as, "hiring", "POST", "/subscriptions", {
    agent_id,
    customer_id: customer,
    duration: "monthly",
  })
  await stage.activate(String(subscription_id))
  const { hired_instance_id: hire } = await stage.call(as, "hiring", "PUT", "/hired-agents/draft", {
    subscription_id,
    agent_id,
    definition_version: version,
    config,
  })
  await stage.call(as, "hiring", "POST", `/hired-agents/${hire}/finalize`, {})
  return String(hire)
}

/** A goal of a hire, by its template. */
export const goalOf = async (stage: Stage, customer: string, hire: string, template: string): Promise<string> => {
  const goal = await stage.call(`customer:${customer}`, "hiring", "PUT", `/hired-agents/${hire}/goals`, {
    goal_template_id: template,
    frequency: "on_demand",
    settings: {},
  })
  return String(goal.goal_instance_id)
}

/** A draft as it stands. */
export const draftOf = (stage: Stage, customer: string, id: string) =>
  stage.call(`customer:${customer}`, "deliverables", "GET", `/deliverables/${id}`)

/** Waits until a draft stands so. */
export const stands = (stage: Stage, customer: string, id: string, is: Record<string, unknown>) =>
  until(`the draft is ${JSON.stringify(is)}`, async () => {
    const draft = await draftOf(stage, customer, id)
    return Object.entries(is).every(([key, value]) => draft[key] === value) ? draft : undefined
  })

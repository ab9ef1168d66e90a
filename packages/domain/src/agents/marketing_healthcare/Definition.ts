/** The marketing agent for clinics: marketing.healthcare.v1@1.0.0 (domain.md, "Agent types that ship as seed data"). */
import { AgentTypeDefinition, type Field } from "../../Definition.ts"
import { platforms } from "./Payload.ts"

/** The agent type's id, the same in every version. */
export const marketingHealthcare = "marketing.healthcare.v1"

/** The ids of its goal templates. */
export const weeklyMultichannelBatch = "marketing.weekly_multichannel_batch.v1"
export const dailyMicroPost = "marketing.daily_micro_post.v1"
export const monthlyCampaignPack = "marketing.monthly_campaign_pack.v1"

const config: ReadonlyArray<Field> = [
  {
    key: "nickname",
    label: "Nickname",
    type: "text",
    required: true,
    description: "What you call this agent, such as: Asha from marketing",
  },
  {
    key: "theme",
    label: "Appearance",
    type: "enum",
    required: true,
    options: ["default", "dark", "light"],
    description: "How the agent looks on your screen",
  },
  {
    key: "primary_language",
    label: "Language of the posts",
    type: "enum",
    required: true,
    options: ["en", "hi"],
    description: "en for English, hi for Hindi",
  },
  {
    key: "timezone",
    label: "Time zone",
    type: "text",
    required: true,
    format: "iana_timezone",
    description: "Where your patients are, such as: Asia/Kolkata",
  },
  {
    key: "brand_name",
    label: "Name of the practice",
    type: "text",
    required: true,
    description: "As your patients know it",
  },
  {
    key: "offerings_services",
    label: "Services",
    type: "list",
    item_type: "text",
    required: true,
    min_items: 1,
    description: "What you offer, the most important first",
  },
  {
    key: "location",
    label: "Location",
    type: "text",
    required: true,
    description: "The town or neighbourhood that you serve",
  },
  {
    key: "platforms_enabled",
    label: "Platforms",
    type: "list",
    item_type: "enum",
    required: true,
    options: [...platforms],
    description: "Where posts are drafted for; nothing is drafted for the others",
  },
  {
    key: "platform_credentials",
    label: "Platform credentials",
    type: "object",
    required: true,
    keys_of_field: "platforms_enabled",
    description: "For each platform the reference to its credential, never the secret itself",
  },
  {
    key: "posting_identity",
    label: "Signed as",
    type: "text",
    required: false,
    description: "Who signs the posts, such as: Dr. Mehta's team",
  },
  {
    key: "constraints",
    label: "Constraints",
    type: "object",
    required: false,
    description: "Anything else that the posts have to respect",
  },
]

/** The definition, version 1.0.0. */
export const marketingHealthcareDefinition: AgentTypeDefinition = {
  agent_type_id: AgentTypeDefinition.fields.agent_type_id.make(marketingHealthcare),
  version: "1.0.0",
  config_schema: { fields: config },
  goal_templates: [
    {
      goal_template_id: weeklyMultichannelBatch,
      name: "Weekly multichannel posting batch",
      default_frequency: "weekly",
      settings_schema: {
        fields: [
          {
            key: "topics",
            label: "Topics",
            type: "list",
            item_type: "text",
            required: false,
            description: "What the week is about, the main topic first",
          },
          {
            key: "posts_per_platform",
            label: "Posts per platform",
            type: "number",
            required: false,
            description: "One by default, at most ten",
          },
        ],
      },
      skill_binding: "social_media",
    },
    {
      goal_template_id: dailyMicroPost,
      name: "Daily patient-education micro-post",
      default_frequency: "daily",
      settings_schema: {
        fields: [{
          key: "topic",
          label: "Topic",
          type: "text",
          required: false,
          description: "What patients should learn about",
        }],
      },
      skill_binding: "content_marketing",
    },
    {
      goal_template_id: monthlyCampaignPack,
      name: "Monthly campaign pack",
      default_frequency: "monthly",
      settings_schema: {
        fields: [{
          key: "theme",
          label: "Theme",
          type: "text",
          required: false,
          description: "What the month stands for",
        }],
      },
      skill_binding: "brand_strategy",
    },
  ],
  enforcement_defaults: { approval_required: true, deterministic: false },
}

/** The futures trading agent: trading.delta_futures.v1@1.0.0 (domain.md, "Agent types that ship as seed data"). */
import { AgentTypeDefinition, type Field } from "../../Definition.ts"

/** The agent type's id, the same in every version. */
export const tradingDeltaFutures = "trading.delta_futures.v1"

/** The ids of its goal templates. */
export const tradeIntentDraft = "trading.trade_intent_draft.v1"
export const closePositionReminder = "trading.close_position_reminder.v1"
export const guardrailReport = "trading.guardrail_report.v1"

const config: ReadonlyArray<Field> = [
  {
    key: "nickname",
    label: "Nickname",
    type: "text",
    required: true,
    description: "What you call this agent, such as: Night desk",
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
    key: "timezone",
    label: "Time zone",
    type: "text",
    required: true,
    format: "iana_timezone",
    description: "The zone of your trading day, such as: Asia/Kolkata",
  },
  {
    key: "exchange_provider",
    label: "Exchange",
    type: "enum",
    required: true,
    options: ["delta_exchange_india"],
  },
  {
    key: "credential_ref",
    label: "Exchange credential",
    type: "text",
    required: true,
    description: "The reference to the credential, never the secret itself",
  },
  {
    key: "allowed_coins",
    label: "Allowed coins",
    type: "list",
    item_type: "text",
    required: true,
    description: "The coins that may be traded, such as: BTC",
  },
  {
    key: "default_coin",
    label: "Default coin",
    type: "text",
    required: true,
    one_of_field: "allowed_coins",
    description: "One of the allowed coins",
  },
  {
    key: "risk_limits",
    label: "Risk limits",
    type: "object",
    required: true,
    description: "No draft over these can be approved",
    fields: [
      {
        key: "max_units_per_order",
        label: "Most units in an order",
        type: "number",
        required: true,
        min_exclusive: 0,
      },
      {
        key: "max_notional_inr",
        label: "Most value of an order, in rupees",
        type: "number",
        required: false,
      },
    ],
  },
]

/** The definition, version 1.0.0. */
export const tradingDeltaFuturesDefinition: AgentTypeDefinition = {
  agent_type_id: AgentTypeDefinition.fields.agent_type_id.make(tradingDeltaFutures),
  version: "1.0.0",
  config_schema: { fields: config },
  goal_templates: [
    {
      goal_template_id: tradeIntentDraft,
      name: "Trade intent draft (enter/exit)",
      default_frequency: "on_demand",
      settings_schema: {
        fields: [
          { key: "coin", label: "Coin", type: "text", required: true, description: "Such as: BTC" },
          { key: "side", label: "Side", type: "enum", required: true, options: ["buy", "sell"] },
          { key: "units", label: "Units", type: "number", required: true, description: "How many contracts" },
        ],
      },
      skill_binding: "trading_executor",
    },
    {
      goal_template_id: closePositionReminder,
      name: "Scheduled close-position reminder",
      default_frequency: "daily",
      settings_schema: {
        fields: [{
          key: "window_local_time",
          label: "Closing window",
          type: "text",
          required: true,
          format: "local_time",
          description: "HH:MM in your time zone; the reminder runs then, unless its schedule says otherwise",
        }],
      },
      skill_binding: "trading_executor",
    },
    {
      goal_template_id: guardrailReport,
      name: "Guardrail report",
      default_frequency: "daily",
      settings_schema: { fields: [] },
      skill_binding: "trading_executor",
    },
  ],
  enforcement_defaults: { approval_required: true, deterministic: true },
}

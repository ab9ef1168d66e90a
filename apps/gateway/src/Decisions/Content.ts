/** Pure: what a draft says, as the page of a message's link shows it. */
import {
  type MarketingDraftBatch,
  type MarketingVariant,
  platformNames,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import type { StructuredDeliverable } from "@stint/domain/agents/structured/Payload"
import {
  tradingChecks,
  type TradingGuardrailReport,
  type TradingIntentPlan,
} from "@stint/domain/agents/trading_delta_futures/Payload"
import type { DraftPayload } from "@stint/domain/Payload"

/** Text as HTML shows it, in an element or between quotes. */
export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")

/** A heading, and what stands below it. */
type Part = readonly [head: string, text: string]

/** An identifier in words, as the console has it. */
const titled = (id: string): string => {
  const words = id.replace(/\.v\d+$/, "").replaceAll(/[._-]+/g, " ").trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const post = ({ hashtags, platform, text, title }: MarketingVariant): Part => [
  platformNames[platform],
  [title, text, hashtags.join(" ")].filter(Boolean).join("\n\n"),
]

const posts = ({ suggested_schedule_local: times, variants }: MarketingDraftBatch): ReadonlyArray<Part> => [
  ...variants.map(post),
  ...(times.length === 0 ? [] : [["Suggested times", times.join(", ")] as const]),
]

const order = (
  { checks, coin, credential_ref, exchange_provider, side, units }: TradingIntentPlan,
): ReadonlyArray<Part> => [
  ["Order", `${titled(side)} ${units} ${coin}`],
  ["Exchange", `${titled(exchange_provider)}, with the credential ${credential_ref}`],
  [
    "Checks",
    tradingChecks.map((check) => {
      const limit = check === "within_max_units" ? ` (${checks.max_units_per_order})` : ""
      return `${checks[check] ? "holds" : "fails"}: ${titled(check).toLowerCase()}${limit}`
    }).join("\n"),
  ],
]

const guardrails = ({ snapshot }: TradingGuardrailReport): ReadonlyArray<Part> => {
  const { allowed_coins, credential_ref, default_coin, exchange_provider, risk_limits } = snapshot
  const { max_notional_inr: value, max_units_per_order: units } = risk_limits
  return [
    ["Allowed coins", `${allowed_coins.join(", ") || "none"}; ${default_coin} unless a goal says otherwise`],
    [
      "Limits",
      `at most ${units} units in an order${value === undefined ? "" : `\nat most ${value} rupees in an order`}`,
    ],
    ["Exchange", `${titled(exchange_provider)}, with the credential ${credential_ref}`],
  ]
}

/** A value as text: a list as its lines, an object as its JSON. */
const shown = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(shown).join("\n")
    : typeof value === "object"
    ? JSON.stringify(value, null, 2)
    : String(value)

const structured = ({ body, fields, title }: StructuredDeliverable): ReadonlyArray<Part> => [
  ["Title", title],
  ...Object.entries(fields).map(([key, value]) => [titled(key), shown(value)] as const),
  ...(body === undefined ? [] : [["Text", body] as const]),
]

const partsOf = (payload: DraftPayload): ReadonlyArray<Part> => {
  switch (payload.type) {
    case "marketing_draft_batch_v1":
      return posts(payload)
    case "trading_intent_plan_v1":
      return order(payload)
    case "trading_close_position_proposal_v1":
      return [
        ["Close the open positions", `at ${payload.window_local_time}`],
        ["Exchange", `${titled(payload.exchange_provider)}, with the credential ${payload.credential_ref}`],
      ]
    case "trading_guardrail_report_v1":
      return guardrails(payload)
    case "structured_deliverable_v1":
      return structured(payload)
    case "generic_deliverable_v1":
      return [["Text", payload.body]]
  }
}

/** What is decided on: all that a person would read of it in the console, as text. */
export const contentOf = (payload: DraftPayload): string =>
  partsOf(payload).map(([head, text]) => `<h2>${escaped(head)}</h2>\n<pre>${escaped(text)}</pre>`).join("\n")

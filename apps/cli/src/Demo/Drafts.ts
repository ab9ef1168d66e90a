/** Drafts as a person reads them. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { DraftPayload } from "@stint/domain/Payload"

const yes = (holds: boolean) => holds ? "✓" : "✗"

/** The lines of a payload, paragraphs as they are; indented where one thing belongs to another. */
const linesOf = (payload: DraftPayload): ReadonlyArray<string> => {
  switch (payload.type) {
    case "marketing_draft_batch_v1":
      return payload.variants.flatMap(({ hashtags, platform, text, title }, index) => [
        ...(index === 0 ? [] : [""]),
        `for ${platform}:`,
        ...[...(title === undefined ? [] : [title]), ...text.split("\n").filter((line) => line.trim() !== "")]
          .map((line) => `  ${line}`),
        ...(hashtags.length === 0 ? [] : [`  ${hashtags.join(" ")}`]),
      ])
    case "trading_intent_plan_v1": {
      const { checks } = payload
      return [
        `${payload.side} ${payload.units} ${payload.coin} on ${payload.exchange_provider}, with the credential ` +
        `"${payload.credential_ref}"`,
        `${yes(checks.coin_allowed)} coin allowed   ${yes(checks.side_valid)} side valid   ` +
        `${yes(checks.units_positive)} units positive   ` +
        `${yes(checks.within_max_units)} at most ${checks.max_units_per_order} an order`,
      ]
    }
    case "trading_close_position_proposal_v1":
      return [`close the position on ${payload.exchange_provider} at ${payload.window_local_time}`]
    case "trading_guardrail_report_v1":
      return [`may trade ${payload.snapshot.allowed_coins.join(", ")}`]
    case "structured_deliverable_v1":
      return [
        ...Object.entries(payload.fields).map(([key, value]) =>
          `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`
        ),
        ...(payload.body ?? "").split("\n"),
      ]
    case "generic_deliverable_v1":
      return payload.body.split("\n")
  }
}

/** A draft for `Narrator.shows`: its title, its text, where it stands. */
export const asDocument = ({ payload, review_status, title }: Deliverable): [string, ReadonlyArray<string>, string] => {
  const intent = "intent_action" in payload ? `would ${payload.intent_action.replaceAll("_", " ")}; ` : ""
  const state = review_status === "pending_review" ? "waits for a review" : review_status
  return [title, linesOf(payload), `a draft: ${intent}${state}`]
}

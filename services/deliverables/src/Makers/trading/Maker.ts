/**
 * The makers of the trading agent: pure functions of config and settings, without a language model (domain.md, "Agent types
 * that ship as seed data").
 */
import {
  closePositionReminder,
  guardrailReport,
  tradeIntentDraft,
} from "@stint/domain/agents/trading_delta_futures/Definition"
import { tradingChecks } from "@stint/domain/agents/trading_delta_futures/Payload"
import type { JsonObject } from "@stint/domain/Protocol"
import { fitLine } from "../Fit.ts"
import { commonFields, type Maker, templateOf } from "../Maker.ts"
import { numberAt, objectAt, textAt, textsAt } from "../Values.ts"

const MAX_TITLE = 200

/** Coins are compared trimmed and in upper case. */
const coinName = (coin: string) => coin.trim().toUpperCase()

const allowedCoins = (config: JsonObject) => [...new Set(textsAt(config, "allowed_coins").map(coinName))].sort()

const exchange = (config: JsonObject) => ({
  exchange_provider: textAt(config, "exchange_provider"),
  credential_ref: textAt(config, "credential_ref"),
})

/** The most units in an order. 0, which allows no order, when the config has no limit. */
const maxUnits = (config: JsonObject) => numberAt(objectAt(config, "risk_limits"), "max_units_per_order") ?? 0

/** Makes an order plan with its four checks. `validation_errors` names the failed ones, in their order. */
const makeIntentPlan: Maker = (input) => {
  const { config } = input.hire
  const { settings } = input.goal
  const coin = coinName(textAt(settings, "coin"))
  const side = textAt(settings, "side")
  const units = numberAt(settings, "units") ?? 0
  const max_units_per_order = maxUnits(config)
  const checks = {
    coin_allowed: allowedCoins(config).includes(coin),
    side_valid: side === "buy" || side === "sell",
    units_positive: units > 0,
    within_max_units: units <= max_units_per_order,
  }
  const validation_errors = tradingChecks.filter((check) => !checks[check])
  const failed = validation_errors.length === 0 ? "" : ` (fails ${validation_errors.join(", ")})`
  const verb = side === "sell" ? "Sell" : side === "buy" ? "Buy" : "Trade"
  return {
    title: fitLine(`${verb} ${units} ${fitLine(coin, 40)}${failed}`, MAX_TITLE),
    payload: {
      ...commonFields("trading_intent_plan_v1", input),
      intent_action: "place_order",
      ...exchange(config),
      coin,
      side,
      units,
      checks: { ...checks, max_units_per_order },
      validation_errors,
    },
  }
}

/** Makes a proposal to close the open positions at the time in the settings. */
const makeClosePositionProposal: Maker = (input) => {
  const window_local_time = textAt(input.goal.settings, "window_local_time")
  return {
    title: fitLine(`Close open positions at ${window_local_time}`, MAX_TITLE),
    payload: {
      ...commonFields("trading_close_position_proposal_v1", input),
      intent_action: "close_position",
      ...exchange(input.hire.config),
      window_local_time,
    },
  }
}

/** Makes a report of what the hire may trade, and how much. */
const makeGuardrailReport: Maker = (input) => {
  const { config } = input.hire
  const max_notional_inr = numberAt(objectAt(config, "risk_limits"), "max_notional_inr")
  const allowed_coins = allowedCoins(config)
  return {
    title: fitLine(
      `${templateOf(input).name}: ${allowed_coins.length} coins, at most ${maxUnits(config)} units an order`,
      MAX_TITLE,
    ),
    payload: {
      ...commonFields("trading_guardrail_report_v1", input),
      snapshot: {
        ...exchange(config),
        allowed_coins,
        default_coin: coinName(textAt(config, "default_coin")),
        risk_limits: {
          max_units_per_order: maxUnits(config),
          ...max_notional_inr === undefined ? {} : { max_notional_inr },
        },
      },
    },
  }
}

/** The makers by goal template. */
export const tradingMakers: ReadonlyMap<string, Maker> = new Map([
  [tradeIntentDraft, makeIntentPlan],
  [closePositionReminder, makeClosePositionProposal],
  [guardrailReport, makeGuardrailReport],
])

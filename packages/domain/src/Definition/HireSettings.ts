/** The settings of a hire: where its approved drafts are delivered, and what its makers may use (domain.md). */
import { Option, Schema } from "effect"
import { Amount, millionthsOf } from "../Money.ts"

/** Where an approved draft is delivered: a line in the local journal, or a signed request to a webhook. */
export const ExecutionTarget = Schema.Literals(["journal", "webhook"])
export type ExecutionTarget = typeof ExecutionTarget.Type

/** `settings.execution`. A webhook needs a url and the reference of its signing secret; a journal takes neither. */
export const ExecutionSettings = Schema.Struct({
  target: Schema.optionalKey(ExecutionTarget),
  url: Schema.optionalKey(
    Schema.String.check(Schema.isMaxLength(2048, { message: "must have at most 2048 characters" })),
  ),
  secret_ref: Schema.optionalKey(Schema.String.check(
    Schema.isPattern(/\S/, { message: "must not be blank" }),
    Schema.isMaxLength(200, { message: "must have at most 200 characters" }),
  )),
})
export type ExecutionSettings = typeof ExecutionSettings.Type

/**
 * `settings.budget`: the most that the models which make its drafts may use. A run over it is cancelled, with the reason `budget`
 * (domain.md, "Makers"). A month is one of the hire's zone, `config.timezone`; UTC where it has none.
 */
export const BudgetSettings = Schema.Struct({
  /** In the currency of the prices in STINT_MODELS, at most six decimals. */
  max_cost_per_month: Schema.optionalKey(Amount),
  /** Tokens in and out, of all calls for a run, its attempts and repairs included. */
  max_tokens_per_run: Schema.optionalKey(
    Schema.Int.annotate({ message: "must be a whole number" }).check(
      Schema.isBetween({ minimum: 1, maximum: 1_000_000_000 }, { message: "must be a whole number, 1 to 1000000000" }),
    ),
  ),
}).annotate({ messageUnexpectedKey: "no such limit; known limits: max_cost_per_month, max_tokens_per_run" })
export type BudgetSettings = typeof BudgetSettings.Type

/** A hire's settings. */
export const HireSettings = Schema.Struct({
  execution: Schema.optionalKey(ExecutionSettings),
  budget: Schema.optionalKey(BudgetSettings),
}).annotate({ messageUnexpectedKey: "no such setting; known settings: budget, execution" })
export type HireSettings = typeof HireSettings.Type

const isHireSettings = Schema.is(HireSettings)

/** The secret that a hire's webhook is signed with; undefined when its settings name none. */
export const secretRefOf = (settings: unknown): string | undefined =>
  isHireSettings(settings) && settings.execution?.target === "webhook" ? settings.execution.secret_ref : undefined

/** Where an approved draft goes: `settings.execution` with its defaults. An approval covers it, and an execution keeps it. */
export const DeliveryTarget = Schema.Struct({
  target: ExecutionTarget,
  url: Schema.optionalKey(Schema.String),
  secret_ref: Schema.optionalKey(Schema.String),
})
export type DeliveryTarget = typeof DeliveryTarget.Type

/** The parts in which two targets differ. */
export const targetChanges = (approved: DeliveryTarget, now: DeliveryTarget): ReadonlyArray<keyof DeliveryTarget> =>
  (["target", "url", "secret_ref"] as const).filter((part) => approved[part] !== now[part])

/** A hire's budget, as it is counted; null: no limit. */
export interface Budget {
  /** Millionths a month. */
  readonly cost: number | null
  /** Tokens a run. */
  readonly tokens: number | null
}

const decodeBudget = Schema.decodeUnknownOption(Schema.Struct({ budget: Schema.optionalKey(BudgetSettings) }))

/**
 * The budget in a hire's settings. One that can't be read allows nothing: it was written by a program that knows more, and what it
 * limits must not be spent.
 */
export const budgetOf = (settings: unknown): Budget =>
  Option.match(decodeBudget(settings), {
    onNone: () => ({ cost: 0, tokens: 0 }),
    onSome: ({ budget: { max_cost_per_month, max_tokens_per_run } = {} }) => ({
      cost: max_cost_per_month === undefined ? null : millionthsOf(max_cost_per_month)!,
      tokens: max_tokens_per_run ?? null,
    }),
  })

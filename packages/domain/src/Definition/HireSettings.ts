/** The settings of a hire: where its approved drafts are delivered (domain.md, "Rules: hires and goals"). */
import { Schema } from "effect"

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

/** A hire's settings: `execution` alone. */
export const HireSettings = Schema.Struct({ execution: Schema.optionalKey(ExecutionSettings) }).annotate({
  messageUnexpectedKey: "no such setting; known settings: execution",
})
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

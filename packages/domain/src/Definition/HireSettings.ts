/** The settings of a hire: where its approved drafts are delivered (domain.md, "Rules: hires and goals"). */
import { Schema } from "effect"
import { issuesUnder, jsonPath } from "../FieldIssues.ts"
import { type AllowedHost, isAllowed } from "../HostList.ts"
import type { FieldIssue } from "../Problem.ts"

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

const shapeIssues = issuesUnder(HireSettings)
const isHireSettings = Schema.is(HireSettings)

/** Why a customer's webhook may not have this url; undefined if it may. `allowed` is STINT_WEBHOOK_HOSTS. */
export const webhookFault = (
  url: string,
  allowed: ReadonlyArray<AllowedHost>,
  customer_id: string,
): string | undefined => {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return "must be an absolute http or https URL"
  if (parsed.username !== "" || parsed.password !== "") return "must not hold a user name or a password"
  if (!isAllowed(allowed, parsed, customer_id)) {
    return `the host ${parsed.host} is not in STINT_WEBHOOK_HOSTS for you; ask the operator to add it`
  }
  return undefined
}

/** The faults of a well-formed `settings.execution`. */
const executionFaults = (
  { target = "journal", url, secret_ref }: ExecutionSettings,
  allowed: ReadonlyArray<AllowedHost>,
  customer_id: string,
): Array<[key: string, message: string]> => {
  const faults: Array<[string, string]> = []
  const part = (key: string, value: string | undefined) => {
    if (target === "webhook" && value === undefined) faults.push([key, "is required for a webhook"])
    if (target === "journal" && value !== undefined) {
      faults.push([key, "is for a webhook; set target to webhook, or leave it out"])
    }
  }
  part("url", url)
  part("secret_ref", secret_ref)
  const fault = url === undefined ? undefined : webhookFault(url, allowed, customer_id)
  if (fault !== undefined) faults.push(["url", fault])
  return faults
}

/** Every fault of a hire's settings, but for what its secret is. A webhook may go only to the hosts that its customer may call. */
export const hireSettingsIssues = (
  settings: unknown,
  allowed: ReadonlyArray<AllowedHost>,
  customer_id: string,
  root = "$.settings",
): Array<FieldIssue> => {
  const issues = shapeIssues(settings, root)
  if (!isHireSettings(settings) || settings.execution === undefined) return issues
  const faults = executionFaults(settings.execution, allowed, customer_id)
  return [...issues, ...faults.map(([key, message]) => ({ path: jsonPath(["execution", key], root), message }))]
}

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

/** What is wrong with the settings of a hire, for the service that judges them. */
import { Schema } from "effect"
import { issuesUnder } from "../FieldIssues.ts"
import { jsonPath } from "../JsonPath.ts"
import { type AllowedHost, isAllowed } from "../HostList.ts"
import type { FieldIssue } from "../Problem.ts"
import { type ExecutionSettings, HireSettings } from "./HireSettings.ts"

const shapeIssues = issuesUnder(HireSettings)
const isHireSettings = Schema.is(HireSettings)

/** Why a customer's webhook may not have this url; undefined if it may. `allowed` is what the setting lists. */
export const webhookFault = (
  url: string,
  allowed: ReadonlyArray<AllowedHost>,
  customer_id: string,
  setting = "STINT_WEBHOOK_HOSTS",
): string | undefined => {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return "must be an absolute http or https URL"
  if (parsed.username !== "" || parsed.password !== "") return "must not hold a user name or a password"
  if (!isAllowed(allowed, parsed, customer_id)) {
    return `the host ${parsed.host} is not in ${setting} for you; ask the operator to add it`
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

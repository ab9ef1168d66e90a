/** Pure decisions of the catalog. */
import { type AgentTypeDefinition, compareVersions } from "@stint/domain/Definition"
import { type FieldIssue, InvalidRequest } from "@stint/domain/Problem"
import { Predicate, Result } from "effect"

/** That a definition is of the type which a path names. */
export const isOfType = (
  { agent_type_id }: AgentTypeDefinition,
  type: string,
): Result.Result<void, InvalidRequest> => {
  if (agent_type_id === type) return Result.void
  const message = "must be the type that the path names"
  return Result.fail(
    new InvalidRequest({ detail: `agent_type_id ${message}`, errors: [{ path: "$.agent_type_id", message }] }),
  )
}

/** The highest version by semantic versioning: 1.10.0 after 1.9.0, pre-releases below (semver.org, 11). */
export const latest = <A extends { readonly version: string }>(versions: ReadonlyArray<A>): A | undefined =>
  versions.reduce<A | undefined>(
    (best, next) => best === undefined || compareVersions(next.version, best.version) > 0 ? next : best,
    undefined,
  )

/** The places where two JSON values differ, each as a JSONPath. No message repeats a value. */
export const differences = (stored: unknown, sent: unknown, path = "$"): Array<FieldIssue> => {
  if (Array.isArray(stored) && Array.isArray(sent)) {
    const length = Math.max(stored.length, sent.length)
    return Array.from({ length }, (_, i) => i).flatMap((i) => differences(stored[i], sent[i], `${path}[${i}]`))
  }
  if (Predicate.isObject(stored) && Predicate.isObject(sent) && !Array.isArray(stored) && !Array.isArray(sent)) {
    const keys = [...new Set([...Object.keys(stored), ...Object.keys(sent)])]
    return keys.flatMap((key) =>
      differences(
        (stored as Record<string, unknown>)[key],
        (sent as Record<string, unknown>)[key],
        `${path}.${key}`,
      )
    )
  }
  if (stored === sent) return []
  if (stored === undefined) return [{ path, message: "is not in the published version" }]
  if (sent === undefined) return [{ path, message: "is in the published version, but was not sent" }]
  return [{ path, message: "differs from the published version" }]
}

/** Finds secrets in config and settings, which may hold references to secrets only (domain.md, "Rules: hires and goals"). */
import { jsonPath } from "./JsonPath.ts"
import type { FieldIssue } from "./Problem.ts"

const names = [
  "api_key",
  "api_secret",
  "client_secret",
  "access_token",
  "refresh_token",
  "password",
  "private_key",
  "secret_key",
]

const compact = (key: string) => key.replace(/[^A-Za-z0-9]/g, "").toLowerCase()

const suffixes = names.map(compact)

/**
 * Whether a key names a secret: one of the names of domain.md or a key that ends with one, in any spelling
 * (`delta_api_key`, `apiKey`, `API-KEY`). `*_ref` and `*_id` name no secret.
 */
export const isSecretKey = (key: string): boolean => {
  const name = compact(key)
  return suffixes.some((suffix) => name.endsWith(suffix))
}

const message =
  "looks like a secret; store it in the secrets file and send its reference (a key ending in _ref) instead"

/**
 * The paths, at any depth, where the key of a secret holds a non-blank string or a list with one. A message never holds
 * the value.
 */
export const secretIssues = (value: unknown, root = "$"): Array<FieldIssue> => {
  const issues: Array<FieldIssue> = []
  const visit = (at: unknown, path: ReadonlyArray<PropertyKey>, secret: boolean): void => {
    if (typeof at === "string") {
      if (secret && at.trim() !== "") issues.push({ path: jsonPath(path, root), message })
    } else if (Array.isArray(at)) {
      at.forEach((item, index) => visit(item, [...path, index], secret))
    } else if (typeof at === "object" && at !== null) {
      for (const [key, member] of Object.entries(at)) visit(member, [...path, key], isSecretKey(key))
    }
  }
  visit(value, [], false)
  return issues
}

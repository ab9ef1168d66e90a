/** What a pause covers, in words. */
import type { Scope } from "@stint/domain/scheduler/Pauses"

/** A scope as it is sent; without one a pause covers everything. */
export type SentScope = typeof Scope.Encoded

/** A scope in words. */
export const scopeWords = (scope: SentScope | undefined): string => {
  if (scope === undefined) return "everything"
  return scope.customer_id === undefined ? `agent ${scope.hired_instance_id}` : `customer ${scope.customer_id}`
}

/** What a pause covers, as text: the ids of `scheduler_state` are `global`, `hire:<id>` and `customer:<id>`. */
import type { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import type { Scope } from "@stint/domain/scheduler/Pauses"

/** The id of everything. */
export const GLOBAL = "global"

/** The id of a scope; without one, of everything. */
export const stateIdOf = (scope: Scope | undefined): string =>
  scope === undefined
    ? GLOBAL
    : scope.hired_instance_id !== undefined
    ? `hire:${scope.hired_instance_id}`
    : `customer:${scope.customer_id}`

/** The scope of an id; undefined for everything. */
export const scopeOf = (state_id: string): Scope | undefined => {
  const at = state_id.indexOf(":")
  if (at === -1) return undefined
  const id = state_id.slice(at + 1)
  return state_id.startsWith("hire:") ? { hired_instance_id: id as HiredInstanceId } : { customer_id: id as CustomerId }
}

/** How a scope is named to an operator. */
export const scopeName = (state_id: string): string =>
  state_id === GLOBAL ? "the scheduler" : state_id.replace(":", " ")

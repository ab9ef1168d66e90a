/** Mandates in words. */
import type { Mandate } from "@stint/domain/deliverables/Mandates"
import type { Rule } from "@stint/domain/deliverables/Mandates/Rules"
import type { Kind } from "../../ui/Tag.tsx"

/** What each operation asks, between its path and its value. */
export const operationWords: Readonly<Record<Rule["op"], string>> = {
  eq: "is",
  in: "is one of",
  lte: "is at most",
  gte: "is at least",
  max_length: "has a length of at most",
  contains_none: "has none of",
  hosts_in: "links only to",
}

const stateWords: Readonly<Record<Mandate["state"], readonly [Kind, string]>> = {
  active: ["ok", "signs"],
  used_up: ["wait", "used up"],
  revoked: ["plain", "revoked"],
  expired: ["plain", "expired"],
}

/** The state as a tag has it. */
export const stateOf = ({ state }: Mandate): { readonly kind: Kind; readonly words: string } => {
  const [kind, words] = stateWords[state]
  return { kind, words }
}

/** A value of a rule in a line. */
export const valueWords = (value: Rule["value"]): string => Array.isArray(value) ? value.join(", ") : String(value)

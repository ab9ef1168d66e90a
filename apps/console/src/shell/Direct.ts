/** Where an id leads that is typed whole, by its prefix and the role: pure. */
import type { PersonRole } from "@stint/domain/gateway/Sessions"
import type { NavigateOptions } from "@tanstack/react-router"

/** The screen of an id; undefined where the role has none of it. */
export const directOf = (asked: string, role: PersonRole): NavigateOptions | undefined => {
  const id = asked.trim()
  const kind = /^([A-Z]{3})-\S+$/i.exec(id)?.[1]?.toUpperCase()
  if (role === "customer") {
    if (kind === "DEL") return { to: "/inbox/$deliverable", params: { deliverable: id } }
    return kind === "HAI" ? { to: "/agents/$hire", params: { hire: id } } : undefined
  }
  switch (kind) {
    case "SCH":
      return { to: "/runs/$run", params: { run: id } }
    case "GOI":
      return { to: "/goals/$goal/why", params: { goal: id } }
    case "DLQ":
      return { to: "/dead-letters/entry/$entry", params: { entry: id } }
    case "HAI":
      return { to: "/hires/$hire", params: { hire: id } }
    case "CUS":
      return { to: "/customers/$customer", params: { customer: id } }
    default:
      return undefined
  }
}

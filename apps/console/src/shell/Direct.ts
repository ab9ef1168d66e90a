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
    // RUN- is the execution of the run whose id has the same end
    case "RUN":
      return { to: "/runs/$run", params: { run: `SCH-${id.slice(4)}` } }
    case "GOI": {
      // with a slot behind it, it is a run's idempotency key
      const [, goal = id, at] = /^(.+?):(\d{4}-\d\d-\d\dT.+Z)$/.exec(id) ?? []
      return { to: "/goals/$goal/why", params: { goal }, search: at === undefined ? {} : { at } }
    }
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

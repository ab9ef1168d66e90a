/** `stint makers list`: the hosts at which programs make drafts. */
import type { Handlers } from "../../Remote/Command.ts"
import { table } from "../../Show/Table.ts"
import { placesOf, standing } from "../models/Handlers.ts"

/** What calls the services. */
export const handlers: Handlers = {
  list: async (session) => {
    const answer = await placesOf(session, ({ place }) => place.startsWith("host:"))
    session.show(answer, ({ value: { items } }) => {
      table(session.io, [{ head: "host", of: ({ place }) => place.slice("host:".length) }, ...standing], items)
      if (items.length === 0) session.io.err("None was called yet.")
    })
  },
}

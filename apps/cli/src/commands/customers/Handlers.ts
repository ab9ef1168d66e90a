import { Email } from "@stint/domain/Contact"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import { CustomerId } from "@stint/domain/Ids"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf, periodIn, showPage, showThing } from "../../Remote/Lists.ts"
import { given, only, required, whole } from "../../Remote/Session.ts"

/** What `stint customers` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const query = { ...only({ email: given(Email, "--email", session.flags.email) }), ...pageOf(session.flags) }
    const answer = await session.ask(HiringApi, "hiring", ({ customers }) => customers.list({ query, ...whole }))
    showPage(session, answer, [
      { head: "customer", of: ({ customer_id }) => customer_id },
      { head: "name", of: ({ full_name }) => full_name, least: 10 },
      { head: "business", of: ({ business_name }) => business_name, least: 10 },
      { head: "e-mail", of: ({ email }) => email, least: 12 },
      { head: "verified", of: ({ verified_at }) => at(verified_at) },
    ])
  },
  report: async (session) => {
    const customer = required(CustomerId, "CUSTOMER", session.operands[0])
    const query = periodIn(session.flags)
    const answer = await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ reports }) => reports.ofCustomer({ params: { customer }, query, ...whole }),
    )
    showThing(session, answer)
  },
  show: async (session) => {
    const id = required(CustomerId, "CUSTOMER", session.operands[0])
    showThing(
      session,
      await session.ask(HiringApi, "hiring", ({ customers }) => customers.get({ params: { id }, ...whole })),
    )
  },
}

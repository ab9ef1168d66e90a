import { HiringApi } from "@stint/domain/hiring/Api"
import { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { CustomerId, SubscriptionId } from "@stint/domain/Ids"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { given, keyed, only, required, type Session, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"

const params = ({ operands }: Session) => ({ params: { id: required(SubscriptionId, "SUB", operands[0]) } })

/** What `stint subs` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const { context, flags } = session
    const query = {
      ...only({
        customer_id: given(CustomerId, "--customer", flags.customer ?? context.customer),
        status: given(SubscriptionStatus, "--status", flags.status),
      }),
      ...pageOf(flags),
    }
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ subscriptions }) => subscriptions.list({ query, ...whole }),
    )
    showPage(session, answer, [
      { head: "subscription", of: ({ subscription_id }) => subscription_id },
      { head: "status", of: ({ status }) => status },
      { head: "customer", of: ({ customer_id }) => customer_id, least: 8 },
      { head: "agent type", of: ({ agent_id }) => agent_id, least: 12 },
      { head: "ends", of: ({ current_period_end }) => at(current_period_end) },
      { head: "paid", of: ({ duration }) => duration },
    ])
  },
  show: async (session) =>
    showThing(
      session,
      await session.ask(
        HiringApi,
        "hiring",
        ({ subscriptions }) => subscriptions.get({ ...params(session), ...whole }),
      ),
    ),
  activate: async (session) =>
    showThing(
      session,
      await session.ask(HiringApi, "hiring", ({ subscriptions }) =>
        subscriptions.activate({ ...params(session), payload: {}, ...keyed() })),
    ),
  "past-due": async (session) =>
    showThing(
      session,
      await session.ask(HiringApi, "hiring", ({ subscriptions }) =>
        subscriptions.pastDue({ ...params(session), payload: {}, ...keyed() })),
    ),
  cancel: async (session) => {
    const { flags, io, operands } = session
    const at_period_end = flags["at-period-end"] === true
    await confirm(
      io,
      flags,
      `${operands[0]} is canceled ${at_period_end ? "at the end of its period" : "now"}, for good.`,
    )
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ subscriptions }) => subscriptions.cancel({ ...params(session), payload: { at_period_end }, ...keyed() }),
    )
    showThing(session, answer)
  },
}

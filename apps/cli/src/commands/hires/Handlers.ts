import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import type { Hire } from "@stint/domain/hiring/Hires"
import { AgentTypeId, CustomerId, HiredInstanceId, NamedVersion, SubscriptionId } from "@stint/domain/Ids"
import type { Handlers } from "../../Remote/Command.ts"
import { at, customerIn, pageOf, periodIn, showPage, showThing } from "../../Remote/Lists.ts"
import { keyed, numberOf, only, required, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"
import { table } from "../../Show/Table.ts"
import { hire } from "./New.ts"

/** How a hire stands, in one word. */
const stateOf = ({ active, configured, finalized_at, subscription_status }: Hire): string => {
  if (!active) return "deactivated"
  if (subscription_status !== "active") return subscription_status
  if (!configured) return "not configured"
  return finalized_at === null ? "draft" : "active"
}

/** What `stint hires` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const customer_id = required(CustomerId, "--customer", customerIn(session))
    const query = { customer_id, ...pageOf(session.flags) }
    const answer = await session.ask(HiringApi, "hiring", ({ hires }) => hires.list({ query, ...whole }))
    showPage(session, answer, [
      { head: "hire", of: ({ hired_instance_id }) => hired_instance_id },
      { head: "state", of: stateOf },
      { head: "nickname", of: ({ config }) => typeof config.nickname === "string" ? config.nickname : null, least: 8 },
      { head: "agent type", of: ({ agent_id }) => agent_id, least: 12 },
      { head: "trial", of: ({ trial_status }) => trial_status },
      { head: "changed", of: ({ updated_at }) => at(updated_at) },
    ])
  },
  show: async (session) => {
    const [text = ""] = session.operands
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ hires }) =>
        text.startsWith("SUB-")
          ? hires.ofSubscription({ params: { id: required(SubscriptionId, "HIRE", text) }, headers: {}, ...whole })
          : hires.get({ params: { id: required(HiredInstanceId, "HIRE", text) }, headers: {}, ...whole }),
    )
    showThing(session, answer)
  },
  new: hire,
  report: async (session) => {
    const hire = required(HiredInstanceId, "HIRE", session.operands[0])
    const query = periodIn(session.flags)
    const answer = await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ reports }) => reports.ofHire({ params: { hire }, query, ...whole }),
    )
    showThing(session, answer)
  },
  migrate: async (session) => {
    const { flags, io, operands } = session
    const payload = {
      agent_id: required(AgentTypeId, "TYPE", operands[0]),
      to_version: required(NamedVersion, "VERSION", operands[1]),
      cap: numberOf(flags, "cap", 1, 1000)!,
      dry_run: flags["dry-run"] === true,
      ...only({ cursor: flags.cursor as string | undefined }),
    }
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ definitionsInUse }) => definitionsInUse.migrate({ payload, ...keyed() }),
    )
    session.show(answer, ({ value: { hired_instance_ids, moved, next_cursor, skipped } }) => {
      const outcome = payload.dry_run ? "would move" : "moved"
      const rows = [
        ...hired_instance_ids.map((hire) => ({ hire, outcome, why: null })),
        ...skipped.flatMap(({ errors, hired_instance_id: hire }) =>
          errors.map(({ message, path }) => ({ hire, outcome: "skipped", why: `${path} ${message}` }))
        ),
      ]
      table(io, [
        { head: "hire", of: ({ hire }) => hire },
        { head: "outcome", of: ({ outcome }) => outcome },
        { head: "why", of: ({ why }) => why, least: 20 },
      ], rows)
      io.err(`${moved} ${outcome}, ${skipped.length} skipped.`)
      if (next_cursor !== null) io.err(`There are more: --cursor ${next_cursor}`)
    })
  },
  deactivate: async (session) => {
    const { flags, io, operands } = session
    const id = required(HiredInstanceId, "HIRE", operands[0])
    await confirm(io, flags, `${id} is deactivated for good, its pending runs are cancelled.`)
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ hires }) => hires.deactivate({ params: { id }, payload: {}, ...keyed() }),
    )
    showThing(session, answer)
  },
}

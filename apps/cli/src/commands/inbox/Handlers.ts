import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { ReviewStatus, SearchText } from "@stint/domain/deliverables/Deliverables"
import { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf, periodIn, showPage, showThing } from "../../Remote/Lists.ts"
import { type Answer, given, keyed, only, type Session, whole } from "../../Remote/Session.ts"
import { confirm, waitFor } from "../../Remote/Wait.ts"
import { decide, getDraft, named } from "./Decide.ts"
import { edit, show, withdraw } from "./Revise.ts"

/** Whose: --customer, a customer's own, or all. */
const customer_id = ({ context, flags }: Session) => given(CustomerId, "--customer", flags.customer ?? context.customer)

/** How a draft stands, in one word. */
const stateOf = ({ execution, execution_status, review_status }: Deliverable): string => {
  if (execution_status === "executed") return "executed"
  return execution?.state ?? review_status
}

/** Executes a draft, and answers with it once it is delivered or no attempt follows; at once without --wait. */
const execute = async (session: Session): Promise<number> => {
  const { flags, io, operands } = session
  const draft = await getDraft(session, named(operands[0]))
  const { approval_id, deliverable_id: id, payload, title } = draft.value
  const intent = "intent_action" in payload && payload.intent_action !== undefined ? ` (${payload.intent_action})` : ""
  await confirm(io, flags, `${title}, ${id}, is executed${intent}: it can't be taken back.`)
  const params = { id }
  const asked: Answer<Deliverable> = await session.ask(
    DeliverablesApi,
    "deliverables",
    ({ executions }) =>
      executions.execute({ params, payload: only({ approval_id: approval_id ?? undefined }), ...keyed() }),
  ) as Answer<
    Deliverable
  >
  const isOver = ({ execution }: Deliverable): boolean => execution?.state !== "waiting"
  const done = flags.wait !== true || isOver(asked.value) ? asked : await waitFor(
    io,
    flags,
    { words: "It is being delivered,", next: `stint inbox show ${id} says how it stands.` },
    async () => {
      const look = await getDraft(session, { id, hash: undefined })
      return isOver(look.value) ? look : undefined
    },
  )
  showThing(session, done)
  const { execution, execution_status } = done.value
  if (execution_status === "executed") return 0
  io.err(`It is not delivered yet: ${execution?.last_error ?? execution?.state ?? "it waits"}.`)
  return flags.wait === true || execution?.state !== "waiting" ? 1 : 0
}

/** What `stint inbox` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const { flags } = session
    const byExpiry = flags.order === "expiry"
    const query = {
      ...only({
        customer_id: customer_id(session),
        agent_id: given(AgentTypeId, "--type", flags.type),
        hired_instance_id: given(HiredInstanceId, "--hire", flags.hire),
        goal_instance_id: given(GoalInstanceId, "--goal", flags.goal),
        search: given(SearchText, "--search", flags.search),
        review_status: flags.status === "all" ? undefined : given(ReviewStatus, "--status", flags.status),
        expiring: flags.expiring === true ? "true" as const : undefined,
        order: byExpiry ? "expiry" as const : undefined,
      }),
      ...periodIn(flags),
      ...pageOf(flags),
    }
    const answer = await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ deliverables }) => deliverables.inbox({ query, ...whole }),
    )
    showPage(session, answer, [
      { head: "draft", of: ({ deliverable_id }) => deliverable_id },
      { head: "content", of: ({ content_sha256 }) => content_sha256?.slice(0, 12) },
      { head: "state", of: stateOf },
      { head: "title", of: ({ title }) => title, least: 12 },
      byExpiry || flags.expiring === true
        ? { head: "expires", of: ({ expires_at }) => at(expires_at) }
        : { head: "made", of: ({ created_at }) => at(created_at) },
    ], "Nothing waits.")
  },
  show,
  approve: (session) => decide(session, "approved"),
  reject: (session) => decide(session, "rejected"),
  changes: (session) => decide(session, "changes_requested"),
  edit,
  withdraw,
  execute,
  counts: async (session) => {
    const query = only({ customer_id: customer_id(session) })
    showThing(
      session,
      await session.ask(
        DeliverablesApi,
        "deliverables",
        ({ deliverables }) => deliverables.counts({ query, ...whole }),
      ),
    )
  },
}

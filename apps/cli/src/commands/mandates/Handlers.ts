import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { type Mandate, type MandatePreview, NewMandate } from "@stint/domain/deliverables/Mandates"
import { CustomerId, HiredInstanceId, MandateId } from "@stint/domain/Ids"
import { documentIn } from "../../Remote/Document.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { at, customerIn, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { given, keyed, only, required, type Session, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"
import type { Column } from "../../Show/Table.ts"
import { table } from "../../Show/Table.ts"

const params = ({ operands }: Session) => ({ params: { id: required(MandateId, "MANDATE", operands[0]) } })

const columns: ReadonlyArray<Column<Mandate>> = [
  { head: "mandate", of: ({ mandate_id }) => mandate_id },
  { head: "state", of: ({ state }) => state },
  { head: "does", of: ({ action }) => action },
  { head: "used", of: ({ max_uses, per, uses_in_period }) => `${uses_in_period} of ${max_uses} a ${per}` },
  { head: "until", of: ({ valid_until }) => at(valid_until) },
  {
    head: "covers",
    of: ({ goal_instance_id, goal_template_id, hired_instance_id }) =>
      goal_instance_id ?? goal_template_id ?? hired_instance_id,
    least: 12,
  },
]

const mandateIn = (session: Session) => documentIn(session, session.operands[0]!, NewMandate, "mandate")

const previewOf = (session: Session, mandate: NewMandate) =>
  session.ask(
    DeliverablesApi,
    "deliverables",
    ({ mandates }) => mandates.preview({ payload: { mandate }, headers: {}, ...whole }),
  )

/** What it would have covered, in a sentence. */
const inWords = ({ covered, others }: MandatePreview): string => {
  const all = covered.length + others.length
  return all === 0
    ? "There is no draft yet by which it could be judged."
    : `Of ${all} past ${all === 1 ? "draft" : "drafts"} it would have covered ${covered.length}.`
}

const shown = ({ io }: Session, preview: MandatePreview, { rules }: NewMandate): void => {
  table(io, [
    { head: "draft", of: ({ deliverable_id }) => deliverable_id },
    { head: "rule", of: ({ rule, why }) => rule === null ? why : `${rule} ${rules[rule]?.op ?? ""}` },
    { head: "stopped at", of: ({ path }) => path ?? "-", least: 12 },
  ], preview.others)
  io.err(inWords(preview))
}

/** What `stint mandates` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const query = only({
      customer_id: given(CustomerId, "--customer", customerIn(session)),
      hired_instance_id: given(HiredInstanceId, "--hire", session.flags.hire),
      ...pageOf(session.flags),
    })
    showPage(
      session,
      await session.ask(DeliverablesApi, "deliverables", ({ mandates }) => mandates.list({ query, ...whole })),
      columns,
    )
  },
  show: async (session) =>
    showThing(
      session,
      await session.ask(DeliverablesApi, "deliverables", ({ mandates }) =>
        mandates.get({ ...params(session), ...whole })),
    ),
  preview: async (session) => {
    const mandate = await mandateIn(session)
    session.show(await previewOf(session, mandate), ({ value }) => shown(session, value, mandate))
  },
  sign: async (session) => {
    const { flags, io } = session
    const mandate = await mandateIn(session)
    if (flags.yes !== true) {
      const { action, max_uses, per } = mandate
      io.err(inWords((await previewOf(session, mandate)).value))
      const what = action === "execute" ? "approved and executed" : "approved"
      await confirm(io, flags, `From now on up to ${max_uses} drafts a ${per} are ${what} without you.`)
    }
    showThing(
      session,
      await session.ask(
        DeliverablesApi,
        "deliverables",
        ({ mandates }) => mandates.sign({ payload: mandate, ...keyed() }),
      ),
    )
  },
  revoke: async (session) => {
    const payload = only({ reason: session.flags.reason === undefined ? undefined : String(session.flags.reason) })
    showThing(
      session,
      await session.ask(
        DeliverablesApi,
        "deliverables",
        ({ mandates }) => mandates.revoke({ ...params(session), payload, ...keyed() }),
      ),
    )
  },
}

/** `stint types makers`: whether the makers of a definition can be called. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { slowMakerOf } from "@stint/domain/Definition/Maker"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { EXIT } from "../../Remote/Failed.ts"
import { type Session, whole } from "../../Remote/Session.ts"
import { table } from "../../Show/Table.ts"

/** Asks about the makers that are called. The exit status is 1 when one of them can't be. */
export const makers = async (session: Session, { goal_templates }: AgentTypeDefinition): Promise<number> => {
  const called = goal_templates.flatMap(({ goal_template_id, maker }) => {
    const slow = slowMakerOf(maker === undefined ? {} : { maker })
    return slow === undefined ? [] : [{ goal_template_id, maker: slow }]
  })
  const payload = { makers: called.map(({ maker }) => maker) }
  // nobody is asked about nothing
  const problems = called.length === 0 ? [] : (await session.ask(
    DeliverablesApi,
    "deliverables",
    ({ makings }) => makings.checkMakers({ payload, ...whole }),
  )).value.items
  const value = { items: called.map((one, nth) => ({ ...one, problem: problems[nth]?.problem ?? null })) }
  session.show({ value, body: value, etag: undefined }, ({ value: { items } }) => {
    table(session.io, [
      { head: "template", of: ({ goal_template_id }) => goal_template_id, least: 16 },
      { head: "maker", of: ({ maker }) => maker.kind === "http" ? maker.url : `model ${maker.model}`, least: 16 },
      { head: "problem", of: ({ problem }) => problem, least: 20 },
    ], items)
    if (items.length === 0) session.io.err("It calls none: its drafts are made by the service itself.")
  })
  return value.items.every(({ problem }) => problem === null) ? 0 : EXIT.failed
}

/** What happens to drafts besides a decision: edits, withdrawals, and what was written and decided of one. */
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Approval } from "@stint/domain/deliverables/Reviews"
import { ApprovalId } from "@stint/domain/Ids"
import { JsonObject } from "@stint/domain/Protocol"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { UsageError } from "../../Command.ts"
import { LauncherError, reasonOf } from "../../Postgres/LauncherError.ts"
import { claimsOf } from "../../Remote/Context.ts"
import { EXIT, Failed } from "../../Remote/Failed.ts"
import { at, showThing } from "../../Remote/Lists.ts"
import { given, keyed, only, type Session, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"
import { fields } from "../../Show/Fields.ts"
import { table } from "../../Show/Table.ts"
import { getDraft, named } from "./Decide.ts"

const notesIn = ({ flags }: Session) => only({ notes: flags.notes as string | undefined })

/** The payload in a file. Fails with a UsageError where it is none. */
const payloadIn = async ({ io }: Session, path: string): Promise<JsonObject> => {
  const text = path === "-" ? await io.read() : await readTextFile(path).catch((error) => {
    throw new LauncherError(`${path} can't be read: ${reasonOf(error)}.`)
  })
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new UsageError(`${path} is no JSON.`)
  }
  return given(JsonObject, path, body)!
}

/** Writes the next revision of a draft: the whole payload, from a file or standard input. */
export const edit = async (session: Session): Promise<void> => {
  const [draft, path] = session.operands
  const payload = await payloadIn(session, path!)
  const { deliverable_id: id, revision: base_revision = 1 } = (await getDraft(session, named(draft))).value
  showThing(
    session,
    await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ revisions }) =>
        revisions.edit({ params: { id }, payload: { payload, base_revision, ...notesIn(session) }, ...keyed() }),
    ),
  )
}

/** The decisions on a draft, the latest first. */
const decisionsOn = (session: Session, { deliverable_id: id }: Deliverable) =>
  session.ask(
    DeliverablesApi,
    "deliverables",
    ({ reviews }) => reviews.ofDeliverable({ params: { id }, query: { limit: 200 }, ...whole }),
  )

const isOpen = ({ decision, withdrawn_at }: Pick<Approval, "decision" | "withdrawn_at">) =>
  decision === "approved" && withdrawn_at === null

/** The approval that is meant: by its id, the draft's own, or while it waits for others the one that this person gave. */
const approvalOf = async (session: Session): Promise<ApprovalId> => {
  const [word] = session.operands
  if (word?.startsWith("APR-")) return given(ApprovalId, "APPROVAL", word)!
  const { value } = await getDraft(session, named(word))
  if (value.approval_id !== null) return value.approval_id
  const person = claimsOf(await session.context.token()).sub
  const { items } = (await decisionsOn(session, value)).value
  const own = items.find((one) => isOpen(one) && one.decided_by === person && one.revision === value.revision)
  if (own !== undefined) return own.approval_id
  throw new Failed(`${value.deliverable_id} has no approval to withdraw.`, EXIT.conflict, {
    next: `stint inbox show ${value.deliverable_id} says how it stands.`,
  })
}

/** Takes an approval back, as long as nothing is executed under it. */
export const withdraw = async (session: Session): Promise<void> => {
  const { flags, io } = session
  const id = await approvalOf(session)
  await confirm(io, flags, `${id} is withdrawn: its draft waits for a decision again.`)
  const reason = only({ reason: flags.reason as string | undefined })
  showThing(
    session,
    await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ reviews }) => reviews.withdraw({ params: { id }, payload: reason, ...keyed() }),
    ),
  )
}

/** Shows a draft, then who decided what on it, and its revisions where it has several. */
export const show = async (session: Session): Promise<void> => {
  const { io, isJson } = session
  const answer = await getDraft(session, named(session.operands[0]))
  if (isJson) return showThing(session, answer)
  const { deliverable_id: id, revision = 1 } = answer.value
  const { items } = (await decisionsOn(session, answer.value)).value
  const written = revision === 1 ? [] : (await session.ask(
    DeliverablesApi,
    "deliverables",
    ({ revisions }) => revisions.list({ params: { id }, query: { limit: 200 }, ...whole }),
  )).value.items
  fields(io, answer.body)
  if (items.length > 0) {
    io.out("")
    table(io, [
      { head: "approval", of: ({ approval_id }) => approval_id },
      { head: "decision", of: ({ decision, withdrawn_at }) => withdrawn_at === null ? decision : "withdrawn" },
      { head: "revision", of: ({ revision }) => revision, isRight: true },
      { head: "by", of: ({ decided_by, mandate_id }) => mandate_id ?? decided_by },
      { head: "at", of: ({ created_at }) => at(created_at) },
      { head: "until", of: ({ expires_at }) => at(expires_at) },
      { head: "notes", of: ({ notes }) => notes, least: 8 },
    ], items)
  }
  if (written.length === 0) return
  io.out("")
  table(io, [
    { head: "revision", of: ({ revision }) => revision, isRight: true },
    { head: "content", of: ({ content_sha256 }) => content_sha256.slice(0, 12) },
    { head: "author", of: ({ author }) => author },
    { head: "at", of: ({ created_at }) => at(created_at) },
    { head: "notes", of: ({ notes }) => notes, least: 8 },
  ], written)
}

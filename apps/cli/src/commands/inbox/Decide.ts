/** Decisions on drafts: each on the content that was shown. */
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Decision, DecisionAnswer } from "@stint/domain/deliverables/Reviews"
import { DeliverableId } from "@stint/domain/Ids"
import { UsageError } from "../../Command.ts"
import type { Io } from "../../Io.ts"
import { EXIT, Failed, failedBy, type Problem } from "../../Remote/Failed.ts"
import { type Answer, keyed, only, required, type Session, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"
import { documentLine, fields } from "../../Show/Fields.ts"
import { table } from "../../Show/Table.ts"

/** The most drafts of one command: as many as one request takes. */
const MOST = 200

/** A draft as it is named: its id and, where it was said, how its content's hash begins. */
interface Named {
  readonly id: DeliverableId
  readonly hash: string | undefined
}

/** Reads `ID` or `ID@HASH`. Fails with a UsageError. */
export const named = (word: string | undefined): Named => {
  const [id, hash, ...rest] = (word ?? "").split("@")
  if (rest.length > 0 || (hash !== undefined && !/^[0-9a-f]{8,64}$/.test(hash))) {
    throw new UsageError(`${JSON.stringify(word)}: say ID, or ID@HASH with 8 to 64 digits of the content's SHA-256.`)
  }
  return { id: required(DeliverableId, "DRAFT", id), hash }
}

/** Gets a draft, which has to be the one that was named. */
export const getDraft = async (session: Session, { hash, id }: Named): Promise<Answer<Deliverable>> => {
  const answer = await session.ask(
    DeliverablesApi,
    "deliverables",
    ({ deliverables }) => deliverables.get({ params: { id }, headers: {}, ...whole }),
  )
  if (hash !== undefined && !(answer.value.content_sha256 ?? "").startsWith(hash)) {
    throw new Failed(`The content of ${id} is not ${hash} any more.`, EXIT.conflict, {
      next: `Look at it again: stint inbox show ${id}`,
    })
  }
  return answer
}

/** Shows a draft to the person who decides, on standard error: what is on standard output is the outcome. */
const showDraft = (io: Io, { content_sha256, payload, title }: Deliverable): void => {
  io.err(`${title}, content ${content_sha256?.slice(0, 12) ?? "unknown"}:`)
  fields({ ...io, isColoured: false, painted: (line) => io.err(`  ${line}`) }, payload)
}

/** Shows, on standard error, what was not named by its hash, and asks. */
const shownAndAsked = async (
  { flags, io }: Session,
  verb: string,
  drafts: ReadonlyArray<{ readonly named: Named; readonly draft: Deliverable }>,
): Promise<void> => {
  const unseen = drafts.filter(({ named }) => named.hash === undefined)
  if (unseen.length === 0 || flags.yes === true) return
  if (io.isTerminal.dialogue) { for (const { draft } of unseen) showDraft(io, draft) }
  const what = drafts.length === 1 ? `${drafts[0]!.draft.deliverable_id} is` : `${drafts.length} drafts are`
  await confirm(io, flags, `${what} ${verb} as shown.`)
}

const exitOf = (answers: ReadonlyArray<DecisionAnswer>): number => {
  const problem = answers.find(({ problem }) => problem !== undefined)?.problem
  return problem === undefined ? 0 : failedBy(problem as Problem).exit
}

/** What is asked of a person before it is done. */
const words: Record<Decision, string> = {
  approved: "approved",
  rejected: "rejected",
  changes_requested: "sent back to be changed",
}

/** Decides on all drafts that are named, each on the content that is there now: the first refusal sets the exit status. */
export const decide = async (session: Session, decision: Decision): Promise<number> => {
  const { flags, io, isJson, operands } = session
  if (operands.length > MOST) throw new UsageError(`At most ${MOST} drafts at once.`)
  if (decision === "changes_requested" && String(flags.notes ?? "").trim() === "") {
    throw new UsageError("Say --notes WORDS: what their maker is to change.")
  }
  const drafts: Array<{ readonly named: Named; readonly draft: Deliverable }> = []
  for (const one of [...new Set(operands)].map(named)) {
    drafts.push({ named: one, draft: (await getDraft(session, one)).value })
  }
  await shownAndAsked(session, words[decision], drafts)
  const notes = only({ notes: flags.notes as string | undefined })
  const items = drafts.map(({ draft: { content_sha256 = "", deliverable_id, revision } }) => ({
    deliverable_id,
    decision,
    content_sha256,
    ...only({ revision }),
    ...notes,
  }))
  const answer = await session.ask(
    DeliverablesApi,
    "deliverables",
    ({ reviews }) => reviews.decide({ payload: { items }, ...keyed() }),
  )
  session.show(answer, ({ value: { items } }) =>
    table(io, [
      { head: "draft", of: ({ deliverable_id }) => deliverable_id },
      { head: "outcome", of: ({ deliverable }) => deliverable?.review_status ?? "failed" },
      { head: "title", of: ({ deliverable, problem }) => deliverable?.title ?? problem?.code, least: 12 },
    ], items))
  for (const { deliverable_id, problem } of answer.value.items) {
    if (problem === undefined) continue
    const { message, next } = failedBy(problem as Problem)
    if (isJson) documentLine({ ...io, out: io.err }, problem)
    else io.err(`${deliverable_id}: ${[message, next].filter((part) => part !== undefined).join(" ")}`)
  }
  return exitOf(answer.value.items)
}

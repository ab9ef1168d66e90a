import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { type Notice, NoticeState } from "@stint/domain/deliverables/Notices"
import { ReviewerSettings } from "@stint/domain/deliverables/Reviewers"
import { issuesUnder } from "@stint/domain/FieldIssues"
import { CustomerId, Subject } from "@stint/domain/Ids"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { Schema } from "effect"
import { UsageError } from "../../Command.ts"
import { LauncherError, reasonOf } from "../../Postgres/LauncherError.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { given, keyed, only, required, type Session, whole } from "../../Remote/Session.ts"
import type { Column } from "../../Show/Table.ts"

const issuesOf = issuesUnder(ReviewerSettings)

const customerIn = ({ flags }: Session) => only({ customer_id: given(CustomerId, "--customer", flags.customer) })

const columns: ReadonlyArray<Column<Notice>> = [
  { head: "made", of: ({ created_at }) => at(created_at) },
  { head: "person", of: ({ person }) => person, least: 8 },
  { head: "by", of: ({ kind, target }) => `${kind} ${target}`, least: 16 },
  { head: "state", of: ({ state }) => state },
  { head: "tries", of: ({ tries }) => tries, isRight: true },
  { head: "subject", of: ({ subject }) => subject, least: 16 },
  { head: "error", of: ({ last_error }) => last_error ?? "", least: 10 },
]

/** The settings in a file, held to the contract. Fails with a UsageError that names their faults. */
const settingsIn = async ({ io }: Session, path: string): Promise<ReviewerSettings> => {
  const text = path === "-" ? await io.read() : await readTextFile(path).catch((error) => {
    throw new LauncherError(`${path} can't be read: ${reasonOf(error)}.`)
  })
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new UsageError(`${path} is no JSON.`)
  }
  const issues = issuesOf(body)
  if (issues.length === 0) return Schema.decodeUnknownSync(ReviewerSettings)(body)
  const faults = issues.slice(0, 5).map(({ message, path }) => `${path} ${message}`)
  throw new UsageError(`${path} holds no settings of a person: ${faults.join("; ")}.`)
}

/** What `stint notices` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const { flags } = session
    const query = {
      ...customerIn(session),
      ...only({
        person: given(Subject, "--person", flags.person),
        state: given(NoticeState, "--state", flags.state),
      }),
      ...pageOf(flags),
    }
    const answer = await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ notices }) => notices.list({ query, ...whole }),
    )
    showPage(session, answer, columns)
  },
  people: async (session) => {
    const query = { ...customerIn(session), ...pageOf(session.flags) }
    const answer = await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ reviewers }) => reviewers.list({ query, ...whole }),
    )
    showPage(session, answer, [
      { head: "customer", of: ({ customer_id }) => customer_id, least: 10 },
      { head: "person", of: ({ person }) => person, least: 10 },
      { head: "zone", of: ({ timezone }) => timezone },
      {
        head: "channels",
        of: ({ channels }) => channels.map(({ kind, state }) => `${kind} ${state}`).join(", "),
        least: 12,
      },
    ])
  },
  show: async (session) => {
    const params = { person: required(Subject, "PERSON", session.operands[0]) }
    const query = customerIn(session)
    showThing(
      session,
      await session.ask(DeliverablesApi, "deliverables", ({ reviewers }) => reviewers.get({ params, query, ...whole })),
    )
  },
  set: async (session) => {
    const params = { person: required(Subject, "PERSON", session.operands[0]) }
    const query = customerIn(session)
    const payload = await settingsIn(session, required(Schema.String, "FILE", session.operands[1]))
    showThing(
      session,
      await session.ask(
        DeliverablesApi,
        "deliverables",
        ({ reviewers }) => reviewers.put({ params, query, payload, ...whole }),
      ),
    )
  },
  test: async (session) => {
    const payload = only({ channel_id: given(Schema.String, "--channel", session.flags.channel) })
    const answer = await session.ask(
      DeliverablesApi,
      "deliverables",
      ({ notices }) => notices.test({ payload, ...keyed() }),
    )
    showThing(session, answer)
  },
}

import { AgentTypeId, CustomerId, DlqId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Reason } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { type DeadLetter, DeadLetterState, Fingerprint } from "@stint/domain/scheduler/DeadLetters"
import { ErrorType } from "@stint/domain/scheduler/Runs"
import { UsageError } from "../../Command.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { ended, getRun } from "../../Remote/Runs.ts"
import { type Answer, given, keyed, numberOf, only, required, type Session, whole } from "../../Remote/Session.ts"
import { confirm, waitFor } from "../../Remote/Wait.ts"
import { table } from "../../Show/Table.ts"

const idOf = ({ operands }: Session) => required(DlqId, "DLQ", operands[0])

const get = (session: Session, id: DlqId): Promise<Answer<DeadLetter>> =>
  session.ask(SchedulerApi, "scheduler", ({ deadLetters }) => deadLetters.get({ params: { id }, ...whole }))

const filterOf = ({ flags }: Session) =>
  only({
    goal_instance_id: given(GoalInstanceId, "--goal", flags.goal),
    hired_instance_id: given(HiredInstanceId, "--hire", flags.hire),
    error_type: given(ErrorType, "--error", flags.error),
    fingerprint: given(Fingerprint, "--cause", flags.cause),
  })

/** The entry once it is closed, or its runs have ended again without that; undefined while they go on. */
const settled = async (session: Session, id: DlqId): Promise<Answer<DeadLetter> | undefined> => {
  const before = await get(session, id)
  if (before.value.state !== "open") return before
  const runs = await Promise.all(before.value.scheduled_run_ids.map((run) => getRun(session, run)))
  if (!runs.every(({ value }) => ended(value))) return undefined
  // A run that completed closes its entry in the same transaction: what is open now had failed again
  return await get(session, id)
}

const waitForAll = (session: Session, ids: ReadonlyArray<DlqId>) =>
  waitFor(
    session.io,
    session.flags,
    { words: "Their runs are under way,", next: "stint dlq list says what is open." },
    async () => {
      const all = []
      for (const id of ids) {
        const entry = await settled(session, id)
        if (entry === undefined) return undefined
        all.push(entry)
      }
      return all
    },
  )

/** What `stint dlq` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const { flags } = session
    const query = {
      ...filterOf(session),
      ...only({
        state: flags.state === "all" ? undefined : given(DeadLetterState, "--state", flags.state),
        customer_id: given(CustomerId, "--customer", flags.customer),
        agent_id: given(AgentTypeId, "--type", flags.type),
      }),
      ...pageOf(flags),
    }
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ deadLetters }) => deadLetters.list({ query, ...whole }),
    )
    showPage(session, answer, [
      { head: "dead letter", of: ({ dlq_id }) => dlq_id },
      { head: "state", of: ({ state }) => state },
      { head: "failed", of: ({ failure_count }) => failure_count, isRight: true },
      { head: "last", of: ({ last_failed_at }) => at(last_failed_at) },
      { head: "error", of: ({ error_message }) => error_message, least: 16 },
      { head: "cause", of: ({ fingerprint }) => fingerprint },
      { head: "goal", of: ({ goal_instance_id }) => goal_instance_id, least: 12 },
    ])
  },
  causes: async (session) => {
    const { io } = session
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ deadLetters }) => deadLetters.causes({ query: {}, ...whole }),
    )
    session.show(answer, ({ value: { items } }) => {
      table(io, [
        { head: "cause", of: ({ fingerprint }) => fingerprint },
        { head: "entries", of: ({ entries }) => entries, isRight: true },
        { head: "runs", of: ({ runs }) => runs, isRight: true },
        { head: "last", of: ({ last_failed_at }) => at(last_failed_at) },
        { head: "error", of: ({ error_message }) => error_message, least: 16 },
      ], items)
      if (items.length === 0) io.err("None.")
    })
  },
  show: async (session) => showThing(session, await get(session, idOf(session))),
  retry: async (session) => {
    const id = idOf(session)
    const queued = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ deadLetters }) => deadLetters.retry({ params: { id }, payload: {}, ...keyed() }),
    )
    if (session.flags.wait !== true) return showThing(session, queued)
    const [entry] = await waitForAll(session, [id])
    showThing(session, entry!)
    if (entry!.value.state === "resolved") return 0
    session.io.err(`It is ${entry!.value.state}: ${entry!.value.error_message ?? "it failed again"}.`)
    return 1
  },
  redrive: async (session) => {
    const { flags, io } = session
    const dry_run = flags["dry-run"] === true
    const reason = given(Reason, "--reason", flags.reason)
    if (!dry_run && reason === undefined) {
      throw new UsageError("Say --reason WORDS: why, or --dry-run to see how many match.")
    }
    const payload = {
      filter: filterOf(session),
      dry_run,
      ...only({ cap: numberOf(flags, "cap", 1, 1000), per_minute: numberOf(flags, "per-minute", 1, 100_000), reason }),
    }
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ deadLetters }) => deadLetters.redrive({ payload, ...keyed() }),
    )
    showThing(session, answer)
    if (flags.wait !== true || dry_run) return 0
    const body = answer.body as { readonly dlq_ids: ReadonlyArray<string> }
    const entries = await waitForAll(session, body.dlq_ids.map((id) => DlqId.make(id)))
    const open = entries.filter(({ value }) => value.state !== "resolved")
    for (const { value } of open) {
      io.err(`${value.dlq_id} is ${value.state}: ${value.error_message ?? "it failed again"}.`)
    }
    return open.length === 0 ? 0 : 1
  },
  discard: async (session) => {
    const { flags, io } = session
    const id = idOf(session)
    const reason = required(Reason, "--reason WORDS: why", flags.reason)
    await confirm(io, flags, `${id} is closed for good.`)
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ deadLetters }) => deadLetters.discard({ params: { id }, payload: { reason }, ...whole }),
    )
    showThing(session, answer)
  },
}

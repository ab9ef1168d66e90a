import { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Instant, Reason } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { type LastRun, type Run, RunEnd, RunStatus } from "@stint/domain/scheduler/Runs"
import { UsageError } from "../../Command.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { EXIT, Failed } from "../../Remote/Failed.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { getRun, runAfter, runEnded } from "../../Remote/Runs.ts"
import { type Answer, given, keyed, only, required, type Session, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"
import { documentLine } from "../../Show/Fields.ts"
import { type Column, table } from "../../Show/Table.ts"

/** How often --follow looks, in milliseconds. */
const FOLLOW_MS = 1_000
/** How many runs --follow remembers: those that were listed last. */
const KNOWN = 10_000

const columns: ReadonlyArray<Column<Run>> = [
  { head: "run", of: ({ scheduled_run_id }) => scheduled_run_id },
  { head: "status", of: ({ status }) => status },
  { head: "slot", of: ({ scheduled_time }) => at(scheduled_time) },
  { head: "tries", of: ({ attempt }) => attempt, isRight: true },
  { head: "reason", of: ({ attempts, reason }) => reason ?? attempts.at(-1)?.error_details?.message, least: 12 },
  { head: "goal", of: ({ goal_instance_id }) => goal_instance_id, least: 12 },
]

/** The same a line at a time: states begin one below the other, and so does what follows them. */
const followed = columns.map((column) =>
  column.head === "status" ? { ...column, of: ({ status }: Run) => status.padEnd("dead_lettered".length) } : column
)

const queryOf = ({ flags }: Session) => ({
  ...only({
    goal_instance_id: given(GoalInstanceId, "--goal", flags.goal),
    hired_instance_id: given(HiredInstanceId, "--hire", flags.hire),
    customer_id: given(CustomerId, "--customer", flags.customer),
    agent_id: given(AgentTypeId, "--type", flags.type),
    status: given(RunStatus, "--status", flags.status),
    from: given(Instant, "--from", flags.from),
    to: given(Instant, "--to", flags.to),
  }),
  ...pageOf(flags),
})

const list = (session: Session) => {
  const query = queryOf(session)
  return session.ask(SchedulerApi, "scheduler", ({ runs }) => runs.list({ query, ...whole }))
}

/** Of each goal the last run that ended. Fails with a UsageError where it is of nobody. */
const last = async (session: Session): Promise<void> => {
  const { context, flags } = session
  if ((flags.goal ?? flags.hire ?? flags.customer ?? context.customer) === undefined) {
    throw new UsageError("Say of whom: --goal, --hire or --customer.")
  }
  const query = {
    ...only({
      goal_instance_id: given(GoalInstanceId, "--goal", flags.goal),
      hired_instance_id: given(HiredInstanceId, "--hire", flags.hire),
      customer_id: given(CustomerId, "--customer", flags.customer),
      status: given(RunEnd, "--ended", flags.ended),
    }),
    ...pageOf(flags),
  }
  showPage(
    session,
    await session.ask(SchedulerApi, "scheduler", ({ runs }) => runs.last({ query, ...whole })),
    [
      { head: "goal", of: ({ run }) => run.goal_instance_id },
      { head: "state", of: ({ enabled }) => enabled ? "on" : "off" },
      ...columns.filter(({ head }) => head !== "goal").map(({ of, ...column }) => ({
        ...column,
        of: ({ run }: LastRun) => of(run),
      })),
    ],
  )
}

/** What of a run makes it another line of --follow. */
const stateOf = ({ attempt, status }: Run): string => `${status} ${attempt}`

/** Prints each run of the page when it is new or has changed, the earliest first, until a person ends it. */
const follow = async (session: Session): Promise<void> => {
  const { io, isJson } = session
  const known = new Map<string, string>()
  while (!io.signal.aborted) {
    const page: Answer<{ readonly items: ReadonlyArray<Run> }> | undefined = await list(session).catch((error) => {
      // A service that is away for a moment ends nothing that is to go on
      if (error instanceof Failed && error.exit === EXIT.failed) return void io.err(error.message)
      throw error
    })
    const bodies = (page?.body as { readonly items: ReadonlyArray<unknown> } | undefined)?.items ?? []
    const fresh = (page?.value.items ?? []).map((run, nth) => ({ run, body: bodies[nth] }))
      .filter(({ run }) => known.get(run.scheduled_run_id) !== stateOf(run)).reverse()
    for (const { body, run } of fresh) {
      if (isJson) documentLine(io, body)
      else table({ ...io, isTerminal: { ...io.isTerminal, out: false } }, followed, [run])
    }
    for (const run of page?.value.items ?? []) {
      known.delete(run.scheduled_run_id)
      known.set(run.scheduled_run_id, stateOf(run))
    }
    for (const id of known.keys()) if (known.size > KNOWN) known.delete(id)
    await io.pause(FOLLOW_MS)
  }
}

/** What `stint runs` does. */
export const handlers: Handlers = {
  list: async (session) => {
    if (session.flags.follow === true) return await follow(session)
    showPage(session, await list(session), columns)
  },
  last,
  show: async (session) => {
    const id = required(ScheduledRunId, "RUN", session.operands[0])
    if (session.flags.wait === true) return runEnded(session, await runAfter(session, id))
    showThing(session, await getRun(session, id))
  },
  cancel: async (session) => {
    const { flags, io, operands } = session
    const id = required(ScheduledRunId, "RUN", operands[0])
    const reason = required(Reason, "--reason WORDS: why", flags.reason)
    await confirm(io, flags, `${id} is cancelled for good.`)
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ runs }) => runs.cancel({ params: { id }, payload: { reason }, ...keyed() }),
    )
    showThing(session, answer)
  },
}

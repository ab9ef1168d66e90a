import { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Instant, Reason } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { LimitScope } from "@stint/domain/scheduler/Limits"
import { UsageError } from "../../Command.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { runAfter, runEnded } from "../../Remote/Runs.ts"
import { given, keyed, numberOf, only, required, type Session, whole } from "../../Remote/Session.ts"
import { meanwhile, timeoutOf } from "../../Remote/Wait.ts"
import { table } from "../../Show/Table.ts"
import { backfill } from "./Backfill.ts"

/** The scope of a pause: one hire, one customer, or everything. Fails with a UsageError on both. */
const scopeOf = ({ flags }: Session) => {
  if (flags.hire !== undefined && flags.customer !== undefined) {
    throw new UsageError("Say --hire or --customer, not both.")
  }
  const scope = only({
    hired_instance_id: given(HiredInstanceId, "--hire", flags.hire),
    customer_id: given(CustomerId, "--customer", flags.customer),
  })
  return Object.keys(scope).length === 0 ? {} : { scope }
}

const pause = async (session: Session): Promise<number> => {
  const { flags, io } = session
  const reason = required(Reason, "--reason WORDS: why", flags.reason)
  const seconds = flags.wait === true ? timeoutOf(flags) : 0
  if (seconds > 3_600) throw new UsageError("A pause waits for an hour at most: say --timeout 60m or less.")
  const payload = {
    reason,
    ...scopeOf(session),
    ...(flags.wait === true ? { wait_for_completion: true, timeout_seconds: seconds } : {}),
  }
  const asked = session.ask(
    SchedulerApi,
    "scheduler",
    ({ pauses }) => pauses.pause({ payload, ...keyed() }),
    seconds * 1000,
  )
  const answer = await meanwhile(io, "Runs under way are ending,", asked)
  showThing(session, answer)
  const { running_goals_after_wait: left } = answer.value
  if (flags.wait !== true || left === 0) return 0
  io.err(`${left} runs are still under way; no new one starts.`)
  return 1
}

const pauses = async (session: Session): Promise<void> => {
  const query = only({ customer_id: given(CustomerId, "--customer", session.flags.customer) })
  const answer = await session.ask(SchedulerApi, "scheduler", ({ pauses }) => pauses.holding({ query, ...whole }))
  session.show(answer, ({ value: { items } }) => {
    table(session.io, [
      {
        head: "what",
        of: ({ scope }) => scope === null ? "everything" : scope.hired_instance_id ?? scope.customer_id,
        least: 12,
      },
      { head: "since", of: ({ paused_at }) => at(paused_at) },
      { head: "by", of: ({ paused_by }) => paused_by, least: 8 },
      { head: "reason", of: ({ reason }) => reason, least: 12 },
    ], items)
    if (items.length === 0) session.io.err("Nothing is paused.")
  })
}

/** What a limit is for. Fails with a UsageError unless it is one thing. */
const limited = ({ flags }: Session) =>
  required(
    LimitScope,
    "one of --customer, --type and --every",
    only({
      customer_id: flags.customer,
      agent_id: flags.type,
      every: flags.every,
    }),
  )

const limits = async (session: Session): Promise<void> => {
  const { flags } = session
  if (flags.max === undefined) {
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ limits }) => limits.list({ query: pageOf(flags), ...whole }),
    )
    return showPage(session, answer, [
      {
        head: "for",
        of: ({ scope: { agent_id, customer_id, every } }) => customer_id ?? agent_id ?? `every ${every}`,
        least: 12,
      },
      { head: "at once", of: ({ max_running }) => max_running, isRight: true },
      { head: "set by", of: ({ set_by }) => set_by, least: 8 },
      { head: "since", of: ({ updated_at }) => at(updated_at) },
    ], "No limits: customers share every claim evenly.")
  }
  const max_running = flags.max === "none" ? null : numberOf(flags, "max", 1, 100_000)!
  const payload = {
    scope: limited(session),
    max_running,
    reason: required(Reason, "--reason WORDS: why", flags.reason),
  }
  showThing(
    session,
    await session.ask(SchedulerApi, "scheduler", ({ limits }) => limits.set({ payload, ...keyed() })),
  )
}

/** What `stint scheduler` does. */
export const handlers: Handlers = {
  status: async (session) =>
    showThing(session, await session.ask(SchedulerApi, "scheduler", ({ pauses }) => pauses.status({ ...whole }))),
  health: async (session) =>
    showThing(session, await session.ask(SchedulerApi, "scheduler", ({ health }) => health.health({ ...whole }))),
  pauses,
  pause,
  resume: async (session) => {
    const payload = { ...scopeOf(session), ...only({ reason: given(Reason, "--reason", session.flags.reason) }) }
    showThing(
      session,
      await session.ask(SchedulerApi, "scheduler", ({ pauses }) => pauses.resume({ payload, ...keyed() })),
    )
  },
  trigger: async (session) => {
    const { flags, operands } = session
    const goal = required(GoalInstanceId, "GOAL", operands[0])
    const payload = only({
      scheduled_time: given(Instant, "--at", flags.at),
      reason: given(Reason, "--reason", flags.reason),
      force: flags.force === true ? true : undefined,
    })
    const queued = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ triggers }) => triggers.trigger({ params: { goal }, payload, ...keyed() }),
    )
    if (flags.wait !== true) return showThing(session, queued)
    return runEnded(session, await runAfter(session, ScheduledRunId.make(queued.value.scheduled_run_id)))
  },
  backfill,
  limits,
}

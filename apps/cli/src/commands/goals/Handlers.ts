import { HiringApi } from "@stint/domain/hiring/Api"
import type { Frequency } from "@stint/domain/Definition"
import { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import type { GoalPreview } from "@stint/domain/scheduler/Answers"
import { DateTime } from "effect"
import { UsageError } from "../../Command.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { objectIn } from "../../Remote/Files.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { ended, runEnded } from "../../Remote/Runs.ts"
import { keyed, numberOf, only, required, type Session, whole } from "../../Remote/Session.ts"
import { waitFor } from "../../Remote/Wait.ts"
import { table } from "../../Show/Table.ts"

const goalOf = ({ operands }: Session) => required(GoalInstanceId, "GOAL", operands[0])

/** The hire of a goal: --hire, else that of a run which it had or will have. Fails with a UsageError when there is none. */
const hireOf = async (session: Session): Promise<HiredInstanceId> => {
  const { flags } = session
  if (flags.hire !== undefined) return required(HiredInstanceId, "--hire", flags.hire)
  const query = { goal_instance_id: goalOf(session), limit: 1 }
  const { value: runs } = await session.ask(SchedulerApi, "scheduler", ({ runs }) => runs.list({ query, ...whole }))
  if (runs.items[0] !== undefined) return runs.items[0].hired_instance_id
  const { value: ahead } = await session.ask(
    SchedulerApi,
    "scheduler",
    ({ upcoming }) => upcoming.list({ query, ...whole }),
  )
  if (ahead.items[0] !== undefined) return ahead.items[0].hired_instance_id
  throw new UsageError("The goal has no run yet by which its hire could be found: say --hire HIRE.")
}

const paramsOf = async (session: Session) => ({ id: await hireOf(session), goal: goalOf(session) })

/** Switches a goal, if nobody changes it meanwhile. */
const switched = async (session: Session, enabled: boolean): Promise<void> => {
  const params = await paramsOf(session)
  const { etag, value } = await session.ask(
    HiringApi,
    "hiring",
    ({ goals }) => goals.get({ params, headers: {}, ...whole }),
  )
  const { frequency, goal_instance_id, goal_template_id, settings } = value
  const payload = { goal_instance_id, goal_template_id, frequency, settings, enabled }
  const answer = await session.ask(
    HiringApi,
    "hiring",
    ({ goals }) => goals.put({ params: { id: params.id }, headers: only({ "if-match": etag }), payload, ...whole }),
  )
  showThing(session, answer)
}

const shown = ({ io }: Session, { items, reason, rule_in_words, will_run }: GoalPreview): void => {
  io.out(rule_in_words)
  table(io, [
    { head: "starts", of: ({ starts_at }) => at(starts_at) },
    { head: "local", of: ({ local }) => local },
    { head: "note", of: ({ note }) => note ?? "", least: 10 },
  ], items)
  if (!will_run) io.err(`It will not run: ${reason}`)
}

/** What `stint goals` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const id = required(HiredInstanceId, "HIRE", session.operands[0])
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ goals }) => goals.list({ params: { id }, query: pageOf(session.flags), ...whole }),
    )
    showPage(session, answer, [
      { head: "goal", of: ({ goal_instance_id }) => goal_instance_id },
      { head: "state", of: ({ enabled }) => enabled ? "on" : "off" },
      { head: "frequency", of: ({ frequency }) => frequency },
      { head: "template", of: ({ goal_template_id }) => goal_template_id, least: 12 },
      { head: "changed", of: ({ updated_at }) => at(updated_at) },
    ])
  },
  show: async (session) => {
    const params = await paramsOf(session)
    showThing(
      session,
      await session.ask(HiringApi, "hiring", ({ goals }) => goals.get({ params, headers: {}, ...whole })),
    )
  },
  preview: async (session) => {
    const query = only({ count: numberOf(session.flags, "count", 1, 100) })
    const answer = await session.ask(
      SchedulerApi,
      "scheduler",
      ({ answers }) => answers.preview({ params: { id: goalOf(session) }, query, ...whole }),
    )
    session.show(answer, ({ value }) => shown(session, value))
  },
  run: async (session) => {
    const { flags, io } = session
    const params = await paramsOf(session)
    const queued = await session.ask(HiringApi, "hiring", ({ goals }) => goals.run({ params, payload: {}, ...keyed() }))
    const { scheduled_time, scheduler } = queued.value
    if (flags.wait !== true) {
      showThing(session, queued)
      if (scheduler === "paused") io.err("The scheduler is paused: it runs after stint scheduler resume.")
      return
    }
    const query = {
      goal_instance_id: params.goal,
      from: scheduled_time,
      to: DateTime.add(scheduled_time, { milliseconds: 1 }),
      limit: 1,
    }
    const next = `stint runs list --goal ${params.goal} says how it stands.`
    const run = await waitFor(io, flags, { words: "The run is under way,", next }, async () => {
      const answer = await session.ask(SchedulerApi, "scheduler", ({ runs }) => runs.list({ query, ...whole }))
      const found = answer.value.items[0]
      if (found === undefined || !ended(found)) return undefined
      return await session.ask(
        SchedulerApi,
        "scheduler",
        ({ runs }) => runs.get({ params: { id: found.scheduled_run_id }, ...whole }),
      )
    })
    return runEnded(session, run)
  },
  set: async (session) => {
    const { flags, operands } = session
    const id = required(HiredInstanceId, "HIRE", operands[0])
    const payload = {
      goal_template_id: operands[1]!,
      frequency: String(flags.frequency) as Frequency,
      settings: flags.settings === undefined ? {} : await objectIn(session, "--settings", flags.settings),
    }
    showThing(
      session,
      await session.ask(HiringApi, "hiring", ({ goals }) => goals.put({ params: { id }, payload, ...keyed() })),
    )
  },
  on: (session) => switched(session, true),
  off: (session) => switched(session, false),
}

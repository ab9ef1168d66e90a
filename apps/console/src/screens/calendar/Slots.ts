/** What stands in the calendar: runs that there are, and slots that are ahead. */
import type { RunStatus } from "@stint/domain/scheduler/Runs"
import { useQueries, useQuery } from "@tanstack/react-query"
import { useMemo } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { goalsQuery } from "../../api/Goals.ts"
import { hiresQuery } from "../../api/Hires.ts"
import { runsBetweenQuery } from "../../api/Runs.ts"
import { upcomingQuery } from "../../api/Upcoming.ts"
import { addDays, dayIn, dayStart } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"

/** A slot: its run's status, or that it will run, or not. */
export interface Slot {
  readonly id: string
  readonly at: Date
  readonly goal: string
  readonly hire: string
  readonly state: RunStatus | "will_run" | "will_not_run"
  /** What it does, by whom. */
  readonly name: string
  readonly agent: string
  /** Why it will not run, what became of it, or how a clock change moves it. */
  readonly note: string | undefined
  readonly deliverable: string | undefined
}

/** The most pages of 200 that are read of the past, and of what is ahead. */
const PAGES = 10

/** The most hires whose goals get their names. */
const NAMED = 30

/** The names of goals and hires. */
const useNames = () => {
  const hires = useQuery(hiresQuery(useCustomer())).data ?? []
  const goals = useQueries({
    queries: hires.slice(0, NAMED).map(({ hired_instance_id }) => goalsQuery(hired_instance_id)),
    combine: (all) => all.flatMap(({ data }) => data ?? []),
  })
  const versions = new Map(hires.map((hire) => [`${hire.agent_id}@${hire.definition_version}`, hire]))
  const templates = useQueries({
    queries: [...versions.values()].map(({ agent_id, definition_version }) =>
      agentTypeQuery(agent_id, definition_version)
    ),
    combine: (all) =>
      new Map(all.flatMap(({ data }) => data?.goal_templates ?? []).map((one) => [one.goal_template_id, one.name])),
  })
  return useMemo(() => ({
    goals: new Map(goals.map(({ goal_instance_id, goal_template_id }) => [
      goal_instance_id as string,
      templates.get(goal_template_id) ?? titled(goal_template_id),
    ])),
    hires: new Map(hires.map((hire) => [hire.hired_instance_id as string, hireName(hire)])),
  }), [goals, hires, templates])
}

/** The slots of some days, by day. */
export const useSlots = (days: ReadonlyArray<string>, zone: string, hired_instance_id: string | undefined) => {
  const customer_id = useCustomer()
  const names = useNames()
  const first = dayStart(days[0]!, zone)
  const end = dayStart(addDays(days.at(-1)!, 1), zone)
  // to the minute: a query for each render would never be answered from what was read
  const now = new Date(Math.floor(Date.now() / 60_000) * 60_000)
  const filter = { customer_id, hired_instance_id }
  const hasPast = first < now
  const hasFuture = end > now
  const ran = useQuery({
    ...runsBetweenQuery({ ...filter, from: first.toISOString(), to: end.toISOString() }, PAGES),
    enabled: hasPast,
  })
  const from = first > now ? first : now
  // an answer covers 31 days at most, a month's weeks up to 42
  const middle = new Date(Math.min(from.getTime() + 30 * 86_400_000, end.getTime()))
  const ahead = useQuery({
    ...upcomingQuery({ ...filter, from: from.toISOString(), to: middle.toISOString() }, PAGES),
    enabled: hasFuture,
  })
  const further = useQuery({
    ...upcomingQuery({ ...filter, from: middle.toISOString(), to: end.toISOString() }, PAGES),
    enabled: hasFuture && middle < end,
  })
  const asked = [
    ...(hasPast ? [ran] : []),
    ...(hasFuture ? [ahead] : []),
    ...(hasFuture && middle < end ? [further] : []),
  ]
  const isKnown = asked.every(({ data }) => data !== undefined)
  const failed = asked.find(({ isError }) => isError)
  const data = useMemo(() => {
    if (!isKnown) return undefined
    const named = (goal: string, hire: string) => ({
      goal,
      hire,
      name: names.goals.get(goal) ?? "Goal",
      agent: names.hires.get(hire) ?? "",
    })
    const runs = (hasPast ? ran.data?.items ?? [] : []).map((run): Slot => ({
      id: run.scheduled_run_id,
      at: new Date(run.scheduled_time.epochMilliseconds),
      ...named(run.goal_instance_id, run.hired_instance_id),
      state: run.status,
      note: run.reason ?? undefined,
      deliverable: run.deliverable_id ?? undefined,
    }))
    const taken = new Set(runs.map(({ at, goal }) => `${goal} ${at.getTime()}`))
    const future = [
      ...(hasFuture ? ahead.data?.items ?? [] : []),
      ...(hasFuture && middle < end ? further.data?.items ?? [] : []),
    ]
      .filter(({ goal_instance_id, scheduled_time }) =>
        !taken.has(`${goal_instance_id} ${scheduled_time.epochMilliseconds}`)
      )
      .map((slot): Slot => ({
        id: `${slot.goal_instance_id} ${slot.scheduled_time.epochMilliseconds}`,
        at: new Date(slot.scheduled_time.epochMilliseconds),
        ...named(slot.goal_instance_id, slot.hired_instance_id),
        state: slot.will_run ? "will_run" : "will_not_run",
        note: slot.reason ?? slot.note,
        deliverable: undefined,
      }))
    const byDay = Map.groupBy(
      [...runs, ...future].sort((a, b) => a.at.getTime() - b.at.getTime()),
      ({ at }) => dayIn(at, zone),
    )
    return { byDay, more: asked.some(({ data: page }) => page?.more === true) }
  }, [isKnown, ran.data, ahead.data, further.data, names, zone, hasPast, hasFuture])
  return {
    data,
    isError: failed !== undefined,
    error: failed?.error,
    dataUpdatedAt: Math.min(...asked.map(({ dataUpdatedAt }) => dataUpdatedAt)),
    refetch: () => asked.forEach((query) => void query.refetch()),
  }
}

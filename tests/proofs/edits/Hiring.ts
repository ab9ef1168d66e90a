/** The hiring of the proof: it edits at random, and its changes are read late, twice, together, or from a snapshot. */
import type { Change, GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { spreadOf } from "@stint/scheduler/Calendar/Spread"
import { DateTime } from "effect"
import { ModelGoal, type Version } from "./Model.ts"
import { type Plan, settingsOf } from "./Slots.ts"

/** A goal as its customer last wrote it. */
interface Written {
  readonly id: string
  readonly hire: string
  plan: Plan
  zone: string | undefined
  spread: number
  missed: Version["missed"]
  enabled: boolean
  deleted: boolean
}

const zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "America/Santiago"]

export const hiringOf = (random: () => number, goals: number, start: number) => {
  const pick = <A>(of: ReadonlyArray<A>): A => of[Math.floor(random() * of.length)]!
  const two = (n: number) => String(n).padStart(2, "0")
  const planOf = (): Plan => ({
    frequency: pick(["daily", "weekly", "monthly", "cron", "cron", "cron", "on_demand"] as const),
    at: `${two(Math.floor(random() * 24))}:${two(Math.floor(random() * 60))}`,
    cron: pick([
      { every: pick([5, 10, 15, 20, 30]) },
      { minute: Math.floor(random() * 60) },
      { minute: pick([0, 30]), hour: Math.floor(random() * 4) },
    ]),
    weekday: pick([5, 6, 7, 1]),
    day: pick([27, 28, 29, 31]),
  })
  let version = 0
  let at = start
  const hires = Array.from({ length: Math.ceil(goals / 4) }, (_, n) => ({
    id: `HAI-${n}`,
    customer: `CUS-${n % 5}`,
    timezone: pick(zones),
    runnable: true,
  }))
  const written: Array<Written> = Array.from({ length: goals }, (_, n) => ({
    id: `GOI-${n}`,
    hire: hires[n % hires.length]!.id,
    plan: planOf(),
    zone: random() < 0.3 ? pick(zones) : undefined,
    spread: pick([0, 0, 600, 5400]),
    missed: pick(["each", "latest", "skip"] as const),
    enabled: true,
    deleted: false,
  }))
  const model = new Map(written.map(({ id }) => [id, new ModelGoal(id)]))
  /** The latest change of each hire and goal: what a snapshot has. */
  const latest = new Map<string, Change>()
  /** What was read of each. */
  const seen = new Map<string, HireChange | GoalChange>()

  const hireChange = (hire: typeof hires[number]): HireChange => ({
    type: "hire",
    hired_instance_id: hire.id as HiredInstanceId,
    customer_id: hire.customer as never,
    agent_id: "a" as never,
    subscription_id: "s" as never,
    version: ++version,
    changed_at: DateTime.makeUnsafe(at),
    timezone: hire.timezone,
    runnable: hire.runnable,
    reason: hire.runnable ? null : "past due",
  })
  const goalChange = (goal: Written): GoalChange => ({
    type: "goal",
    goal_instance_id: goal.id as GoalInstanceId,
    hired_instance_id: goal.hire as HiredInstanceId,
    version: ++version,
    changed_at: DateTime.makeUnsafe(at),
    deleted: goal.deleted,
    enabled: goal.enabled,
    frequency: goal.plan.frequency,
    schedule: {
      ...settingsOf(goal.plan),
      missed: goal.missed,
      overlap: "parallel",
      spread_seconds: goal.spread,
      ...(goal.zone === undefined ? {} : { timezone: goal.zone }),
    },
    default_at: null,
  })
  const told = <C extends HireChange | GoalChange>(change: C): C => {
    latest.set(change.type === "hire" ? change.hired_instance_id : change.goal_instance_id, change)
    return change
  }
  const plans = new Map<number, Plan>()
  const tell = (goal: Written) => {
    const change = told(goalChange(goal))
    plans.set(change.version, goal.plan)
    return change
  }

  const edits: ReadonlyArray<(goal: Written, hire: typeof hires[number]) => ReadonlyArray<Change>> = [
    (goal) => [tell(goal)],
    (_, hire) => [told(hireChange(hire))],
    (goal) => (goal.plan = planOf(), [tell(goal)]),
    (goal) => (goal.plan = planOf(), [tell(goal)]),
    (
      goal,
    ) => (goal.plan = { ...goal.plan, frequency: goal.plan.frequency === "on_demand" ? "cron" : "on_demand" },
      [tell(goal)]),
    (goal) => (goal.spread = pick([0, 600, 5400]), [tell(goal)]),
    (goal) => (goal.missed = pick(["each", "latest", "skip"] as const), [tell(goal)]),
    (goal) => (goal.zone = random() < 0.5 ? undefined : pick(zones), [tell(goal)]),
    (goal) => (goal.enabled = !goal.enabled, [tell(goal)]),
    (_, hire) => (hire.timezone = pick(zones), [told(hireChange(hire))]),
    (_, hire) => (hire.runnable = !hire.runnable, [told(hireChange(hire))]),
    (goal) => random() < 0.1 ? (goal.deleted = true, [tell(goal)]) : [],
  ]

  const versionOf = (goal: GoalChange, hire: HireChange, at: number): Version => ({
    at,
    plan: plans.get(goal.version)!,
    zone: typeof goal.schedule.timezone === "string" ? goal.schedule.timezone : hire.timezone,
    spread: spreadOf(goal.goal_instance_id, goal.schedule.spread_seconds as number),
    missed: goal.schedule.missed as Version["missed"],
    enabled: goal.enabled,
    runnable: hire.runnable,
    deleted: goal.deleted,
  })
  const millis = (change: HireChange | GoalChange) => DateTime.toEpochMillis(change.changed_at)
  const readVersion = (goal: GoalChange, hire: HireChange, instant: number) => {
    const of = model.get(goal.goal_instance_id)!
    const last = of.versions.at(-1)
    of.read(versionOf(goal, hire, last === undefined ? instant : Math.max(instant, last.at + 1)))
  }
  const goalsOf = (hire: string) =>
    [...seen.values()].filter((one): one is GoalChange =>
      one.type === "goal" && one.hired_instance_id === hire && !one.deleted
    )

  return {
    written,
    model,
    latest,
    ownerOf: (id: string) => {
      const hire = hires.find((one) => one.id === written.find((goal) => goal.id === id)!.hire)!
      return [`hire:${hire.id}`, `customer:${hire.customer}`, "global"]
    },
    scopes: [
      ...hires.map((one) => `hire:${one.id}`),
      ...hires.slice(0, 5).map((one) => `customer:${one.customer}`),
      "global",
    ],
    all: (): ReadonlyArray<Change> => [...hires.map((hire) => told(hireChange(hire))), ...written.map(tell)],
    /** A random edit at an instant (epoch ms). */
    edit: (instant: number): ReadonlyArray<Change> => {
      at = instant
      const goal = pick(written.filter((one) => !one.deleted))
      return pick(edits)(goal, hires.find((one) => one.id === goal.hire)!)
    },
    /** A change is read. */
    read: (change: Change) => {
      if (change.type === "hire") {
        const before = seen.get(change.hired_instance_id)
        if (before !== undefined && before.version >= change.version) return
        seen.set(change.hired_instance_id, change)
        for (const goal of goalsOf(change.hired_instance_id)) {
          readVersion(goal, change, Math.max(millis(change), millis(goal)))
          if (!change.runnable) model.get(goal.goal_instance_id)!.cancel("hire_not_runnable", true)
        }
      } else if (change.type === "goal") {
        const before = seen.get(change.goal_instance_id)
        if (before !== undefined && before.version >= change.version) return
        seen.set(change.goal_instance_id, change)
        const hire = seen.get(change.hired_instance_id) as HireChange
        readVersion(change, hire, change.deleted ? millis(change) : Math.max(millis(change), millis(hire)))
        const of = model.get(change.goal_instance_id)!
        if (change.deleted) of.cancel("goal_deleted", true)
        else if (!change.enabled) of.cancel("goal_disabled", false)
      }
    },
  }
}
export type Hiring = ReturnType<typeof hiringOf>

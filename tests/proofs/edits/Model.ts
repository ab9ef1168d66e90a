/**
 * The proof's own account of what must become of every slot, from domain.md alone: which version held at its instant, when the
 * scheduler looked, what was paused, and what was read of hiring when. All instants are epoch ms.
 */
import { type Plan, slotsOf } from "./Slots.ts"

const DAY = 86_400_000
const MINUTE = 60_000

/** What a slot comes to. `waits`: its run is made and was never claimed; `held`: it was claimed, and is not final. */
export type Fate =
  | "waits"
  | "held"
  | "ran"
  | "missed_superseded"
  | "missed_skipped"
  | "too_old"
  | "schedule_changed"
  | "goal_disabled"
  | "hire_not_runnable"
  | "goal_deleted"

export interface Version {
  readonly at: number
  readonly plan: Plan
  readonly zone: string
  readonly spread: number
  readonly missed: "each" | "latest" | "skip"
  readonly enabled: boolean
  readonly runnable: boolean
  readonly deleted: boolean
}

const runs = (version: Version | undefined): boolean =>
  version !== undefined && version.enabled && version.runnable && !version.deleted

const sameSlots = (a: Version, b: Version): boolean =>
  runs(a) && runs(b) && JSON.stringify([a.plan, a.zone, a.spread]) === JSON.stringify([b.plan, b.zone, b.spread])

/** A goal as it was read so far. */
export class ModelGoal {
  readonly id: string
  readonly versions: Array<Version> = []
  readonly fates = new Map<number, Fate>()
  readonly claimed = new Set<number>()

  constructor(id: string) {
    this.id = id
  }

  get now(): Version {
    return this.versions.at(-1)!
  }

  /** The slots in (from, to] that were to run, each with when it starts. */
  #due(from: number, to: number): Array<{ readonly slot: number; readonly starts: number }> {
    return this.versions.flatMap((version, nth) => {
      if (!runs(version)) return []
      const end = Math.min(this.versions[nth + 1]?.at ?? Infinity, to)
      const begin = Math.max(from, version.at)
      return begin >= end
        ? []
        : slotsOf(version.plan, version.zone, begin, end).map((slot) => ({ slot, starts: slot + version.spread }))
    })
  }

  #undecided(to: number) {
    const first = this.versions[0]!.at
    return this.#due(first, to).filter(({ slot }) => !this.fates.has(slot))
  }

  #names(slot: number): boolean {
    return this.#due(slot - 1, slot).length > 0
  }

  /** Another version is read. */
  read(version: Version): void {
    const before = this.versions.at(-1)
    this.versions.push(version)
    if (before === undefined || sameSlots(before, version)) return
    if (!runs(version)) {
      const why: Fate = version.deleted ? "goal_deleted" : !version.enabled ? "goal_disabled" : "hire_not_runnable"
      if (runs(before)) { for (const { slot } of this.#undecided(version.at)) this.fates.set(slot, why) }
      return
    }
    // what was decided after the edit's instant, before it was read, and was never claimed
    for (const [slot, fate] of [...this.fates]) {
      if (slot <= version.at || this.claimed.has(slot)) continue
      const named = this.#names(slot)
      if (fate === "waits" && !named) this.fates.set(slot, "schedule_changed")
      else if (named && ["schedule_changed", "goal_disabled", "hire_not_runnable"].includes(fate)) {
        this.fates.delete(slot)
      }
    }
  }

  /** A stop cancels runs: those that were never claimed, or all that are not final. */
  cancel(why: Fate, all: boolean): void {
    for (const [slot, fate] of this.fates) if (fate === "waits" || (all && fate === "held")) this.fates.set(slot, why)
  }

  /** The scheduler looks at what is due, unless the goal is paused. */
  look(now: number): void {
    if (this.now.deleted) return
    const due = this.#undecided(now).filter(({ starts }) => starts <= now).sort((a, b) => a.starts - b.starts)
    const late = due.filter(({ starts }) => starts >= now - DAY && starts < now - MINUTE)
    const onTime = due.filter(({ starts }) => starts >= now - MINUTE)
    for (const { slot, starts } of due) if (starts < now - DAY) this.fates.set(slot, "too_old")
    for (const { slot } of onTime) this.fates.set(slot, "waits")
    const { missed } = this.now
    const chosen = missed === "each" ? late : missed === "latest" && onTime.length === 0 ? late.slice(-1) : []
    for (const one of late) {
      this.fates.set(
        one.slot,
        chosen.includes(one) ? "waits" : missed === "latest" ? "missed_superseded" : "missed_skipped",
      )
    }
  }

  /** Its runs are claimed; `made`: and made. */
  claim(made: boolean): void {
    for (const [slot, fate] of this.fates) {
      if (fate !== "waits" && fate !== "held") continue
      this.claimed.add(slot)
      this.fates.set(slot, made ? "ran" : "held")
    }
  }

  /** Slots that should have a fate by an instant and have none. */
  open(now: number): ReadonlyArray<number> {
    return this.#undecided(now).filter(({ starts }) => starts <= now).map(({ slot }) => slot)
  }
}

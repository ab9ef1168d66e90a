/**
 * The goals and hires that drafts were made from, kept in memory by the revision that hiring gave them. What a goal or a hire
 * was at a revision never changes, so nothing in here can be out of date: an edit has another revision, and so has a restored
 * hiring, also where it gives the same version once more. Past the bound what was used longest ago goes.
 */
import { type LookedUpGoal, type LookedUpHire, revisionOf } from "@stint/domain/hiring/Feed"

/** What a draft needs of its goal. */
export type GoalOfRun = Pick<
  LookedUpGoal,
  "goal_instance_id" | "hired_instance_id" | "goal_template_id" | "settings"
>

/** What a draft needs of its hire. */
export type HireOfRun = Pick<
  LookedUpHire,
  | "hired_instance_id"
  | "customer_id"
  | "agent_id"
  | "definition_version"
  | "config"
  | "settings"
  | "runnable"
  | "reason"
>

/** What is kept is at most so much: characters of JSON, and so many more for each goal or hire. */
const MOST = 16 * 1024 * 1024
const EACH = 256

/**
 * How long a hire is kept, in milliseconds. A hiring of 0.2.0, after a way back, writes hires without telling the feed: such a
 * write holds after this.
 */
const HIRE_MS = 5 * 60_000

interface Entry {
  readonly revision: string
  readonly value: GoalOfRun | HireOfRun
  readonly size: number
  /** Epoch milliseconds. */
  readonly until: number
  /** The get at which it was put to the end. */
  at: number
}

/** An entry that was put to the end within so small a part of all that are kept stays where it is: a hire is asked for with each goal. */
const RECENT = 1 / 8

/** The goals and hires that are kept. */
export class Known {
  readonly #entries = new Map<string, Entry>()
  readonly #most: number
  #size = 0
  #gets = 0

  constructor(most = MOST) {
    this.#most = most
  }

  /** The goal as it was at a revision; undefined when that is not kept. */
  goal(id: string, revision: string, now: number): GoalOfRun | undefined {
    return this.#get(id, revision, now) as GoalOfRun | undefined
  }

  /** The hire as it was at a revision; undefined when that is not kept. */
  hire(id: string, revision: string, now: number): HireOfRun | undefined {
    return this.#get(id, revision, now) as HireOfRun | undefined
  }

  /** Keeps a goal that hiring answered with, unless it is of 0.2.0, which tells no versions. */
  keepGoal(goal: LookedUpGoal): void {
    if (goal.version === undefined) return
    const { goal_instance_id, goal_template_id, hired_instance_id, settings } = goal
    this.#put(goal_instance_id, revisionOf(goal.version, goal.updated_at), Infinity, {
      goal_instance_id,
      hired_instance_id,
      goal_template_id,
      settings,
    })
  }

  /** The same of a hire. */
  keepHire(hire: LookedUpHire, now: number): void {
    if (hire.version === undefined || hire.changed_at === undefined) return
    const { agent_id, config, customer_id, definition_version, hired_instance_id, reason, runnable, settings } = hire
    this.#put(hired_instance_id, revisionOf(hire.version, hire.changed_at), now + HIRE_MS, {
      hired_instance_id,
      customer_id,
      agent_id,
      definition_version,
      config,
      settings,
      runnable,
      reason,
    })
  }

  #get(id: string, revision: string, now: number): Entry["value"] | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.revision !== revision || entry.until <= now) return undefined
    this.#gets++
    if (this.#gets - entry.at > this.#entries.size * RECENT) {
      // moves to the end: the first is the one that was used longest ago
      entry.at = this.#gets
      this.#entries.delete(id)
      this.#entries.set(id, entry)
    }
    return entry.value
  }

  #put(id: string, revision: string, until: number, value: Entry["value"]): void {
    this.#remove(id)
    const size = JSON.stringify(value).length + EACH
    this.#entries.set(id, { revision, value, size, until, at: this.#gets })
    this.#size += size
    for (const first of this.#entries.keys()) {
      if (this.#size <= this.#most) break
      this.#remove(first)
    }
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    this.#size -= entry.size
  }
}

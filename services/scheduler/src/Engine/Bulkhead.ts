/**
 * Keeps a customer whose calls fail apart from the others. A call that fails for several customers is made again for each;
 * one that fails for a single customer halves how many of its runs are called at once, down to one, and each call that is
 * answered doubles it again. Only a run that fails alone is charged. It is kept in the process's memory: after a restart it
 * is found anew.
 */
import type { ClaimedRun } from "../Model.ts"

/** A customer with so many runs at once is as good as any other. */
const WHOLE = 256
/** How many runs that got no answer alone are remembered. */
const REMEMBERED = 1_000
/** A run is charged when it got no answer alone so often, from a deliverables that is there: once may be the instant at which it goes. */
const UNANSWERED_ALONE = 2

type Runs = ReadonlyArray<ClaimedRun>

/** How runs are called: each group in a call of its own; `later` are to be claimed again. */
export interface Parted {
  readonly groups: ReadonlyArray<Runs>
  readonly later: Runs
}

/** The groups by customer, in the order of their first runs. */
export const byCustomer = (runs: Runs): ReadonlyArray<Runs> => [
  ...Map.groupBy(runs, ({ customer_id }) => customer_id).values(),
]

/** Makes the bulkhead of one process. */
export const makeBulkhead = () => {
  /** How many runs at once, of customers whose calls failed. */
  const windows = new Map<string, number>()
  /** Those of them with a call under way. */
  const busy = new Set<string>()
  const unanswered = new Map<string, number>()

  return {
    /** Parts a claim. `done` must follow for each group. */
    part: (runs: Runs): Parted => {
      if (windows.size === 0) return { groups: [runs], later: [] }
      const mixed: Array<ClaimedRun> = []
      const groups: Array<Runs> = []
      const later: Array<ClaimedRun> = []
      for (const own of byCustomer(runs)) {
        const customer = own[0]!.customer_id
        const window = windows.get(customer)
        if (window === undefined) mixed.push(...own)
        else if (busy.has(customer)) later.push(...own)
        else {
          busy.add(customer)
          groups.push(own.slice(0, window))
          later.push(...own.slice(window))
        }
      }
      return { groups: mixed.length === 0 ? groups : [mixed, ...groups], later }
    },
    /** The call of a group of one customer was answered. */
    answered: (runs: Runs): void => {
      const customer = runs[0]!.customer_id
      const window = windows.get(customer)
      for (const run of runs) unanswered.delete(run.scheduled_run_id)
      if (window === undefined) return
      if (window * 2 >= WHOLE) windows.delete(customer)
      else windows.set(customer, window * 2)
    },
    /** The call of a group of one customer failed. */
    failed: (runs: Runs): void => void windows.set(runs[0]!.customer_id, Math.ceil(runs.length / 2)),
    done: (runs: Runs): void => {
      for (const { customer_id } of runs) busy.delete(customer_id)
    },
    /** Whether a run that got no answer alone is to be charged for it. */
    isCharged: ({ scheduled_run_id }: ClaimedRun): boolean => {
      const times = (unanswered.get(scheduled_run_id) ?? 0) + 1
      if (unanswered.size >= REMEMBERED) unanswered.clear()
      if (times >= UNANSWERED_ALONE) unanswered.delete(scheduled_run_id)
      else unanswered.set(scheduled_run_id, times)
      return times >= UNANSWERED_ALONE
    },
  }
}

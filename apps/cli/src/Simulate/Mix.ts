/** Hires as the shipped agent types have them, for a simulation that nobody described. */
import type { Simulate } from "@stint/domain/scheduler/Simulation"

type Hires = NonNullable<typeof Simulate.Encoded["hires"]>

const office = { count: 1, frequency: "cron", schedule: { cron: "0 9-17 * * 1-5" } } as const

/** Of ten hires six are marketing agents, three trade, one works in Europe's office hours; three goals each. */
const kinds: ReadonlyArray<{ readonly share: number } & Omit<Hires[number], "count">> = [
  {
    share: 0.6,
    timezone: "Asia/Kolkata",
    goals: [{ frequency: "daily" }, { frequency: "weekly" }, { frequency: "monthly" }],
  },
  {
    share: 0.3,
    timezone: "Asia/Kolkata",
    goals: [{ frequency: "daily" }, { frequency: "daily", default_at: "15:15" }, { frequency: "weekly" }],
  },
  { share: 0.1, timezone: "Europe/Berlin", goals: [{ frequency: "daily" }, { frequency: "weekly" }, office] },
]

/** So many hires, none of a kind that would have less than one. */
export const mixOf = (hires: number): Hires => {
  let left = hires
  return kinds.flatMap(({ share, ...kind }, nth) => {
    const count = nth === kinds.length - 1 ? left : Math.min(left, Math.round(hires * share))
    left -= count
    return count === 0 ? [] : [{ count, ...kind }]
  })
}

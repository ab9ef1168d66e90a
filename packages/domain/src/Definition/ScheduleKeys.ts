/** Which keys of `settings.schedule` go with which frequency (domain.md, "Rules: when it runs"). */
import type { Frequency } from "../Definition.ts"
import type { Fault } from "./References.ts"

/**
 * The keys that say when; those that say how (timezone, missed, overlap, spread_seconds) go with every frequency. A key
 * that would have no effect is refused: a goal that runs at another time than its owner reads is worse than a 400.
 */
const whenKeys: Record<string, ReadonlyArray<Frequency>> = {
  at: ["daily", "weekly", "monthly"],
  weekday: ["weekly"],
  day_of_month: ["monthly"],
  cron: ["cron"],
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What in `settings.schedule` does not go with the frequency, and the rule that a cron goal lacks. Any value is taken. */
export const scheduleFaults = (frequency: Frequency, settings: unknown): Array<Fault> => {
  if (!isRecord(settings)) return []
  const schedule = Object.hasOwn(settings, "schedule") ? settings.schedule : {}
  if (!isRecord(schedule)) return []
  const faults = Object.entries(whenKeys).flatMap(([key, frequencies]) =>
    Object.hasOwn(schedule, key) && !frequencies.includes(frequency)
      ? [{ path: ["schedule", key], issue: `is for ${frequencies.join(", ")} goals; this one is ${frequency}` }]
      : []
  )
  if (frequency === "cron" && !Object.hasOwn(schedule, "cron")) {
    faults.push({ path: ["schedule", "cron"], issue: "is required for a cron goal, five fields such as 0 9 * * 1-5" })
  }
  return faults
}

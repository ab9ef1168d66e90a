/** Which keys of `settings.schedule` apply to which frequency (domain.md, "Rules: when it runs"). */
import type { Frequency } from "../Definition.ts"
import type { Fault } from "./References.ts"

/**
 * Keys that apply to some frequencies; the others (timezone, missed, overlap, spread_seconds) apply to all. A key without
 * effect is refused: better a 400 than a goal that runs at another time than its owner believes.
 */
const whenKeys: Record<string, ReadonlyArray<Frequency>> = {
  at: ["daily", "weekly", "monthly"],
  weekday: ["weekly"],
  day_of_month: ["monthly"],
  cron: ["cron"],
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Keys of `settings.schedule` that do not apply to the frequency, and the missing rule of a cron goal. It takes any value. */
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

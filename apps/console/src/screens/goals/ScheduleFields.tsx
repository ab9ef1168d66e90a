/** `settings.schedule` of a goal: the keys that its frequency takes, and what happens when runs are missed or meet. */
import { NativeSelect, NumberInput, TextInput } from "@mantine/core"
import type { Frequency } from "@stint/domain/Definition"
import type { FieldIssue } from "@stint/domain/Problem"
import { Missed, Overlap, Weekday } from "@stint/domain/Schedule"
import { type ReactNode, useState } from "react"
import "../../form/Inputs.ts"
import { faultAt, textOf, type Value, type Values, withValue } from "../../form/Values.ts"
import { ZoneInput } from "../../form/ZoneInput.tsx"
import { titled } from "../../format/Words.ts"
import styles from "./goals.module.css"

const root = "$.settings.schedule"

const missedWords: Record<Missed, string> = {
  each: "Each is caught up, oldest first (within 24 hours)",
  latest: "The latest is caught up",
  skip: "None is caught up",
}

const overlapWords: Record<Overlap, string> = {
  queue: "The new run waits (at most one)",
  skip: "The new run is skipped",
  parallel: "Both run",
}

interface Props {
  readonly frequency: Frequency
  readonly zone: string
  readonly schedule: Values
  readonly faults: ReadonlyArray<FieldIssue>
  readonly disabled: boolean
  readonly set: (schedule: Values | undefined) => void
}

/** The props of an input for a key of the schedule. */
const keyOf = ({ disabled, faults, schedule, set }: Props) => {
  const put = (key: string, value: Value | undefined) => {
    const now = withValue(schedule, key, value)
    set(Object.keys(now).length === 0 ? undefined : now)
  }
  const common = (key: string) => ({ id: `${root}.${key}`, disabled, error: faultAt(faults, `${root}.${key}`, true) })
  return { common, put }
}

const When = (props: Props): ReactNode => {
  const { frequency, schedule } = props
  const { common, put } = keyOf(props)
  const text = (key: string) => ({
    ...common(key),
    value: textOf(schedule[key]),
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      put(key, event.currentTarget.value || undefined),
  })
  return (
    <div className={styles.pair}>
      {frequency === "weekly"
        ? (
          <NativeSelect
            {...text("weekday")}
            label="On"
            data={[
              { value: "", label: "Monday (the default)" },
              ...Weekday.literals.map((value) => ({ value, label: titled(value) })),
            ]}
          />
        )
        : null}
      {frequency === "monthly"
        ? (
          <NumberInput
            {...common("day_of_month")}
            label="On day"
            description="1 by default; a shorter month runs on its last"
            hideControls
            value={typeof schedule.day_of_month === "number" ? schedule.day_of_month : ""}
            onChange={(value) => put("day_of_month", value === "" ? undefined : value)}
          />
        )
        : null}
      {frequency === "cron"
        ? (
          <TextInput
            {...text("cron")}
            label="Cron rule"
            description="Minute, hour, day, month, weekday: 0 9 * * 1-5"
            placeholder="0 9 * * 1-5"
            spellCheck={false}
            required
          />
        )
        : <TextInput {...text("at")} label="At" type="time" description="09:00 by default" />}
    </div>
  )
}

/** The fields of a schedule. */
export const ScheduleFields = (props: Props): ReactNode => {
  const { frequency, schedule, zone } = props
  const { common, put } = keyOf(props)
  // a fault in it opens it; what is open stays so when that is mended, also under the hands of whoever types
  const [open, setOpen] = useState(false)
  if (frequency === "on_demand") return null
  return (
    <>
      <When {...props} />
      <details
        className={styles.more}
        onToggle={(event) => setOpen(event.currentTarget.open)}
        open={open || props.faults.some(({ path }) => /(missed|overlap|spread|timezone)/.test(path))}
      >
        <summary>Zone, missed runs, overlaps</summary>
        <div className={styles.form}>
          <ZoneInput
            {...common("timezone")}
            label="Time zone"
            description={`Of the agent by default: ${zone}`}
            value={textOf(schedule.timezone)}
            set={(value) => put("timezone", value || undefined)}
          />
          <NativeSelect
            {...common("missed")}
            label="Runs that were missed in a pause"
            value={textOf(schedule.missed) || "each"}
            data={Missed.literals.map((value) => ({ value, label: missedWords[value] }))}
            onChange={({ currentTarget: { value } }) => put("missed", value === "each" ? undefined : value)}
          />
          <NativeSelect
            {...common("overlap")}
            label="While a run is still going on"
            value={textOf(schedule.overlap) || "queue"}
            data={Overlap.literals.map((value) => ({ value, label: overlapWords[value] }))}
            onChange={({ currentTarget: { value } }) => put("overlap", value === "queue" ? undefined : value)}
          />
          <NumberInput
            {...common("spread_seconds")}
            label="Spread, in seconds"
            description="It starts within so many seconds after its time, always the same for this goal"
            hideControls
            value={typeof schedule.spread_seconds === "number" ? schedule.spread_seconds : ""}
            onChange={(value) => put("spread_seconds", value === "" ? undefined : value)}
          />
        </div>
      </details>
    </>
  )
}

/** A rule in words, its next five fires with what a clock change does, and its next 30 days as a picture. */
import type { Frequency } from "@stint/domain/Definition"
import type { Fire } from "@stint/domain/scheduler/Answers"
import type { ReactNode } from "react"
import { addDays, dayIn, dayStart, minutesIn, timeIn } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { Instant } from "../../ui/Instant.tsx"
import { Bone } from "../../ui/States.tsx"
import styles from "./goals.module.css"
import type { Rule } from "./Rules.ts"

/** The sizes of the picture, in its own units. */
const ROW = 13
const LEFT = 64
const WIDTH = 480
const DAYS = 31

const xOf = (minutes: number): number => LEFT + minutes * WIDTH / 1_440

const Picture = ({ rule }: { readonly rule: Rule }): ReactNode => {
  const { month, zone } = rule
  const today = dayIn(new Date(), zone)
  const days = Array.from({ length: DAYS }, (_, index) => addDays(today, index))
  const rows = new Map(days.map((day, index) => [day, index]))
  return (
    <svg
      className={styles.picture}
      viewBox={`0 0 ${LEFT + WIDTH + 8} ${DAYS * ROW + 20}`}
      role="img"
      aria-label={`${counted(month.length, "run")} in the next 30 days, by day and time of day in ${zone}`}
    >
      {[0, 6, 12, 18, 24].map((hour) => (
        <g key={hour}>
          <line x1={xOf(hour * 60)} x2={xOf(hour * 60)} y1={14} y2={DAYS * ROW + 16} className={styles.grid} />
          <text x={xOf(hour * 60)} y={9} textAnchor="middle">{String(hour).padStart(2, "0")}</text>
        </g>
      ))}
      {days.map((day, index) => {
        const start = dayStart(day, zone)
        const monday = new Date(`${day}T00:00:00Z`).getUTCDay() === 1
        return monday || index === 0
          ? <text key={day} x={0} y={16 + index * ROW + 9}>{timeIn(start, zone, "day")}</text>
          : null
      })}
      {month.map((fire) => {
        const row = rows.get(dayIn(fire.scheduled_time, zone))
        if (row === undefined) return null
        return (
          <rect
            key={`${fire.scheduled_time.epochMilliseconds}`}
            x={xOf(minutesIn(fire.scheduled_time, zone)) - 2}
            y={16 + row * ROW + 1}
            width={4}
            height={ROW - 3}
            rx={1.5}
            className={fire.note === undefined ? styles.fire : styles.moved}
          >
            <title>{`${timeIn(fire.scheduled_time, zone)}${fire.note === undefined ? "" : `: ${fire.note}`}`}</title>
          </rect>
        )
      })}
    </svg>
  )
}

const Next = ({ fires, zone }: { readonly fires: ReadonlyArray<Fire>; readonly zone: string }): ReactNode => (
  <ol className={styles.fires} aria-label="Next runs">
    {fires.map((fire) => (
      <li key={fire.scheduled_time.epochMilliseconds}>
        <Instant at={fire.scheduled_time} zone={zone} said />
        {fire.note === undefined ? null : <span className={styles.note}>{fire.note}</span>}
      </li>
    ))}
  </ol>
)

/** What a rule means. */
export const RulePicture = (
  { frequency, preview }: { readonly preview: Rule; readonly frequency: Frequency },
): ReactNode => {
  const { failure, faults, isPending, month, next, until, words, zone } = preview
  if (frequency === "on_demand") {
    return (
      <section className={styles.meaning} aria-label="When it runs">
        <p className={styles.words}>Runs when you ask for it</p>
        <p className="dim">It has no times of its own. Run it from its page.</p>
      </section>
    )
  }
  return (
    <section className={styles.meaning} aria-label="When it runs" aria-live="polite">
      {isPending ? <Bone height={28} width="70%" /> : (
        <p className={styles.words}>
          {words ?? (faults.length > 0 ? "This rule does not work yet" : failure ?? "The rule is not known")}
        </p>
      )}
      {next.length > 0 ? <Next fires={next} zone={zone} /> : isPending ? <Bone height={110} /> : null}
      {month.length > 0
        ? (
          <figure className={styles.month}>
            <figcaption className="dim">
              {until === undefined
                ? `${counted(month.length, "run")} in the next 30 days, ${zone}`
                : `The first ${count(month.length)} runs, until ${timeIn(until.scheduled_time, zone)}`}
            </figcaption>
            <Picture rule={preview} />
          </figure>
        )
        : words === undefined
        ? null
        : <p className="dim">It does not run in the next 30 days.</p>}
    </section>
  )
}

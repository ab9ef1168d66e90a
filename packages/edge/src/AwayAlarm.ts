/**
 * Alerts of parts that are away: one for each part, when it has been away for some seconds, and its end. They are stored as
 * all alerts are, so that of many replicas one tells them. While this service's own database is away, that is told as well,
 * and each replica tells what it knows at once, since nothing can be stored. A service that is away since another is
 * (`because`) is told with that one.
 */
import { Clock, Effect, Layer } from "effect"
import { type Absence, lasted, wordsOf } from "./Absence.ts"
import { Alarm, Alarms, type Alert, type Notice } from "./Alarm.ts"
import { makeUncaused } from "./Causes.ts"
import { Neighbours } from "./Neighbours.ts"
import { Database } from "./Pg/Database.ts"
import { watchAway } from "./Schedules.ts"
import { guard } from "./Watchdog.ts"

const KIND = "away"
/** Shorter absences alarm nobody, in milliseconds: a restart or a deployment. */
const UNTOLD_MS = 10_000
/**
 * The same for a service that fails calls while its `/readyz` says that it is well, in milliseconds: what it needs may be away,
 * which explains it as soon as that is known.
 */
const DOUBTED_MS = 25_000
/** How long a service has to be away for another one alone, in milliseconds. */
const DISPUTED_MS = 30_000
/** An alert ends when its part was there for so long, so that one which comes and goes is one alert, in milliseconds. */
const QUIET_MS = 30_000
/** How long storing may take, in milliseconds. */
const STORE_MS = 5_000

const alertOf = (absence: Absence): Alert => ({
  kind: KIND,
  subject: absence.part,
  message: `${absence.part} is away: ${wordsOf(absence)}${
    absence.seen_by === undefined ? "" : ` (says ${absence.seen_by})`
  }`,
  details: {
    how: absence.how,
    detail: absence.detail,
    since: new Date(absence.since).toISOString(),
    seen_by: absence.seen_by ?? null,
  },
})

/** What was told without being stored, until it is over. */
const makeDirect = Effect.gen(function* () {
  const alarm = yield* Alarm
  const told = new Map<string, { readonly notice: Notice; readonly goneSince: number | undefined }>()

  const tell = Effect.fnUntraced(function* (notice: Notice, message: string) {
    yield* alarm.log(notice, message)
    yield* Effect.catch(
      alarm.send(notice, message),
      ({ why }) => Effect.logWarning(`an alert could not be delivered: ${why}`),
    )
  })

  return {
    has: (subject: string) => told.has(subject),
    begin: Effect.fnUntraced(function* ({ details, kind, message, subject }: Alert, since: number) {
      if (told.has(subject)) return
      const notice = { alert_id: `ALR-${kind}-${subject}-${since}`, phase: "begun" as const, kind, subject, details }
      const begun = { ...notice, begun_at: since, ended_at: null, tries: 1 }
      told.set(subject, { notice: begun, goneSince: undefined })
      yield* tell(begun, message)
    }),
    /** Ends what has been over for a while. */
    settle: Effect.fnUntraced(function* (holds: ReadonlySet<string>) {
      const now = yield* Clock.currentTimeMillis
      for (const [subject, { goneSince, notice }] of told) {
        if (holds.has(subject)) told.set(subject, { notice, goneSince: undefined })
        else if (goneSince === undefined) told.set(subject, { notice, goneSince: now })
        else if (now - goneSince >= QUIET_MS) {
          told.delete(subject)
          const ended = { ...notice, phase: "ended" as const, ended_at: goneSince }
          yield* tell(ended, `${subject} is back after ${lasted(goneSince - notice.begun_at)}`)
        }
      }
    }),
  }
})

/** Alarms about the parts that `tells` picks, and about this service's own database. */
export const layer = (tells: (part: string) => boolean) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const alarms = yield* Alarms
    const neighbours = yield* Neighbours
    const database = yield* Database
    const direct = yield* makeDirect
    const uncaused = makeUncaused()

    const look = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const own = yield* database.absence
      const isDoubted = ({ how, part, seen_by }: Absence) =>
        how === "unavailable" && seen_by === undefined && neighbours.said(part) === undefined
      const others = [
        ...(yield* neighbours.away).filter((absence) =>
          now - absence.since >= (isDoubted(absence) ? DOUBTED_MS : UNTOLD_MS)
        ),
        ...(yield* neighbours.disputed).filter(({ since }) => now - since >= DISPUTED_MS),
      ].filter(({ part }) => tells(part))
      const causes = new Map(others.map(({ because, part }) => [part, because]))
      const told = new Set(
        uncaused(others.map(alertOf), ({ subject }) => causes.get(subject) !== undefined).map(({ subject }) => subject),
      )
      const away = [
        ...others.filter(({ part }) => told.has(part)),
        ...(own !== undefined && now - own.since >= UNTOLD_MS ? [own] : []),
      ]
      yield* direct.settle(new Set(away.map(({ part }) => part)))
      const rest = away.filter(({ part }) => !direct.has(part))
      const stored = own === undefined &&
        (yield* alarms.settle(KIND, rest.map(alertOf), QUIET_MS, (part) => `${part} is back`).pipe(
            Effect.timeout(STORE_MS),
            Effect.exit,
          ))._tag === "Success"
      if (!stored) yield* Effect.forEach(rest, (absence) => direct.begin(alertOf(absence), absence.since))
    })

    yield* guard("the look for parts that are away", "1 minute")(look).pipe(
      Effect.sandbox,
      Effect.ignore,
      Effect.repeat(watchAway),
      Effect.forkScoped,
    )
  }))

/**
 * Notices work that outlasts its deadline, and says so: a warning with the work's name, since when it runs and which step
 * it is at, a line when it ends after all, and the gauge `stint_stalled`. It interrupts nothing. It measures real time,
 * so that a test which moves the Clock changes nothing here.
 */
import { Context, Duration, Effect, Layer } from "effect"
import { StateMetrics } from "./Metrics.ts"

/** What is known of a piece of work when it begins. */
interface Beginning {
  /** One of few fixed names, without ids: it is a label of the metric. */
  readonly what: string
  /** What it does first, for the log. */
  readonly step: string
  readonly deadlineMs: number
  /** The context of its fiber, whose logger is used. */
  readonly context: Context.Context<never>
  /** Called once, when the deadline has passed. */
  readonly onLate?: () => void
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`

/** A piece of work under way. */
class Work {
  readonly what: string
  /** By the monotonic clock, which no setting of the time moves. */
  readonly since = performance.now()
  step: string
  deadlineMs: number
  /** When the deadline is, by the same clock. */
  due: number
  isLate = false
  readonly beginning: Beginning

  constructor(beginning: Beginning) {
    this.what = beginning.what
    this.step = beginning.step
    this.deadlineMs = beginning.deadlineMs
    this.due = this.since + beginning.deadlineMs
    this.beginning = beginning
  }

  /** A line of the log, with the step at the end: SQL is shown in one line, and shortened. */
  warn(line: string) {
    const step = this.step.replace(/\s+/g, " ").trim().slice(0, 120)
    Effect.runForkWith(this.beginning.context)(Effect.logWarning(`${this.what} ${line}, at: ${step}`))
  }
}

/**
 * The work under way in one service. It has one timer, set to the earliest deadline; none while there is no work. Of work
 * of one name that is late together, it logs the first, and the last when it ends.
 */
class Watch {
  readonly #all = new Set<Work>()
  /** How many pieces of a name are late; a name that was late once stays, with 0. */
  readonly #late = new Map<string, number>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #wakesAt = Infinity

  /** Begins to watch a piece of work; `end` must follow. */
  begin(beginning: Beginning): Work {
    const work = new Work(beginning)
    this.#all.add(work)
    this.#wakeAt(work.due)
    return work
  }

  /** The next step of a piece of work, with a deadline of its own from now on. */
  restart(work: Work, step: string, deadlineMs: number): void {
    work.step = step
    work.deadlineMs = deadlineMs
    work.due = performance.now() + deadlineMs
    this.#wakeAt(work.due)
  }

  end(work: Work): void {
    if (!this.#all.delete(work) || !work.isLate) return
    const others = this.#late.get(work.what)! - 1
    this.#late.set(work.what, others)
    if (others === 0) work.warn(`ended after ${seconds(performance.now() - work.since)}`)
  }

  /** The pieces that are past their deadline, and for how many milliseconds they have run. */
  overdue(): ReadonlyArray<{ readonly what: string; readonly step: string; readonly ranMs: number }> {
    const now = performance.now()
    return [...this.#all].filter(({ isLate }) => isLate)
      .map(({ since, step, what }) => ({ what, step, ranMs: now - since }))
  }

  /** At which step each piece of that name is now. */
  steps(what: string): ReadonlyArray<string> {
    return [...this.#all].filter((work) => work.what === what).map(({ step }) => step)
  }

  /** How many pieces of each name are past their deadline and have not ended. */
  stalled(): ReadonlyMap<string, number> {
    return this.#late
  }

  #wakeAt(at: number): void {
    if (at >= this.#wakesAt) return
    clearTimeout(this.#timer)
    this.#wakesAt = at
    this.#timer = setTimeout(() => this.#look(), Math.max(at - performance.now(), 0))
  }

  #look(): void {
    const now = performance.now()
    this.#wakesAt = Infinity
    for (const work of this.#all) {
      if (work.isLate) continue
      if (work.due > now) this.#wakeAt(work.due)
      else this.#isLate(work, now)
    }
  }

  #isLate(work: Work, now: number): void {
    const others = this.#late.get(work.what) ?? 0
    this.#late.set(work.what, others + 1)
    work.isLate = true
    if (others === 0) {
      const since = new Date(Date.now() - (now - work.since)).toISOString()
      work.warn(
        `has taken ${seconds(now - work.since)}, past its deadline of ${seconds(work.deadlineMs)}; since ${since}`,
      )
    }
    work.beginning.onLate?.()
  }
}

/** The watch of the service that a fiber belongs to; outside of a service it is the process'. */
export const Watchdog = Context.Reference<Watch>("stint/Watchdog", { defaultValue: () => new Watch() })

/** The innermost guarded work that a fiber is in. */
const Current = Context.Reference<Work | undefined>("stint/Watchdog/Current", { defaultValue: () => undefined })

/**
 * Watches one piece of work (a batch, a delivery, a poll; not the endless loop around it). `what` is one of few fixed
 * names; ids belong into `step`. The work itself is not changed: neither what it succeeds or fails with nor when it ends.
 */
export const guard = (what: string, deadline: Duration.Input) => <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.withFiber<A, E, R>((fiber) => {
    const watch = fiber.getRef(Watchdog)
    const work = watch.begin({ what, step: "began", deadlineMs: Duration.toMillis(deadline), context: fiber.context })
    return Effect.onExit(Effect.provideService(self, Current, work), () => Effect.sync(() => watch.end(work)))
  })

/** Says what the guarded work is at now, for the log. Outside of guarded work it does nothing. */
export const step = (step: string): Effect.Effect<void> =>
  Effect.map(Current, (work) => {
    if (work !== undefined) work.step = step
  })

/** A watch of the service's own, with the gauge `stint_stalled`. */
export const layer = Layer.unwrap(Effect.gen(function* () {
  const state = yield* StateMetrics
  const watch = new Watch()
  const stalled = Effect.sync(() =>
    [...watch.stalled()].map(([what, value]) => ({
      name: "stalled",
      help: "Pieces of work that are past their deadline and have not ended",
      labels: { what },
      value,
    }))
  )
  yield* state.add("watchdog", stalled, "1 second")
  return Layer.succeed(Watchdog, watch)
}))

/**
 * The audit of a service's edge: who called what, the status, how long it took. A request leaves its line in a bounded
 * buffer and goes its way; the lines are written in batches, within a second or as soon as a batch is full.
 */
import { Cause, Context, Effect, Latch, Layer } from "effect"
import { type AuditLine, AuditRepo, KEEP_DAYS } from "./Audit/Repo.ts"
import { Health } from "./Health.ts"
import { StateMetrics } from "./Metrics.ts"
import { isSqlUnavailable } from "./Pg.ts"
import type { RetentionJob } from "./Retention.ts"
import { reconnect } from "./Schedules.ts"

/** How many lines are written at once. */
const BATCH = 500
/** How long a line may wait for others, in milliseconds. */
const LINGER_MS = 1_000
/** How many lines may wait while the database is away; then the oldest go. */
const CAPACITY = 20_000
/** How long a service that ends tries to write what is left, in milliseconds. */
const LAST_MS = 5_000

/** A request's line, before the service puts its name on it. */
export type Line = Omit<AuditLine, "service">

/** The buffer between requests and the database. */
export class Audit extends Context.Service<Audit, {
  /** Leaves a line. Never waits, never fails; when the buffer is full, its oldest line is dropped and counted. */
  record(line: Line): void
  /** Takes the oldest lines out, at most so many. */
  take(count: number): ReadonlyArray<Line>
  /** Puts lines that could not be written back in front. */
  giveBack(lines: ReadonlyArray<Line>): void
  /** How many lines wait. */
  size(): number
  /** How many lines were dropped since the service began. */
  dropped(): number
  /** Succeeds when a line waits. */
  readonly some: Effect.Effect<void>
  /** Succeeds when a whole batch waits. */
  readonly full: Effect.Effect<void>
}>()("stint/Audit") {
  /** The buffer of a service, made before its layers, so that the handler can fill it. */
  static make(capacity: number = CAPACITY): Audit["Service"] {
    let lines: Array<Line> = []
    let dropped = 0
    const some = Latch.makeUnsafe(false)
    const full = Latch.makeUnsafe(false)
    const signal = () => {
      if (lines.length > 0) some.openUnsafe()
      else some.closeUnsafe()
      if (lines.length >= BATCH) full.openUnsafe()
      else full.closeUnsafe()
    }
    return Audit.of({
      record: (line) => {
        lines.push(line)
        if (lines.length > capacity) {
          lines.shift()
          dropped++
        }
        if (lines.length === 1 || lines.length === BATCH) signal()
      },
      take: (count) => {
        const taken = lines.splice(0, count)
        signal()
        return taken
      },
      giveBack: (back) => {
        lines = [...back, ...lines]
        const over = Math.max(lines.length - capacity, 0)
        lines.splice(0, over)
        dropped += over
        signal()
      },
      size: () => lines.length,
      dropped: () => dropped,
      some: some.await,
      full: full.await,
    })
  }
}

const passes = (cause: Cause.Cause<never>) => Cause.hasInterruptsOnly(cause) || isSqlUnavailable(Cause.squash(cause))

/** Writes the lines of the service `name`; whatever way it ends, it first writes what is left. */
export const layer = (name: string) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const audit = yield* Audit
    const repo = yield* AuditRepo
    const health = yield* Health
    const state = yield* StateMetrics
    let told = 0

    const write = Effect.suspend(() => {
      const batch = audit.take(BATCH)
      if (batch.length === 0) return Effect.void
      return repo.append(batch.map((line) => ({ ...line, service: name }))).pipe(
        Effect.onError((cause) => passes(cause) ? Effect.sync(() => audit.giveBack(batch)) : Effect.void),
        // what the database refuses now it refuses always: it must not hold up what comes after it
        Effect.catchCause((cause) =>
          passes(cause)
            ? Effect.failCause(cause)
            : Effect.logError(`audit: ${batch.length} lines can't be written`, cause)
        ),
      )
    })
    const all = Effect.andThen(write, Effect.whileLoop({ while: () => audit.size() > 0, body: () => write, step() {} }))
    const tell = Effect.suspend(() => {
      const lost = audit.dropped() - told
      told = audit.dropped()
      return lost === 0
        ? Effect.void
        : Effect.logWarning(`audit: ${lost} lines were dropped, the oldest, while the database was away`)
    })
    const last = Effect.interruptible(all).pipe(
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.timeoutOption(LAST_MS),
      Effect.ignoreCause,
    )
    const lost = Effect.suspend(() =>
      audit.size() === 0 ? Effect.void : Effect.logError(`audit: ${audit.size()} lines could not be written`)
    )

    yield* state.add(
      "audit",
      Effect.sync(() => [
        { name: "audit_lines_waiting", help: "Lines of the audit that are not written yet", value: audit.size() },
        { name: "audit_lines_dropped", help: "Lines of the audit lost to a full buffer", value: audit.dropped() },
      ]),
    )
    yield* Effect.addFinalizer(() => Effect.andThen(last, lost))
    yield* health.onDrain(last)
    yield* audit.some.pipe(
      Effect.andThen(Effect.raceFirst(Effect.sleep(LINGER_MS), audit.full)),
      Effect.andThen(all),
      Effect.andThen(tell),
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.forever,
      Effect.forkScoped,
    )
  }))

/** The audit's retention. */
export const retention: Effect.Effect<RetentionJob, never, AuditRepo> = Effect.map(AuditRepo, (repo) => ({
  name: "gateway_audit_logs",
  keeps: `${KEEP_DAYS} days`,
  expired: repo.expired,
  remove: (limit) => repo.prune(limit),
}))

/**
 * The audit of a service: who called what, with which status, in what time. A request adds its line to a bounded buffer
 * and does not wait; a worker writes the lines in batches, after a second or as soon as a batch is full.
 */
import { Cause, Context, Effect, Latch, Layer } from "effect"
import { RETENTION } from "@stint/domain/Retention"
import { Backlog } from "./Audit/Backlog.ts"
import { type AuditLine, AuditRepo } from "./Audit/Repo.ts"
import { Health } from "./Health.ts"
import { StateMetrics } from "./Metrics.ts"
import { isSqlUnavailable } from "./Pg/SqlErrors.ts"
import type { RetentionJob } from "./Retention.ts"
import { reconnect } from "./Schedules.ts"

/** How many lines one statement writes. */
const BATCH = 500
/** How long the first line of a batch waits for more, in milliseconds. */
const LINGER_MS = 1_000
/** How many lines the buffer holds while the database is away; past that lines are dropped, refused requests' first. */
const CAPACITY = 20_000
/** How long a service that shuts down tries to write the lines that are left, in milliseconds. */
const SHUTDOWN_MS = 5_000

/** A line without the service's name, which the worker adds. */
export type Line = Omit<AuditLine, "service">

/** Whether the request did nothing but come: anybody can send as many of these as he likes. */
const isRefused = ({ status_code }: Line) => status_code === 401 || status_code === 429

/** A line and its place in the order of all lines. */
interface Placed {
  readonly line: Line
  readonly place: number
}

/** The buffer between requests and the database. */
export class Audit extends Context.Service<Audit, {
  /**
   * Adds a line. It never waits or fails; a full buffer drops a line and counts it: that of a request that was refused for
   * want of a token or past its rate, the newest of these, else the oldest. Nobody can push out what others did. However
   * many lines wait, it takes the same time.
   */
  record(line: Line): void
  /** Removes and returns the oldest lines, at most `count`. */
  take(count: number): ReadonlyArray<Line>
  /** Returns lines that could not be written to the front of the buffer. */
  putBack(lines: ReadonlyArray<Line>): void
  /** How many lines the buffer holds. */
  size(): number
  /** How many lines were dropped since the service started. */
  dropped(): number
  /** Succeeds when the buffer holds a line. */
  readonly some: Effect.Effect<void>
  /** Succeeds when the buffer holds a full batch. */
  readonly full: Effect.Effect<void>
}>()("stint/Audit") {
  /** Makes a buffer; the handler makes it before the layers and fills it. */
  static make(capacity: number = CAPACITY): Audit["Service"] {
    // kept apart, so that the newest of the refused ones is found at once
    const acts = new Backlog<Placed>()
    const refusals = new Backlog<Placed>()
    let dropped = 0
    /** The place of the line that comes next, and that of the oldest one. */
    let next = 0
    let oldest = 0
    const size = () => acts.length + refusals.length
    const placesFor = (line: Line) => isRefused(line) ? refusals : acts
    /** Makes room when there are too many. */
    const fit = () => {
      for (; size() > capacity; dropped++) if (refusals.pop() === undefined) acts.shift()
    }
    const takeOldest = () => {
      const [act, refusal] = [acts.first, refusals.first]
      return act === undefined || refusal !== undefined && refusal.place < act.place ? refusals.shift() : acts.shift()
    }
    const some = Latch.makeUnsafe(false)
    const full = Latch.makeUnsafe(false)
    const signal = () => {
      if (size() > 0) some.openUnsafe()
      else some.closeUnsafe()
      if (size() >= BATCH) full.openUnsafe()
      else full.closeUnsafe()
    }
    return Audit.of({
      record: (line) => {
        placesFor(line).push({ line, place: next++ })
        fit()
        if (size() === 1 || size() === BATCH) signal()
      },
      take: (count) => {
        const taken: Array<Line> = []
        for (let one; taken.length < count && (one = takeOldest()) !== undefined;) taken.push(one.line)
        signal()
        return taken
      },
      putBack: (back) => {
        for (const line of back.toReversed()) placesFor(line).unshift({ line, place: --oldest })
        fit()
        signal()
      },
      size,
      dropped: () => dropped,
      some: some.await,
      full: full.await,
    })
  }
}

const isTransient = (cause: Cause.Cause<never>) =>
  Cause.hasInterruptsOnly(cause) || isSqlUnavailable(Cause.squash(cause))

/** The worker that writes the lines of the service `name`. At a drain and when its scope closes it writes the lines that are left. */
export const layer = (name: string) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const audit = yield* Audit
    const repo = yield* AuditRepo
    const health = yield* Health
    const state = yield* StateMetrics
    let reported = 0

    const write = Effect.suspend(() => {
      const batch = audit.take(BATCH)
      if (batch.length === 0) return Effect.void
      return repo.append(batch.map((line) => ({ ...line, service: name }))).pipe(
        Effect.onError((cause) => isTransient(cause) ? Effect.sync(() => audit.putBack(batch)) : Effect.void),
        // lines that the database refuses would be refused again: drop them, so that later lines are written
        Effect.catchCause((cause) =>
          isTransient(cause)
            ? Effect.failCause(cause)
            : Effect.logError(`audit: ${batch.length} lines can't be written`, cause)
        ),
      )
    })
    const all = Effect.andThen(write, Effect.whileLoop({ while: () => audit.size() > 0, body: () => write, step() {} }))
    const reportDropped = Effect.suspend(() => {
      const lost = audit.dropped() - reported
      reported = audit.dropped()
      return lost === 0
        ? Effect.void
        : Effect.logWarning(`audit: ${lost} lines were dropped while the database was away`)
    })
    const writeRest = Effect.interruptible(all).pipe(
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.timeoutOption(SHUTDOWN_MS),
      Effect.ignoreCause,
    )
    const reportLost = Effect.suspend(() =>
      audit.size() === 0 ? Effect.void : Effect.logError(`audit: ${audit.size()} lines could not be written`)
    )

    yield* state.add(
      "audit",
      Effect.sync(() => [
        { name: "audit_lines_waiting", help: "Lines of the audit that are not written yet", value: audit.size() },
        { name: "audit_lines_dropped", help: "Lines of the audit lost to a full buffer", value: audit.dropped() },
      ]),
    )
    yield* Effect.addFinalizer(() => Effect.andThen(writeRest, reportLost))
    yield* health.onDrain(writeRest)
    yield* audit.some.pipe(
      Effect.andThen(Effect.raceFirst(Effect.sleep(LINGER_MS), audit.full)),
      Effect.andThen(all),
      Effect.andThen(reportDropped),
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.forever,
      Effect.forkScoped,
    )
  }))

/** Removes lines past their retention. */
export const retention: Effect.Effect<RetentionJob, never, AuditRepo> = Effect.map(AuditRepo, (repo) => ({
  name: "gateway_audit_logs",
  keeps: `${RETENTION.auditLines} days`,
  expired: repo.expired,
  remove: (limit) => repo.prune(limit),
}))

/**
 * How many statements and transactions of a client may have a connection at a time while its service starts: two at first, and
 * one more for every 200 ms in which some wait and none comes free. A pool opens a connection for each that waits, so all the
 * work with which a service begins would have one each, and to open one costs both sides more than most statements. Once as
 * many as the pool holds may have one, and 6 seconds after the first had to wait, there is no limit but the pool's.
 */
import { Effect, type Scope } from "effect"

/** How many may have one at first. */
const FIRST = 2

/**
 * How long some wait, and none comes free, before one more may have one, in milliseconds: of the machine's time, as for all of a
 * socket.
 */
const PATIENCE_MS = 200

/** How long there is a limit, in milliseconds from the first that waits. */
const LASTS_MS = 6_000

/** Whether a user of a connection is counted. */
interface Permit {
  isHeld: boolean
}

/** The limit of a client's pool of `most` connections. */
export class Ramp {
  private allowed = FIRST
  private users = 0
  private readonly waiting = new Set<() => void>()
  private patience: ReturnType<typeof setTimeout> | undefined
  private end: ReturnType<typeof setTimeout> | undefined
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  /** Runs what uses a connection, when it may. */
  within<A, E, R>(use: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    if (this.allowed >= this.most) return use
    return Effect.suspend(() => {
      const permit = { isHeld: false }
      return Effect.onExit(Effect.andThen(this.enter(permit), use), () => Effect.sync(() => this.leave(permit)))
    })
  }

  /** Waits until the scope may use a connection, which it has to get after this: it gives it back before. */
  readonly scoped: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() => {
    if (this.allowed >= this.most) return Effect.void
    const permit = { isHeld: false }
    return Effect.andThen(Effect.addFinalizer(() => Effect.sync(() => this.leave(permit))), this.enter(permit))
  })

  private enter(permit: Permit): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const admit = () => {
        this.waiting.delete(admit)
        this.users++
        permit.isHeld = true
        resume(Effect.void)
      }
      if (this.users < this.allowed) return admit()
      this.waiting.add(admit)
      this.patience ??= this.wait()
      this.end ??= setTimeout(() => this.lift(), LASTS_MS)
      return Effect.sync(() => void this.waiting.delete(admit))
    })
  }

  private leave(permit: Permit): void {
    if (!permit.isHeld) return
    this.users--
    const [next] = this.waiting
    if (next === undefined || this.users >= this.allowed) return
    next()
    clearTimeout(this.patience)
    this.patience = this.waiting.size > 0 ? this.wait() : undefined
  }

  private wait(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.grow(), PATIENCE_MS)
  }

  private grow(): void {
    this.patience = undefined
    const [next] = this.waiting
    if (next === undefined) return
    this.allowed++
    next()
    if (this.allowed >= this.most) this.lift()
    else if (this.waiting.size > 0) this.patience = this.wait()
  }

  /** Ends the limit; also when the pool closes, so that no timer outlives it. */
  lift(): void {
    clearTimeout(this.patience)
    clearTimeout(this.end)
    this.allowed = Math.max(this.allowed, this.most)
    for (const next of this.waiting) next()
  }
}

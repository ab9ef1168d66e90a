/**
 * Tokens that this process leased from the buckets of a service, spent without a statement. A bucket is asked once for as
 * many tokens as it gains in a second; what is not spent within the lease is lost to its owner, who had no use for it.
 */
import { Deferred, Effect } from "effect"
import type { Limit, RateRepo } from "./Repo.ts"

/** How long leased tokens may be spent, in milliseconds: a replica that hoards tokens would let bursts grow. */
const LEASE_MS = 10_000
/** How long a database may take to grant tokens, in milliseconds; then this process decides alone. */
const GRANT_MS = 1_000
/** After a failure, how long the database is not asked, in milliseconds. */
const AWAY_MS = 1_000
/** How many names are remembered; the one that came first is forgotten for another. */
const NAMES = 10_000

/** Whether a request may go on; `left` tokens are there now, and the next one comes within `waitMs`. */
export interface Standing {
  readonly allowed: boolean
  readonly left: number
  readonly waitMs: number
}

/** What is leased under one name. */
interface Lease {
  tokens: number
  /** What the bucket had left when it was asked; less than none while what is owed is being paid. */
  left: number
  /** When it was asked. */
  at: number
  refusedUntil: number
  /** Tokens that were spent before they were there: the bucket is told when it is asked next. */
  owed: number
  asking: Deferred.Deferred<void> | undefined
}

/** The leases of one process. */
export const make = (repo: RateRepo["Service"], clock: () => number = () => performance.now()) => {
  const leases = new Map<string, Lease>()
  let awayUntil = 0

  const leaseOf = (name: string, { burst }: Limit): Lease => {
    const known = leases.get(name)
    if (known !== undefined) return known
    if (leases.size >= NAMES) leases.delete(leases.keys().next().value!)
    const lease: Lease = { tokens: 0, left: burst, at: -Infinity, refusedUntil: 0, owed: 0, asking: undefined }
    leases.set(name, lease)
    return lease
  }

  const gained = (lease: Lease, { burst, perSecond }: Limit, now: number) =>
    Math.min(burst, lease.left + (now - lease.at) / 1000 * perSecond)

  /** Decides by what is leased; undefined when the bucket has to be asked. */
  const decide = (lease: Lease, limit: Limit): Standing | undefined => {
    const now = clock()
    if (now - lease.at > LEASE_MS) lease.tokens = 0
    if (lease.tokens >= 1) {
      lease.tokens--
      return {
        allowed: true,
        left: Math.floor(Math.min(limit.burst, lease.tokens + gained(lease, limit, now))),
        waitMs: 0,
      }
    }
    return lease.refusedUntil > now ? { allowed: false, left: 0, waitMs: lease.refusedUntil - now } : undefined
  }

  const grant = (lease: Lease, limit: Limit, granted: number, left: number) => {
    lease.at = clock()
    lease.tokens = granted
    lease.left = left
    if (granted === 0) lease.refusedUntil = lease.at + Math.max(1, (1 - left) / limit.perSecond * 1000)
  }

  /** Without its database this process has a bucket of its own. */
  const alone = (lease: Lease, limit: Limit, want: number) => {
    const held = gained(lease, limit, clock()) - lease.owed
    const granted = Math.floor(Math.max(0, Math.min(want, held)))
    lease.owed = 0
    grant(lease, limit, granted, held - granted)
  }

  const ask = (name: string, lease: Lease, limit: Limit) => {
    const want = Math.max(1, Math.min(Math.ceil(limit.perSecond), limit.burst))
    if (clock() < awayUntil) return Effect.sync(() => alone(lease, limit, want))
    const answered = Deferred.makeUnsafe<void>()
    const { owed } = lease
    lease.asking = answered
    return repo.take(name, limit, want, owed).pipe(
      Effect.map(({ granted, left }) => {
        lease.owed -= owed
        grant(lease, limit, granted, left)
      }),
      // the database is away, or busy: no request fails or waits for that
      Effect.timeoutOrElse({ duration: GRANT_MS, orElse: () => Effect.die("no answer in time") }),
      Effect.catchDefect((why) =>
        Effect.suspend(() => {
          awayUntil = clock() + AWAY_MS
          alone(lease, limit, want)
          return Effect.logDebug("rates are counted by this process alone for now", String(why))
        })
      ),
      Effect.ensuring(Effect.sync(() => {
        lease.asking = undefined
        Deferred.doneUnsafe(answered, Effect.void)
      })),
    )
  }

  /** Spends a token of a name, or says when there is one again. */
  const spend = (name: string, limit: Limit): Effect.Effect<Standing> =>
    Effect.suspend(() => {
      const lease = leaseOf(name, limit)
      const standing = decide(lease, limit)
      if (standing !== undefined) return Effect.succeed(standing)
      const asked = lease.asking === undefined ? ask(name, lease, limit) : Deferred.await(lease.asking)
      return Effect.andThen(asked, spend(name, limit))
    })

  /** Spends tokens for what was done already, whether or not they are there. */
  const owe = (name: string, limit: Limit, tokens: number): void => {
    const lease = leaseOf(name, limit)
    const paid = Math.min(lease.tokens, tokens)
    lease.tokens -= paid
    lease.owed += tokens - paid
  }

  return { spend, owe }
}

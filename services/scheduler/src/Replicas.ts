/** The replicas of this scheduler: each says that it is here, and what it holds is read from the queue's leases. */
import type { Replica } from "@stint/domain/scheduler/Replicas"
import { Health } from "@stint/edge/Health"
import { uuidv7 } from "@stint/edge/Ids"
import { whole } from "@stint/edge/Refusal"
import { sayHere } from "@stint/edge/Schedules"
import { version } from "@stint/edge/Version"
import { Context, DateTime, Effect, Fiber, Layer } from "effect"
import { ReplicasRepo } from "./Replicas/Repo.ts"
import type { ReplicaRow } from "./Replicas/Row.ts"

/** A replica that did not say for so long that it is here is away, in seconds: it missed two of three times. */
const AWAY_SECONDS = 45

/** How long a drain waits until it is noted that this one has gone, in milliseconds. */
const DRAIN_MS = 2_000

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

const toReplica = ({ quiet_seconds, ...row }: ReplicaRow): Replica => ({
  ...row,
  state: quiet_seconds === null ? "unknown" : quiet_seconds > AWAY_SECONDS ? "away" : "here",
  started_at: when(row.started_at),
  seen_at: when(row.seen_at),
  oldest_claim: when(row.oldest_claim),
  lease_ends: when(row.lease_ends),
})

/** The replicas. */
export class Replicas extends Context.Service<Replicas, {
  /** The name under which this one holds runs. */
  readonly own: string
  /** How many runs this one may hold at once. */
  readonly permits: number
  /** Those that run or went away within a day, the one that started last first. */
  readonly list: Effect.Effect<{ readonly items: ReadonlyArray<Replica> }>
}>()("scheduler/Replicas") {
  static readonly layer = Layer.effect(
    Replicas,
    Effect.gen(function* () {
      const repo = yield* ReplicasRepo
      return Replicas.of({
        own: `scheduler-${uuidv7(Date.now())}`,
        permits: yield* whole("STINT_MAX_RUNNING", 1, 100_000, 800, "runs"),
        list: Effect.map(repo.list, (rows) => ({ items: rows.map(toReplica) })).pipe(Effect.withSpan("Replicas.list")),
      })
    }),
  )

  /** Says that this one is here until it is drained, then that it has gone. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* ReplicasRepo
    const health = yield* Health
    const { own, permits } = yield* Replicas
    const saying = yield* repo.here({ replica: own, version, max_running: permits }).pipe(
      // a database that is away is told elsewhere; it is said again as soon as it is back
      Effect.sandbox,
      Effect.ignore,
      Effect.repeat(sayHere),
      Effect.forkScoped,
    )
    yield* health.onDrain(
      Fiber.interrupt(saying).pipe(
        Effect.andThen(repo.gone(own)),
        Effect.timeout(DRAIN_MS),
        Effect.sandbox,
        Effect.ignore,
      ),
    )
  }))
}

/** The engine's units of work over maps: the same promises as on Postgres, for as long as the process lives. */
import { Ids } from "@stint/edge/Ids"
import { Clock, Effect, Layer } from "effect"
import { fingerprintOf } from "../DeadLetters/Fingerprint.ts"
import { ClaimedRun, type GoalRow, type NewRun } from "../Model.ts"
import { memoryWrites } from "../Queue/Repo.ts"
import { pausedIn, type QueuedRun, Store, type StoredRun } from "../Store.ts"
import { Increments } from "./Counters.ts"
import { allocate, type Lane, RANK } from "./Fair.ts"
import { LOST, type Outcome } from "./Outcome.ts"
import { runOfSlot } from "./Plan.ts"
import { EngineRepo, SLOTS_AT_ONCE } from "./Repo.ts"
import { refilled } from "./RetryBudget.ts"

/** The layer of `EngineRepo` over the memory store. */
export const layerMemory = Layer.effect(
  EngineRepo,
  Effect.gen(function* () {
    const store = yield* Store
    const ids = yield* Ids
    const { close, insert, release } = memoryWrites(store)

    const count = (what: (counted: Increments) => void) => {
      const counted = new Increments()
      what(counted)
      for (const { label, name, value } of counted.entries()) {
        const key = `${name} ${label}`
        store.counters.set(key, (store.counters.get(key) ?? 0) + value)
      }
    }
    const isPaused = pausedIn(store)
    const openOf = (goal: GoalRow) => {
      const serial = [...store.queue.values()].filter((q) =>
        q.serial && q.run.goal_instance_id === goal.goal_instance_id
      )
      return {
        serial: serial.length,
        waiting: serial.filter((q) => q.claimable_at === null && !q.caught_up).length,
      }
    }
    const claimedOf = (queued: QueuedRun): ClaimedRun => ({
      scheduled_run_id: queued.run.scheduled_run_id,
      goal_instance_id: queued.run.goal_instance_id,
      hired_instance_id: queued.run.hired_instance_id,
      scheduled_time: queued.run.slot,
      attempt: queued.attempt,
      fence: queued.fence!,
      claimed_at: queued.claimed_at!,
      serial: queued.serial,
    })
    const heldBy = (run: ClaimedRun): QueuedRun | undefined => {
      const queued = store.queue.get(run.scheduled_run_id)
      return queued !== undefined && queued.fence === run.fence ? queued : undefined
    }
    const noteAttempt = (
      queued: QueuedRun,
      error: { readonly type: string; readonly message: string },
      now: number,
    ) => {
      const error_details = { ...error, attempt: queued.attempt }
      queued.run.attempts.push({
        attempt: queued.attempt,
        started_at: queued.claimed_at!,
        ended_at: now,
        error_details,
      })
    }
    const bookDeadLetter = (run: StoredRun, outcome: Extract<Outcome, { _tag: "Dead" }>, id: string, now: number) => {
      const open = store.deadLetters.values().find((letter) =>
        letter.goal_instance_id === run.goal_instance_id && letter.state === "open"
      )
      const error_message = `${outcome.error.type}: ${outcome.error.message}`
      const fingerprint = fingerprintOf(outcome.errorType, outcome.error)
      if (open !== undefined) {
        Object.assign(open, { error_type: outcome.errorType, error_message, fingerprint, last_failed_at: now })
        open.failure_count++
        run.dlq_id = open.dlq_id
        return
      }
      run.dlq_id = id
      store.deadLetters.set(id, {
        dlq_id: id,
        goal_instance_id: run.goal_instance_id,
        hired_instance_id: run.hired_instance_id,
        error_type: outcome.errorType,
        error_message,
        fingerprint,
        failure_count: 1,
        first_failed_at: now,
        last_failed_at: now,
        expires_at: now + 7 * 86_400_000,
        retry_count: 0,
        state: "open",
        closed_at: null,
      })
    }

    const settleOne = (outcome: Outcome, letterId: string, now: number): boolean => {
      const queued = heldBy(outcome.run)
      if (queued === undefined) return false
      const free = (delayMs: number) =>
        Object.assign(queued, { fence: null, holder: null, claimed_at: null, claimable_at: now + delayMs })
      count((counted) => counted.outcome(outcome._tag, 1))
      const execution = queued.run.execution!
      switch (outcome._tag) {
        case "Completed": {
          const seconds = (now - queued.claimed_at!) / 1000
          count((counted) => counted.observe("duration", seconds))
          close(queued, "completed", now)
          Object.assign(execution, { status: "completed", completed_at: now, deliverable_id: outcome.deliverable_id })
          const letter = queued.run.dlq_id === null ? undefined : store.deadLetters.get(queued.run.dlq_id)
          if (letter?.state === "open") Object.assign(letter, { state: "resolved", closed_at: now })
          return true
        }
        case "Retry":
          noteAttempt(queued, outcome.error, now)
          execution.status = "pending"
          if (!queued.forced) queued.rank = RANK.retry
          free(outcome.delayMs)
          return true
        case "HandBack":
          queued.attempt--
          execution.status = "pending"
          free(outcome.delayMs)
          return true
        case "Gone":
          noteAttempt(queued, outcome.error, now)
          close(queued, "cancelled", now, outcome.reason)
          return true
        case "Dead":
          noteAttempt(queued, outcome.error, now)
          close(queued, "cancelled", now, `dead-lettered: ${outcome.error.type}: ${outcome.error.message}`)
          bookDeadLetter(queued.run, outcome, letterId, now)
          return true
      }
    }

    const settle = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>) {
      const now = yield* Clock.currentTimeMillis
      let settled = 0
      for (const outcome of outcomes) if (settleOne(outcome, yield* ids.next("DLQ"), now)) settled++
      const goals = outcomes.filter((outcome) => outcome.run.serial).map((outcome) => outcome.run.goal_instance_id)
      return { settled, released: release(goals, now) }
    })

    return EngineRepo.of({
      materialise: Effect.fnUntraced(function* (limit, plan) {
        const now = yield* Clock.currentTimeMillis
        const all = [...store.goals.values()]
          .filter((goal) => goal.due_at !== null && goal.due_at <= now && !isPaused(goal))
          .sort((a, b) => a.due_at! - b.due_at!)
        // the longest due, and, when there are more, some of every customer
        const half = Math.ceil(limit / 2)
        const ofCustomers = Map.groupBy(all.slice(half), (goal) => goal.customer_id)
        const each = Math.ceil(half / Math.max(ofCustomers.size, 1))
        const due = [...all.slice(0, half), ...[...ofCustomers.values()].flatMap((goals) => goals.slice(0, each))]
        due.sort((a, b) => b.next_slot! - a.next_slot!)
        let made = 0
        for (const goal of due) {
          if (made >= SLOTS_AT_ONCE) break
          const timezone = store.hires.get(goal.hired_instance_id)!.timezone
          const decided = plan({ goal, timezone, open: openOf(goal) }, now)
          made += decided.slots.length
          for (const slot of decided.slots) {
            insert([runOfSlot(goal, slot, (yield* ids.next("SCH")) as NewRun["scheduled_run_id"], now)], now)
          }
          if (decided.range !== undefined) {
            store.missed.push({ goal_instance_id: goal.goal_instance_id, ...decided.range, recorded_at: now })
          }
          store.goals.set(goal.goal_instance_id, { ...goal, ...decided.next })
        }
        return due.length
      }),
      claim: Effect.fnUntraced(function* ({ holder, leaseMs, limit, maxAttempts, retriesPerSecond, suspects }) {
        const now = yield* Clock.currentTimeMillis
        const paused = new Set([...store.states.values()].flatMap((s) => s.status === "paused" ? [s.state_id] : []))
        const claimable = () =>
          [...store.queue.values()]
            .filter((q) => q.claimable_at !== null && q.claimable_at <= now)
            .sort((a, b) => a.claimable_at! - b.claimable_at!)
        const dead = claimable().filter((q) => q.holder !== null && q.attempt >= maxAttempts)
        yield* settle(dead.map((q) => ({ _tag: "Dead", run: claimedOf(q), errorType: "TRANSIENT", error: LOST })))
        const mayRun = (q: QueuedRun) => q.forced || !isPaused(q.run)
        const lost = claimable().filter((q) => q.holder !== null && q.attempt >= 2 && mayRun(q))
        if (lost.length > 0 && suspects === "wait") return { runs: [], alone: false, open: true }
        const alone = suspects === "take" ? lost.slice(0, 1) : []
        const ready = claimable().filter((q) => (q.holder === null || q.attempt < 2) && mayRun(q)).sort((a, b) =>
          a.due_at - b.due_at
        )
        const laneOf = (q: QueuedRun): Lane => ({
          rank: q.rank,
          customer_id: q.run.customer_id,
          agent_id: q.agent_id,
        })
        const keyOfLane = ({ agent_id, customer_id, rank }: Lane) => JSON.stringify([rank, customer_id, agent_id])
        const lanes = Map.groupBy(ready, (q) => keyOfLane(laneOf(q)))
        const underWay = Map.groupBy(
          [...store.queue.values()].filter((q) => q.holder !== null && q.claimable_at! > now),
          (q) => keyOfLane({ ...laneOf(q), rank: 0 }),
        )
        const completed = store.counters.get("runs completed") ?? 0
        Object.assign(store.retryBudget, refilled(store.retryBudget, { completed, now, perSecond: retriesPerSecond }))
        const shares = allocate([...lanes.values()].map((queue) => laneOf(queue[0]!)), limit, {
          paused,
          limits: [...store.limits.values()],
          running: [...underWay.values()].map((held) => ({ ...laneOf(held[0]!), running: held.length })),
          retries: Math.floor(store.retryBudget.tokens),
        })
        const picked = alone.length > 0
          ? alone
          : shares.flatMap((share) => lanes.get(keyOfLane(share))!.slice(0, share.quota))
        const runs = picked.map((queued) => {
          if (queued.holder !== null) {
            noteAttempt(queued, LOST, now)
            count((counted) => counted.add("takeovers", "", 1))
          } else if (queued.attempt > 0) store.retryBudget.tokens--
          else if (!queued.caught_up) count((counted) => counted.observe("lateness", (now - queued.due_at) / 1000))
          Object.assign(queued, {
            fence: ++store.fence,
            holder,
            claimed_at: now,
            claimable_at: now + leaseMs,
            attempt: queued.attempt + 1,
          })
          queued.run.execution = {
            status: "running",
            attempt: queued.attempt,
            started_at: now,
            completed_at: null,
            deliverable_id: null,
          }
          return claimedOf(queued)
        })
        // nobody else claims here: what was not taken can't be, until something changes or the budget is refilled
        return {
          runs,
          alone: alone.length > 0,
          open: ready.some((q) => q.rank === RANK.retry) && store.retryBudget.tokens < 1,
        }
      }),
      renew: Effect.fnUntraced(function* (runs, leaseMs) {
        const now = yield* Clock.currentTimeMillis
        const held = runs.filter((run) => heldBy(run) !== undefined)
        for (const run of held) heldBy(run)!.claimable_at = now + leaseMs
        return new Set(held.map((run) => run.fence))
      }),
      settle,
      look: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const due = [...store.goals.values()].flatMap((g) => g.due_at === null || isPaused(g) ? [] : [g.due_at])
          const timed = [...store.queue.values()].flatMap((q) => q.claimable_at === null ? [] : [q.claimable_at])
          const next = Math.min(...due, ...timed.filter((at) => at > now))
          return { ready: timed.some((at) => at <= now), wake: Number.isFinite(next) ? next - now : undefined }
        }),
      sweep: () =>
        Effect.map(
          Clock.currentTimeMillis,
          (now) => release([...store.queue.values()].map((queued) => queued.run.goal_instance_id), now),
        ),
    })
  }),
)

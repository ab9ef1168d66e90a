/** What operators do to the scheduler: its health and state, pauses, triggers, backfills and limits. */
import { type Backfill, Backfilled } from "@stint/domain/scheduler/Backfill"
import { SchedulerHealth } from "@stint/domain/scheduler/Health"
import { type LimitScope, RunLimit } from "@stint/domain/scheduler/Limits"
import { Paused, Resumed, type Scope, Status } from "@stint/domain/scheduler/Pauses"
import { Triggered } from "@stint/domain/scheduler/Triggers"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decodeHealth = decoder(SchedulerHealth)
const decodeStatus = decoder(Status)
const decodePaused = decoder(Paused)
const decodeResumed = decoder(Resumed)
const decodeTriggered = decoder(Triggered)
const decodeBackfilled = decoder(Backfilled)
const decodeLimit = decoder(RunLimit)
const decodeLimits = decoder(listOf(RunLimit))

const keyed = () => ({ "idempotency-key": idempotencyKey() })

/** How often the health is asked for: it also changes by time alone. */
const HEALTH_MS = 15_000

/** The health of all replicas together. */
export const healthQuery = queryOptions({
  queryKey: ["scheduler", "health"],
  queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/health", decodeHealth, { signal }),
  refetchInterval: HEALTH_MS,
})

/** Whether the scheduler runs, and what is paused. */
export const statusQuery = queryOptions({
  queryKey: ["scheduler", "status"],
  queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/status", decodeStatus, { signal }),
  refetchInterval: HEALTH_MS,
})

/** How long the page waits for running runs to end when it pauses, in seconds: less than a call may take. */
export const WAIT_SECONDS = 15

/** Pauses a scope, or everything. */
export const pause = (reason: string, scope: typeof Scope.Encoded | undefined, wait: boolean): Promise<Paused> =>
  call("POST", "/api/v1/scheduler/pause", decodePaused, {
    headers: keyed(),
    body: {
      reason,
      ...(scope === undefined ? {} : { scope }),
      ...(wait ? { wait_for_completion: true, timeout_seconds: WAIT_SECONDS } : {}),
    },
  })

/** Ends the pause of a scope, or of everything. */
export const resume = (scope: typeof Scope.Encoded | undefined, reason: string): Promise<Resumed> =>
  call("POST", "/api/v1/scheduler/resume", decodeResumed, {
    headers: keyed(),
    body: { ...(scope === undefined ? {} : { scope }), ...(reason === "" ? {} : { reason }) },
  })

/** What a trigger asks for: a goal, now or at a slot (RFC 3339). */
export interface TriggerAsked {
  readonly goal: string
  readonly scheduled_time?: string | undefined
  readonly reason: string
  readonly force: boolean
}

/** Runs a goal now, or at a slot. `key` is kept by the caller, so that a press that is repeated triggers once. */
export const trigger = ({ force, goal, reason, scheduled_time }: TriggerAsked, key: string): Promise<Triggered> =>
  call("POST", `/api/v1/scheduler/trigger/${encodeURIComponent(goal)}`, decodeTriggered, {
    headers: { "idempotency-key": key },
    body: {
      ...(scheduled_time === undefined ? {} : { scheduled_time }),
      ...(reason === "" ? {} : { reason }),
      ...(force ? { force } : {}),
    },
  })

/** Previews a backfill, or queues its runs. */
export const backfill = (asked: typeof Backfill.Encoded, key: string): Promise<Backfilled> =>
  call("POST", "/api/v1/scheduler/backfill", decodeBackfilled, { headers: { "idempotency-key": key }, body: asked })

/** All limits. */
export const limitsQuery = queryOptions({
  queryKey: ["scheduler", "limits"],
  queryFn: ({ signal }) =>
    everyPage((cursor) =>
      call("GET", "/api/v1/scheduler/limits", decodeLimits, { query: { cursor, limit: 200 }, signal })
    ),
})

/** Sets a limit; null removes it. */
export const setLimit = (
  scope: typeof LimitScope.Encoded,
  max_running: number | null,
  reason: string,
): Promise<RunLimit> =>
  call("PUT", "/api/v1/scheduler/limits", decodeLimit, { headers: keyed(), body: { scope, max_running, reason } })

/** The action logs of all four services: who did what. */
import { ActionLine } from "@stint/domain/ActionLine"
import { actions } from "@stint/domain/ActionLog"
import { Action } from "@stint/domain/scheduler/ActionLog"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions } from "@tanstack/react-query"
import { call, decoder } from "./Client.ts"
import type { Logger } from "./Loggers.ts"

const decode = decoder(listOf(ActionLine))

/** What each service records. */
export const loggedActions: Readonly<Record<Logger, ReadonlyArray<string>>> = { ...actions, scheduler: Action.literals }

/** The lines of one service's log; of one operator where it is named. */
const path = (service: Logger, operator: string | undefined): string => {
  const all = `/api/v1/${service}/actions`
  if (operator === undefined) return all
  return `${all}${service === "scheduler" ? "" : "/by"}/${encodeURIComponent(operator)}`
}

/** A page of a service's log, the latest first. */
export const actionPage = (service: Logger, operator: string | undefined, cursor: string, signal?: AbortSignal) =>
  call("GET", path(service, operator), decode, { query: { cursor, limit: 200 }, signal })

/** A service's log, page by page. The lines of old pages never change, so only the first one is read again. */
export const actionsQuery = (service: Logger, operator: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["scheduler", "actions", service, operator ?? ""],
    queryFn: ({ pageParam, signal }) => actionPage(service, operator, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

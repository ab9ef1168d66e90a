/** Pure: what is asked to learn of changes, and what a write may have changed. */
import type { Topic } from "@stint/domain/gateway/Changes"
import { type Caller, customerOf } from "@stint/domain/Caller"
import type { ServiceName } from "../Upstreams/Table.ts"

/** Who sees the same: one customer, or all people who see every customer. */
export const scopeOf = (caller: Caller): string => {
  const customer = customerOf(caller)
  return customer === undefined ? "everybody" : `customer ${customer}`
}

/** A read whose answer changes when something of a topic does: the newest of a list, which is an indexed read. */
export interface Probe {
  readonly topic: Topic
  readonly service: ServiceName
  readonly path: string
}

/** How many of a list are looked at. */
const NEWEST = 10

/** What is asked for a caller's scope. Goals, and the hires of all customers, have no list that shows every change. */
export const probesOf = (caller: Caller): ReadonlyArray<Probe> => {
  const customer = customerOf(caller)
  const own = customer === undefined ? "" : `customer_id=${encodeURIComponent(customer)}&`
  const common: ReadonlyArray<Probe> = [
    { topic: "deliverables", service: "deliverables", path: `/api/v1/deliverables?${own}limit=${NEWEST}` },
    { topic: "runs", service: "scheduler", path: `/api/v1/scheduler/runs?limit=${NEWEST}` },
  ]
  return customer !== undefined
    ? [...common, { topic: "hires", service: "hiring", path: `/api/v1/hired-agents?${own}limit=${NEWEST}` }]
    : [
      ...common,
      { topic: "dead_letters", service: "scheduler", path: `/api/v1/scheduler/dlq?limit=${NEWEST}` },
      { topic: "scheduler", service: "scheduler", path: "/api/v1/scheduler/status" },
    ]
}

/** The last words of routes that are asked by POST for the size of the question, and write nothing: pages ask them as they read. */
const questions = /\/(preview|simulate|check|lookup)$/

/** A write that changes what is ahead of every customer. */
export const touchesAll = (service: ServiceName, path: string): boolean =>
  service === "scheduler" && /\/(pause|resume)$/.test(path)

/** What a write to a route may have changed. */
export const touchedBy = (service: ServiceName, path: string): ReadonlyArray<Topic> => {
  if (questions.test(path)) return []
  if (touchesAll(service, path)) return ["scheduler", "runs", "goals"]
  switch (service) {
    case "catalog":
      return []
    case "hiring":
      if (path.endsWith("/run")) return ["runs"]
      return path.includes("/goals") ? ["goals", "hires"] : ["hires"]
    case "deliverables":
      return ["deliverables"]
    case "scheduler":
      return path.includes("/dlq") ? ["dead_letters", "runs"] : ["scheduler", "runs"]
  }
}

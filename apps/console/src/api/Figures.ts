/** Figures of the scheduler over time, and its replicas. */
import { type FigureHours, Figures } from "@stint/domain/scheduler/Figures"
import { Replica } from "@stint/domain/scheduler/Replicas"
import { queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder } from "./Client.ts"

const decodeFigures = decoder(Figures)
const decodeReplicas = decoder(Schema.Struct({ items: Schema.Array(Replica) }))

/** How often they are read again, in milliseconds: they change by time alone. */
const AGAIN_MS = 15_000

/** Outcomes and lateness of the hours before now. Its key has no topic: each run that ends would read all of it again. */
export const figuresQuery = (hours: FigureHours) =>
  queryOptions({
    queryKey: ["snapshot", "figures", hours],
    queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/figures", decodeFigures, { query: { hours }, signal }),
    refetchInterval: AGAIN_MS,
  })

/** The replicas of the scheduler, with what they hold. */
export const replicasQuery = queryOptions({
  queryKey: ["snapshot", "replicas"],
  queryFn: ({ signal }) => call("GET", "/api/v1/scheduler/replicas", decodeReplicas, { signal }),
  refetchInterval: AGAIN_MS,
})

/** Makers: where they are called, what they cost, and what agents did in a period. */
import type { TemplateMaker } from "@stint/domain/Definition/Maker"
import { MakerPlace, MakersChecked, ModelCheck } from "@stint/domain/deliverables/Makings"
import { DecisionTime, Report, Spending, SpendingOfAll } from "@stint/domain/deliverables/Reports"
import { keepPreviousData, queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder } from "./Client.ts"
import { hireUrl } from "./Hires.ts"

const decodePlaces = decoder(Schema.Struct({ items: Schema.Array(MakerPlace) }))
const decodeCheck = decoder(ModelCheck)
const decodeProblems = decoder(MakersChecked)
const decodeReport = decoder(Report)
const decodeSpending = decoder(Spending)
const decodeAll = decoder(SpendingOfAll)
const decodeTime = decoder(DecisionTime)

/** How often places are read again, in milliseconds: no event tells of a breaker. */
const PLACES_MS = 5_000
/** How often reports and spending are read again, in milliseconds. */
const FIGURES_MS = 30_000

/** Models and hosts, with their breakers. */
export const placesQuery = queryOptions({
  queryKey: ["snapshot", "makers"],
  queryFn: ({ signal }) => call("GET", "/api/v1/maker-places", decodePlaces, { signal }),
  refetchInterval: PLACES_MS,
})

/** Why some of these makers can't be called, as this installation is set up, by the maker's JSON; those that nothing is in the way of are left out. */
export const makerProblemsQuery = (makers: ReadonlyArray<TemplateMaker>) =>
  queryOptions({
    queryKey: ["snapshot", "maker-problems", makers],
    queryFn: ({ signal }): Promise<ReadonlyMap<string, string>> =>
      call("POST", "/api/v1/maker-places/check", decodeProblems, { body: { makers }, signal })
        .then(({ items }) =>
          new Map(items.flatMap(({ problem }, nth) => problem === null ? [] : [[JSON.stringify(makers[nth]), problem]]))
        ),
    enabled: makers.length > 0,
    // what is said of a maker stays while another one is asked about
    placeholderData: keepPreviousData,
    structuralSharing: false,
  })

/** Asks a model whether it answers. Its provider may charge for it. */
export const checkModel = (alias: string): Promise<ModelCheck> =>
  call("POST", `/api/v1/models/${encodeURIComponent(alias)}/check`, decodeCheck, { body: {} })

/** What an agent did from one instant (RFC 3339) until before another. */
export const reportQuery = (hire: string, from: string, to: string) =>
  queryOptions({
    queryKey: ["snapshot", "report", hire, from, to],
    queryFn: ({ signal }) => call("GET", `${hireUrl(hire)}/report`, decodeReport, { query: { from, to }, signal }),
    refetchInterval: FIGURES_MS,
  })

/** What an agent costs this month. */
export const spendingQuery = (hire: string) =>
  queryOptions({
    queryKey: ["snapshot", "spending", hire],
    queryFn: ({ signal }) => call("GET", `${hireUrl(hire)}/spending`, decodeSpending, { signal }),
    refetchInterval: FIGURES_MS,
  })

/** What all agents cost this month. */
export const spendingOfAllQuery = queryOptions({
  queryKey: ["snapshot", "spending"],
  queryFn: ({ signal }) => call("GET", "/api/v1/spending", decodeAll, { signal }),
  refetchInterval: FIGURES_MS,
})

/** How soon people decide, over all customers. */
export const decisionTimeQuery = queryOptions({
  queryKey: ["snapshot", "decision-time"],
  queryFn: ({ signal }) => call("GET", "/api/v1/deliverables/decision-time", decodeTime, { signal }),
  refetchInterval: FIGURES_MS,
})

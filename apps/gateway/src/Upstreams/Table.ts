/** Which service owns which route, from the contracts. */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { MakerAnswersApi } from "@stint/domain/makers/Answers"
import { HiringApi } from "@stint/domain/hiring/Api"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import type { PORTS } from "@stint/edge/Ports"
import { HttpApi } from "effect/http-api"

/** A service behind the front door. */
export type ServiceName = keyof typeof PORTS

/** The contracts of the services. */
export const contracts = {
  catalog: CatalogApi,
  hiring: HiringApi,
  deliverables: DeliverablesApi,
  scheduler: SchedulerApi,
}

/** A route of a service: `path` is its template, like `/api/v1/hired-agents/:id`. */
export interface ServiceRoute {
  readonly service: ServiceName
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: `/${string}`
}

const routesOf = (service: ServiceName, contract: unknown): ReadonlyArray<ServiceRoute> => {
  const found: Array<ServiceRoute> = []
  // the same for each contract, whatever its groups are
  HttpApi.reflect(contract as typeof CatalogApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path } }) =>
      void found.push({ service, method: method as ServiceRoute["method"], path: path as ServiceRoute["path"] }),
  })
  return found
}

/** Every route of every service. */
export const table: ReadonlyArray<ServiceRoute> = (Object.keys(contracts) as ReadonlyArray<ServiceName>).flatMap(
  (name) => routesOf(name, contracts[name]),
)

/** Routes for programs that have no token: their service judges the signature of what they send. */
export const signedTable: ReadonlyArray<ServiceRoute> = routesOf("deliverables", MakerAnswersApi)

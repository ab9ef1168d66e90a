/** One document of all services and of the front door itself. */
import { GatewayApi } from "@stint/domain/gateway/Sessions"
import { HttpApi, OpenApi } from "effect/http-api"
import { contracts } from "./Upstreams/Table.ts"

type Json = Record<string, unknown>

/** The parts of a document that are joined. */
interface Parts extends Json {
  readonly paths: Record<string, Record<string, Json>>
  readonly tags: ReadonlyArray<{ readonly name: string }>
  readonly components: { readonly schemas: Json; readonly securitySchemes?: Json }
}

const partsOf = (api: unknown): Parts => OpenApi.fromApi(api as typeof GatewayApi) as unknown as Parts

/** Adds entries; one of the same name must be the same, else the documents would contradict each other. */
const add = (to: Json, from: Json, what: string) => {
  for (const [name, value] of Object.entries(from)) {
    if (name in to && JSON.stringify(to[name]) !== JSON.stringify(value)) {
      throw new Error(`two ${what} are called ${name}`)
    }
    to[name] = value
  }
}

/** The operations of a service; where another has one of that name, its own begins with the name of the service. */
const named = (service: string, paths: Parts["paths"], taken: Set<unknown>): Parts["paths"] =>
  Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => {
          const id = taken.has(operation.operationId) ? `${service}.${operation.operationId}` : operation.operationId
          taken.add(id)
          return [method, { ...operation, operationId: id }]
        }),
      ),
    ]),
  )

/** Joins the documents. Throws when two of them say different things under one name: a test would have found it. */
export const joined = (): Json => {
  const paths: Json = {}
  const schemas: Json = {}
  const securitySchemes: Json = {}
  const tags = new Map<string, unknown>()
  const taken = new Set<unknown>()
  let first: Parts | undefined
  for (const [service, api] of Object.entries({ ...contracts, gateway: GatewayApi })) {
    const document = partsOf(api)
    first ??= document
    add(paths, named(service, document.paths, taken), "paths")
    add(schemas, document.components.schemas, "schemas")
    add(securitySchemes, document.components.securitySchemes ?? {}, "security schemes")
    for (const tag of document.tags) tags.set(tag.name, tag)
  }
  return {
    ...first,
    info: {
      ...first!.info as Json,
      title: "Stint",
      description: "AI agents that work to a schedule and never act without a signature. A page sends its session's " +
        "cookie, a program a bearer token.",
    },
    servers: [{ url: "/", description: "The front door that this document was read from" }],
    paths,
    tags: [...tags.values()],
    components: { schemas, securitySchemes },
  }
}

/** An API without endpoints of its own, whose document is the joined one. */
export const JoinedApi = HttpApi.make("stint").annotateMerge(
  OpenApi.annotations({ title: "Stint", transform: () => joined() }),
)

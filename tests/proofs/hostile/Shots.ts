/** Requests made from the contracts: each endpoint with bodies of its own schema, whole or broken at random. */
import { Access } from "@stint/domain/Caller"
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { DecisionLinksApi } from "@stint/domain/deliverables/DecisionLinks"
import { HiringApi } from "@stint/domain/hiring/Api"
import { MakerAnswersApi } from "@stint/domain/makers/Answers"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Arbitrary, Context, Effect, Option, Schema } from "effect"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"
import type { ServiceName } from "../../support/Stack.ts"
import { oddBodies, oddCursors, oddHeaders, oddIds, oddParameters, oddValues } from "./Corpus.ts"

/** An endpoint, and bodies that its schema makes. */
export interface Door {
  readonly service: ServiceName
  readonly method: string
  readonly path: string
  readonly roles: ReadonlyArray<string>
  readonly parameters: ReadonlyArray<string>
  readonly bodies: ReadonlyArray<unknown>
}

/** A request. */
export interface Shot {
  readonly door: Door
  readonly path: string
  readonly as: string
  readonly headers: Readonly<Record<string, string>>
  readonly raw: Uint8Array<ArrayBuffer> | undefined
}

/** How many bodies of a schema are made; each is broken in many ways. */
const SAMPLES = 24

const apis: ReadonlyArray<readonly [ServiceName, unknown]> = [
  ["catalog", CatalogApi],
  ["hiring", HiringApi],
  ["deliverables", DeliverablesApi],
  ["deliverables", DecisionLinksApi],
  ["deliverables", MakerAnswersApi],
  ["scheduler", SchedulerApi],
]

/** Bodies of a schema as they are on the wire. A schema with checks that few values pass makes them by its encoded side. */
export const bodiesOf = (schema: Schema.Top, seed: number): ReadonlyArray<unknown> => {
  const sample = (of: Schema.Top) =>
    Effect.runSync(Effect.option(
      Arbitrary.sampleEffect(Arbitrary.schema(of as Schema.Schema<unknown>), { count: SAMPLES, size: 8, seed }),
    ))
  const encode = Schema.encodeUnknownOption(Schema.toCodecJson(schema) as unknown as Schema.Codec<unknown>)
  const made = Option.map(sample(schema), (values) => values.flatMap((value) => Option.toArray(encode(value))))
  return Option.getOrElse(
    Option.orElse(made, () => sample(Schema.toEncoded(schema))),
    (): ReadonlyArray<unknown> => [{}],
  )
}

const doorOf = (service: ServiceName, endpoint: HttpApiEndpoint.Top, seed: number): Door => {
  const payload = [...endpoint.payload.values()].flatMap(({ schemas }) => [...schemas])
  const query = endpoint.query as { readonly fields?: Record<string, unknown> } | undefined
  return {
    service,
    method: endpoint.method,
    path: endpoint.path,
    roles: Option.getOrElse(Context.getOption(endpoint.annotations, Access), () => []),
    parameters: Object.keys(query?.fields ?? {}),
    bodies: payload.flatMap((schema, nth) => bodiesOf(schema, seed + nth)),
  }
}

/** Every endpoint of the contracts of the four services. */
export const doorsOf = (seed: number): ReadonlyArray<Door> => {
  const doors: Array<Door> = []
  for (const [service, api] of apis) {
    HttpApi.reflect(api as HttpApi.HttpApi<string, never>, {
      onGroup: () => {},
      onEndpoint: ({ endpoint }) => void doors.push(doorOf(service, endpoint, seed)),
    })
  }
  return doors
}

/** Numbers in [0, 1). */
export type Random = () => number
/** One of a list. */
export const pick = <A>(random: Random, from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!

/** A value with one place of it replaced, left out, doubled or added, at any depth. */
export const broken = (value: unknown, random: Random): unknown => {
  if (typeof value !== "object" || value === null || random() < 0.2) return pick(random, oddValues)
  const keys = Object.keys(value)
  if (keys.length === 0 || random() < 0.15) {
    return Array.isArray(value) ? [...value, pick(random, oddValues)] : { ...value, odd: pick(random, oddValues) }
  }
  const key = pick(random, keys)
  if (Array.isArray(value)) {
    return value.map((item, nth) => String(nth) === key ? broken(item, random) : item)
  }
  const { [key]: inner, ...rest } = value as Record<string, unknown>
  return random() < 0.2 ? rest : { ...rest, [key]: broken(inner, random) }
}

/** A body, the names of ids in it set to known ones now and then, so that it gets past the first check. */
const bodyOf = (door: Door, known: Readonly<Record<string, string>>, random: Random): Uint8Array<ArrayBuffer> => {
  const chance = random()
  if (chance < 0.06) return pick(random, oddBodies)()
  let body = pick(random, door.bodies)
  if (typeof body === "object" && body !== null && !Array.isArray(body) && random() < 0.6) {
    body = { ...body, ...Object.fromEntries(Object.entries(known).filter(([key]) => key in (body as object))) }
  }
  const times = chance < 0.3 ? 0 : chance < 0.8 ? 1 : 3
  for (let n = 0; n < times; n++) body = broken(body, random)
  return new TextEncoder().encode(JSON.stringify(body) ?? "") as Uint8Array<ArrayBuffer>
}

const queryOf = (door: Door, known: Readonly<Record<string, string>>, random: Random): string => {
  const parts = door.parameters.flatMap((name) => {
    if (random() < 0.3) return []
    if (name === "cursor" || name === "next") return random() < 0.5 ? [`${name}=${pick(random, oddCursors)}`] : []
    const value = random() < 0.5 ? known[name] : undefined
    return [`${name}=${value ?? pick(random, oddParameters)}`]
  })
  if (random() < 0.05) parts.push(`odd=${pick(random, oddParameters)}`)
  return parts.length === 0 ? "" : `?${parts.join("&")}`
}

/** A request at a door: as one who may, mostly; with ids that exist, half the time. */
export const shotAt = (
  door: Door,
  { customer, known, random }: {
    readonly customer: string
    readonly known: Readonly<Record<string, string>>
    readonly random: Random
  },
): Shot => {
  const role = random() < 0.9 && door.roles.length > 0
    ? pick(random, door.roles)
    : pick(random, ["customer", "viewer", "operator", "service"])
  const subject = role === "customer"
    ? customer
    : role === "service"
    ? pick(random, ["scheduler", "deliverables", "hiring"])
    : "hostile"
  const path = door.path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const ids = known[`${door.path} ${name}`]
    return ids !== undefined && random() < 0.6 ? ids : pick(random, oddIds)
  })
  const takesBody = door.bodies.length > 0
  return {
    door,
    path: `${path}${queryOf(door, known, random)}`,
    as: `${role}:${subject}`,
    headers: {
      ...(takesBody && random() < 0.5 ? { "idempotency-key": `k${Math.floor(random() * 1e6)}` } : {}),
      ...(random() < 0.1 ? pick(random, oddHeaders) : {}),
    },
    raw: takesBody ? bodyOf(door, known, random) : undefined,
  }
}

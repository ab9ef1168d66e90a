/**
 * How much one caller may send, have and ask for (domain.md, "Bounds"): every bound with its name, its default and its
 * meaning. One setting changes any of them: `STINT_BOUNDS=name=value,name=value`.
 */
import { Context, Result } from "effect"

/** The most characters of an id, also in a path: whatever can be made can be reached. Part of the contract, no setting. */
export const ID_CHARS = 128

/** The most items of a page (api.md, "Lists"). Part of the contract, no setting. */
export const PAGE_ITEMS = 200

/** A bound: what it is unless `STINT_BOUNDS` says otherwise, and what it bounds. Values are whole, 1 to 1,000,000,000. */
interface Declared {
  readonly value: number
  readonly means: string
}

const KIB = 1024
const MIB = 1024 * KIB

const declared = {
  body_bytes: { value: MIB, means: "bytes of a request's body" },
  batch_body_bytes: { value: 10 * MIB, means: "bytes of the body of a batch of runs" },
  body_depth: { value: 64, means: "levels of nesting of a body" },
  body_values: { value: 20_000, means: "keys and items in a body, all levels together" },
  object_keys: { value: 2_000, means: "keys of one object in a body" },
  document_bytes: { value: 64 * KIB, means: "bytes of a config or of settings, as canonical JSON" },
  document_keys: { value: 1_000, means: "keys in a config or in settings, all levels together" },
  list_items: { value: 1_000, means: "items of a list in a config or in settings" },
  text_bytes: { value: 16 * KIB, means: "bytes of a text in a config or in settings" },
  definition_bytes: { value: 256 * KIB, means: "bytes of a definition, as canonical JSON" },
  definition_fields: { value: 500, means: "fields of a definition, of all its schemas and nested ones together" },
  definition_templates: { value: 100, means: "goal templates of a definition" },
  definition_options: { value: 1_000, means: "options of a definition, of all its fields together" },
  faults: { value: 50, means: "faults that an answer names; errors_omitted counts the others" },
  fault_chars: { value: 300, means: "characters of the message of a fault" },
  answer_bytes: { value: 2 * MIB, means: "bytes of an answer: a page ends early, with its cursor" },
  horizon_years: { value: 20, means: "years that preview and explain look ahead" },
  simulated_goals: { value: 500, means: "schedules that one simulation is given, each checked as a goal's is" },
  live_hires: { value: 200, means: "hires of a customer that are not deactivated" },
  goals_per_hire: { value: 100, means: "goals of a hire" },
  goals_per_customer: { value: 2_000, means: "goals of a customer" },
  subscriptions_per_customer: { value: 400, means: "subscriptions of a customer that are not canceled" },
  trials_per_customer: { value: 400, means: "trials that a customer began and did not remove" },
  live_mandates: { value: 100, means: "mandates of a customer that are neither revoked nor expired" },
  runs_by_hand_per_minute: { value: 60, means: "runs by hand of a customer in a minute" },
  makings_per_host: { value: 16, means: "drafts that the programs of a remote host make at once, over all replicas" },
  requests_per_second: { value: 20, means: "requests of a customer in a second, over all replicas, in the long run" },
  request_burst: { value: 100, means: "requests of a customer at once" },
  request_bytes: {
    value: 64 * KIB,
    means: "bytes of a body and its answer that count as no more than one request; as many more count as another",
  },
  reads_at_once: { value: 4, means: "reads of a customer that a process answers at once; more of them wait" },
  writes_at_once: { value: 2, means: "writes of a customer that a process handles at once; more of them wait" },
  executions_at_once: { value: 8, means: "executions that a process handles at once as a customer asks; more wait" },
  operator_requests_per_second: {
    value: 200,
    means: "requests of an operator or a viewer in a second, over all replicas, in the long run",
  },
  operator_request_burst: { value: 1_000, means: "requests of an operator or a viewer at once" },
  link_requests_per_second: {
    value: 1,
    means: "requests with the link of one message in a second, over all replicas, in the long run",
  },
  link_request_burst: { value: 30, means: "requests with the link of one message at once" },
  links_opened_per_second: {
    value: 50,
    means: "links, of all messages and of none, that are opened for the first time in a second, over all replicas",
  },
  links_opened_burst: { value: 500, means: "links that are opened for the first time at once" },
  event_streams: { value: 1_000, means: "pages that listen to changes, of a process" },
  event_streams_per_caller: { value: 20, means: "pages of a caller that listen to changes" },
  connections: { value: 2_000, means: "connections of a process" },
  connections_per_peer: { value: 500, means: "connections of one address to a process" },
  connection_requests: { value: 10_000, means: "requests of a connection; then it is closed" },
  header_seconds: { value: 10, means: "seconds until the headers of a connection's first request have arrived" },
  idle_seconds: { value: 120, means: "seconds from an answer to the headers of the connection's next request" },
} as const satisfies Record<string, Declared>

/** The name of a bound, as `STINT_BOUNDS` and refusals have it. */
export type BoundName = keyof typeof declared

/** All bounds. */
export const boundNames = Object.keys(declared) as ReadonlyArray<BoundName>

/** What a bound bounds, in words. */
export const meaningOf = (name: BoundName): string => declared[name].means

/** A value for each bound. */
export type Values = Readonly<Record<BoundName, number>>

/** The values that hold where `STINT_BOUNDS` says nothing. */
export const defaults: Values = Object.fromEntries(
  boundNames.map((name) => [name, declared[name].value]),
) as unknown as Values

/** The bounds in force. `@stint/edge/Bounds` fills them from the setting; without it the defaults hold. */
export const Bounds = Context.Reference<Values>("stint/Bounds", { defaultValue: () => defaults })

const isName = (name: string): name is BoundName => Object.hasOwn(declared, name)

/** The setting `STINT_BOUNDS`: the defaults with its changes, or a sentence that says what is wrong with it. */
export const parseBounds = (setting: string): Result.Result<Values, string> => {
  const changed: Partial<Record<BoundName, number>> = {}
  for (const part of setting.split(",").map((text) => text.trim()).filter((text) => text !== "")) {
    const [, name, value] = /^(\w+)\s*=\s*(\d{1,10})$/.exec(part) ?? []
    if (name === undefined) {
      return Result.fail(
        `STINT_BOUNDS has "${part.slice(0, 80)}": it is a list of name=value, each value a whole number`,
      )
    }
    if (!isName(name)) {
      return Result.fail(
        `STINT_BOUNDS names ${name.slice(0, 80)}, which is no bound; bounds are ${boundNames.join(", ")}`,
      )
    }
    if (changed[name] !== undefined) return Result.fail(`STINT_BOUNDS names ${name} twice`)
    if (Number(value) < 1 || Number(value) > 1_000_000_000) {
      return Result.fail(`STINT_BOUNDS sets ${name} to ${value}: it must be a whole number from 1 to 1000000000`)
    }
    changed[name] = Number(value)
  }
  return Result.succeed({ ...defaults, ...changed })
}

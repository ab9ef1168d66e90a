/** Calls of the gateway: same origin, with the session's cookie and csrf value. Answers decode by the schemas of @stint/domain. */
import { AnyProblem, type FieldIssue } from "@stint/domain/Problem"
import { Schema } from "effect"

/** How long a call may take, in milliseconds. */
const DEADLINE_MS = 20_000

const decodeProblem = Schema.decodeUnknownSync(AnyProblem)
const decodeFaults = Schema.decodeUnknownSync(Schema.Struct({ missing: Schema.optionalKey(AnyProblem.fields.errors) }))

/** A call that failed: the problem that a service answered, or that it could not be reached (`code` unreachable). */
export class CallFailed extends Error {
  /** Stable, for decisions: a problem's code, or unreachable, or not_understood. */
  readonly code: string
  /** The status; 0 without an answer. */
  readonly status: number
  /** The faults of fields, by their JSON path. */
  readonly faults: ReadonlyArray<FieldIssue>

  constructor(code: string, status: number, message: string, faults: ReadonlyArray<FieldIssue> = []) {
    super(message)
    this.code = code
    this.status = status
    this.faults = faults
  }

  /** Whether to try again may help without another input. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** An error as a failed call. */
export const failureOf = (error: unknown): CallFailed =>
  error instanceof CallFailed ? error : new CallFailed("not_understood", 0, String(error))

const problemOf = (status: number, body: unknown): CallFailed => {
  try {
    const { code, detail, errors, title } = decodeProblem(body)
    const { missing } = decodeFaults(body)
    return new CallFailed(code, status, detail ?? title, errors ?? missing ?? [])
  } catch {
    return new CallFailed(
      "not_understood",
      status,
      `The server answered ${status} in a way that this page does not know.`,
    )
  }
}

let csrf = ""

/** Keeps the csrf value of GET /session for calls that change something. */
export const rememberCsrf = (value: string): void => {
  csrf = value
}

/** A query as it stands in the URL: what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

const urlOf = (path: string, query: Query = {}): string => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value))
  }
  return search.size === 0 ? path : `${path}?${search}`
}

/** What a call sends. */
export interface Sent {
  readonly query?: Query
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

const send = async (method: Method, path: string, { body, headers, query, signal }: Sent): Promise<Response> => {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  try {
    return await fetch(urlOf(path, query), {
      method,
      credentials: "same-origin",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(method === "GET" ? {} : { "x-stint-csrf": csrf }),
        ...headers,
      },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new CallFailed("unreachable", 0, "The server can't be reached.")
  }
}

/** A decoder of answers. Made once for each schema, outside of calls. */
export type Decoder<A> = (answer: unknown) => A

/** The decoder of a schema of @stint/domain. */
export const decoder = <A, E>(schema: Schema.Codec<A, E>): Decoder<A> => {
  const decode = Schema.decodeUnknownSync(schema)
  return (answer) => decode(answer)
}

/**
 * Calls a path of the gateway and decodes its answer. Fails with a CallFailed: a problem by its code, unreachable, or
 * not_understood where the answer is not what the contract says.
 */
export const call = async <A>(method: Method, path: string, decode: Decoder<A>, sent: Sent = {}): Promise<A> => {
  const response = await send(method, path, sent)
  const body: unknown = await response.json().catch((error: unknown) => {
    // nobody waits for the answer any more
    if (sent.signal?.aborted) throw error
    return undefined
  })
  if (!response.ok) throw problemOf(response.status, body)
  try {
    return decode(body)
  } catch (error) {
    console.warn(`${method} ${path}: ${error}`)
    throw new CallFailed("not_understood", response.status, "The server's answer is not what this page knows.")
  }
}

/** A new Idempotency-Key: sent with what must not happen twice; repeated with the same key, it happens once. */
export const idempotencyKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

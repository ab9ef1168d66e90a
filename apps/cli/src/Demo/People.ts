/** Who acts in the demo: people with tokens, who know nothing but urls, and read answers by the published contracts. */
import { AnyProblem } from "@stint/domain/Problem"
import { Schema } from "effect"
import { request } from "../Request.ts"
import type { ServiceName } from "../Stack/Settings.ts"
import { DemoError, sentenceOf } from "./DemoError.ts"

/** What a person sends: to which service, where to, with which body; a key makes it safe to repeat. */
export interface Sent {
  readonly to: ServiceName
  readonly path: string
  readonly method?: "GET" | "POST" | "PUT"
  readonly body?: unknown
  readonly key?: string
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly text: string
}

/** A person with a token. */
export interface Person {
  /** The name and the role, as the story has them. */
  readonly who: string
  readonly subject: string
  /** Sends, and takes any answer. Fails with a DemoError when none comes within 10 seconds. */
  sends(sent: Sent): Promise<Answer>
  /** Sends, and reads a 2xx by a contract's schema. Fails with a DemoError on any other answer. */
  asks<S extends Schema.ConstraintDecoder<unknown>>(schema: S, sent: Sent): Promise<S["Type"]>
}

const decodeProblem = Schema.decodeUnknownOption(AnyProblem)

/** A refusal's status and code; of an answer that is no problem the status alone. */
export const refusalOf = ({ body, status }: Answer): string => {
  const problem = decodeProblem(body)
  return problem._tag === "Some" ? `${status} ${problem.value.code}` : String(status)
}

/** A refusal in one line: status, code, what it says; of faults the first, with its path. */
export const sayRefusal = (answer: Answer): string => {
  const problem = decodeProblem(answer.body)
  if (problem._tag === "None") return `${answer.status} ${answer.text.slice(0, 200)}`
  const { detail, errors, title } = problem.value
  const faults = errors ?? faultsIn(answer.body)
  const what = faults.length > 0
    ? `${faults[0]?.path} ${faults[0]?.message}${faults.length > 1 ? `; and ${faults.length - 1} more` : ""}`
    // What begins with an id begins with capitals
    : (detail ?? title).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
  return `${refusalOf(answer)}: ${what}`
}

const Missing = Schema.Struct({ missing: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })) })
const decodeMissing = Schema.decodeUnknownOption(Missing)

/** The fields that a reply says are missing or wrong. */
export const faultsIn = (body: unknown) => {
  const found = decodeMissing(body)
  return found._tag === "Some" ? found.value.missing : []
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Makes a person. `signal` ends everything that is under way. */
export const person = (
  options: {
    readonly who: string
    readonly subject: string
    readonly token: string
    readonly urls: Readonly<Record<ServiceName, string>>
    readonly signal: AbortSignal
  },
): Person => {
  const { signal, subject, token, urls, who } = options
  const sends = async ({ body, key, method = "GET", path, to }: Sent): Promise<Answer> => {
    try {
      const response = await request({ body, key, method, token, url: `${urls[to]}/api/v1${path}` }, signal)
      const text = await response.text()
      return { status: response.status, body: json(text), text }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new DemoError(`${method} ${path} of ${to} was not answered: ${sentenceOf(error)}`)
    }
  }
  return {
    who,
    subject,
    sends,
    asks: async (schema, sent) => {
      const answer = await sends(sent)
      const call = `${sent.method ?? "GET"} ${sent.path} of ${sent.to}`
      if (answer.status < 200 || answer.status > 299) throw new DemoError(`${call} was refused: ${sayRefusal(answer)}`)
      try {
        return Schema.decodeUnknownSync(schema)(answer.body)
      } catch (error) {
        throw new DemoError(`${call} answered what its contract does not know: ${sentenceOf(error)}`)
      }
    },
  }
}

/** A command that calls the services: typed clients derived from their contracts, and how its answers are shown. */
import { Authorization } from "@stint/domain/Caller"
import { Cause, Effect, Exit, Layer, Option, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { type HttpApi, HttpApiClient, type HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import { type Flags, UsageError } from "../Command.ts"
import type { Io } from "../Io.ts"
import { document } from "../Show/Fields.ts"
import type { ServiceName } from "../Stack/Settings.ts"
import { type Context, contextOf } from "./Context.ts"
import { EXIT, Failed, failedBy, type Problem } from "./Failed.ts"
import { meanwhile } from "./Wait.ts"

/** An answer: decoded by the contract, and as it came. */
export interface Answer<A> {
  readonly value: A
  readonly body: unknown
  readonly etag: string | undefined
}

/** A call of a client that answers with what it decoded and the response. */
type Call<Groups extends HttpApiGroup.Constraint, A, E> = (
  client: HttpApiClient.Client<Groups>,
) => Effect.Effect<readonly [A, HttpClientResponse.HttpClientResponse], E>

/** What a call of the services works with. */
export interface Session {
  readonly io: Io
  readonly flags: Flags
  readonly operands: ReadonlyArray<string>
  readonly context: Context
  readonly isJson: boolean
  /** Calls a service. Rejected with a Failed when it refuses or can't be asked, with a UsageError when nothing can be sent. */
  ask<Id extends string, Groups extends HttpApiGroup.Constraint, A, E>(
    api: HttpApi.HttpApi<Id, Groups>,
    service: ServiceName,
    call: Call<Groups, A, E>,
    /** For how long the service is asked to wait, in milliseconds. */
    waitsMs?: number,
  ): Promise<Answer<A>>
  /** Prints an answer: its body with --json, else what `show` makes of it. */
  show<A>(answer: Answer<A>, show: (answer: Answer<A>) => void): void
}

/** How long a service may take for an answer, in milliseconds, beyond what it was asked to wait. */
const DEADLINE_MS = 15_000

/** Whether a call reached its service, so that a fault of encoding and one of decoding are told apart. */
interface Progress {
  sent: boolean
  body: unknown
}

const problemIn = (text: string, status: number): Problem => {
  try {
    const body = JSON.parse(text) as Partial<Problem>
    if (typeof body.code === "string" && typeof body.title === "string") return { ...body, status } as Problem
  } catch { /* no problem of ours */ }
  return { status, code: "no_problem", title: `It answers ${status}, and no problem of ours` }
}

/** A client that carries the token, and turns every refusal into a Failed, whether or not the contract knows it. */
const transformed = (token: string, deadlineMs: number, progress: Progress) => (client: HttpClient.HttpClient) =>
  client.pipe(
    HttpClient.mapRequest((request) => {
      progress.sent = true
      return HttpClientRequest.bearerToken(request, token)
    }),
    HttpClient.transform((answer) =>
      Effect.flatMap(answer, (response) =>
        Effect.flatMap(response.text, (text) => {
          if (response.status >= 400) {
            return Effect.fail(failedBy(problemIn(text, response.status), Number(response.headers["retry-after"]) || 1))
          }
          progress.body = text === "" ? undefined : JSON.parse(text)
          return Effect.succeed(response)
        })).pipe(
          Effect.timeoutOrElse({
            duration: deadlineMs,
            orElse: () => Effect.fail(new Failed(`No answer within ${deadlineMs / 1000} s.`, EXIT.failed)),
          }),
        )
    ),
  ) as unknown as HttpClient.HttpClient

/** What failed, as what a command throws. */
const thrown = (cause: Cause.Cause<unknown>, context: Context, service: ServiceName, { sent }: Progress): Error => {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  if (error instanceof Failed || error instanceof UsageError) return error
  if (Schema.isSchemaError(error) && !sent) {
    return new UsageError(`${error.message.split("\n")[0]!.replace(/\.$/, "")}.`)
  }
  if (HttpClientError.isHttpClientError(error) && error.reason._tag === "TransportError") {
    const place = `${service} does not answer at ${context.urlOf(service)}`
    return context.isLocal
      ? new Failed(`${place}: start it with stint start.`, EXIT.failed, {
        next: "stint doctor says what is in the way.",
      })
      : new Failed(`${place}.`, EXIT.failed, { next: `stint doctor --url ${context.urlOf(service)} says more.` })
  }
  if (Schema.isSchemaError(error) || HttpClientError.isHttpClientError(error)) {
    return new Failed(`${service} answers what this stint does not understand.`, EXIT.failed, {
      next: "Is it of the same version? stint --version says this one.",
    })
  }
  return error instanceof Error ? error : new Error(String(error))
}

const authorized = HttpApiMiddleware.layerClient(Authorization, ({ next, request }) => next(request))

/** Calls a service once. */
const asked = async <Id extends string, Groups extends HttpApiGroup.Constraint, A, E>(
  { context, io }: Pick<Session, "context" | "io">,
  api: HttpApi.HttpApi<Id, Groups>,
  service: ServiceName,
  call: Call<Groups, A, E>,
  waitsMs: number,
): Promise<Answer<A>> => {
  const progress: Progress = { sent: false, body: undefined }
  const client = HttpApiClient.make(api, {
    baseUrl: context.urlOf(service),
    transformClient: transformed(await context.token(), DEADLINE_MS + waitsMs, progress),
  }).pipe(Effect.provide(Layer.mergeAll(authorized, FetchHttpClient.layer))) as Effect.Effect<
    Parameters<typeof call>[0]
  >
  const exit = await Effect.runPromiseExit(
    Effect.provideService(Effect.flatMap(client, call), FetchHttpClient.Fetch, io.fetch),
  )
  if (Exit.isFailure(exit)) throw thrown(exit.cause, context, service, progress)
  const [value, { headers }] = exit.value
  return { value, body: progress.body, etag: headers.etag }
}

/** How often a call is made that a rate refused: nobody looked at it, so a repetition is safe. */
const TURNS = 5

/** Waits as long as the rate says, and calls again. */
const inTurn = async <A>({ io }: Pick<Session, "io">, call: () => Promise<A>): Promise<A> => {
  for (let turn = 1;; turn++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof Failed) || error.retryAfter === undefined || turn === TURNS) throw error
      await io.pause(error.retryAfter * 1000)
    }
  }
}

/** The session of a command: reads whom to ask. Fails with a UsageError or a LauncherError. */
export const sessionOf = async (flags: Flags, io: Io, operands: ReadonlyArray<string>): Promise<Session> => {
  const site = { io, context: await contextOf(io.env, flags) }
  const isJson = flags.json === true
  return {
    ...site,
    flags,
    operands,
    isJson,
    ask: (api, service, call, waitsMs = 0) => {
      const answer = inTurn(site, () => asked(site, api, service, call, waitsMs))
      // Who is asked to wait has words of its own for it
      return waitsMs > 0 ? answer : meanwhile(io, `Waiting for ${service},`, answer)
    },
    show: (answer, show) => isJson ? document(io, answer.body) : show(answer),
  }
}

/** The response mode of every call: the value and the response. */
export const whole = { responseMode: "decoded-and-response" } as const

/** Under an Idempotency-Key of its own, so that nothing is done twice should a proxy send it again. */
export const keyed = () => ({ headers: { "idempotency-key": crypto.randomUUID() }, ...whole })

/** What was given, without what was not. */
export const only = <T extends Readonly<Record<string, unknown>>>(
  given: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** A word of the command line as the contract has it; undefined stays so. Fails with a UsageError that names it. */
export const given = <S extends Schema.Codec<unknown, unknown>>(
  schema: S,
  name: string,
  text: unknown,
): S["Type"] | undefined => {
  if (text === undefined) return undefined
  const exit = Schema.decodeUnknownExit(schema)(text)
  if (Exit.isSuccess(exit)) return exit.value
  const words = String((Cause.squash(exit.cause) as Error).message).split("\n")[0]!.replace(/\.$/, "")
  throw new UsageError(`${name} ${JSON.stringify(text)}: ${words}.`)
}

/** The same of what has to be there. */
export const required = <S extends Schema.Codec<unknown, unknown>>(
  schema: S,
  name: string,
  text: unknown,
): S["Type"] => {
  if (text === undefined) throw new UsageError(`Say ${name}.`)
  return given(schema, name, text) as S["Type"]
}

/** A whole number of a flag. Fails with a UsageError. */
export const numberOf = (flags: Flags, name: string, least: number, most: number): number | undefined => {
  const text = flags[name]
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(String(text)) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} must be a whole number, ${least} to ${most}.`)
}

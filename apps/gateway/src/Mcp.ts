/** MCP at the front door: agents of a customer's own read its inbox and propose, with the rights of their token. */
import { NotFound, type Unauthorized, type Unavailable } from "@stint/domain/Problem"
import { Verifier } from "@stint/edge/Auth"
import { version } from "@stint/edge/Version"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Changes } from "./Changes.ts"
import { explained, refusalOf } from "./Mcp/Policy.ts"
import { Refused } from "./Mcp/Refused.ts"
import { SESSION, sessionsOf } from "./Mcp/Sessions.ts"
import type { Arguments, Call, ToolSpec } from "./Mcp/Tools.ts"
import { Upstreams } from "./Upstreams.ts"

const Answer = Schema.Record(Schema.String, Schema.Json)
const decodeAnswer = Schema.decodeUnknownOption(Answer)

/** One that ended and another caller's can't be told apart. */
const noSession = new NotFound({ detail: "There is no such session; begin another" })

/** The MCP server. */
export class Mcp extends Context.Service<Mcp, {
  /**
   * The answer to a message of a client, whose body is JSON. Unauthorized: the token does not hold. NotFound: the session is
   * another caller's.
   */
  answer(request: Request, token: string): Effect.Effect<Response, Unauthorized | Unavailable | NotFound>
}>()("gateway/Mcp") {
  static readonly layer = Layer.effect(
    Mcp,
    Effect.gen(function* () {
      const upstreams = yield* Upstreams
      const changes = yield* Changes
      const verifier = yield* Verifier
      /** What a tool call needs of the request that it came with. */
      const tokens = new WeakMap<Request, { readonly token: string; readonly context: Context.Context<never> }>()

      const send = Effect.fnUntraced(function* (
        token: string,
        { body, method, path, service }: Call,
        /** The tag of what was read before: only that is written to. */
        tag: string | null = null,
      ) {
        const request = new Request(new URL(path, "http://front-door"), {
          method,
          headers: {
            accept: "application/json",
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            // a proposal is one however often its connection is tried
            ...(method === "GET" ? {} : { "idempotency-key": crypto.randomUUID() }),
            ...(tag === null ? {} : { "if-match": tag }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const answer = yield* upstreams.pass(service, request, token).pipe(
          Effect.mapError(({ detail, title }) => new Refused({ message: `${title}: ${detail ?? ""}` })),
        )
        const json = Option.getOrElse(
          decodeAnswer(yield* Effect.tryPromise(() => answer.json()).pipe(Effect.orElseSucceed(() => undefined))),
          () => ({}),
        )
        return answer.ok
          ? { json, tag: answer.headers.get("etag") }
          : yield* new Refused({ message: refusalOf(answer.status, json) })
      })

      const ask = Effect.fn("Mcp.ask")(function* (source: Request, spec: ToolSpec, given: Arguments) {
        const known = tokens.get(source)
        if (known === undefined) return yield* new Refused({ message: "The request is over" })
        const { context, token } = known
        return yield* Effect.gen(function* () {
          const first = spec.first === undefined ? undefined : yield* send(token, spec.first.call(given))
          const fault = first === undefined ? undefined : spec.first?.fault(first.json)
          if (fault !== undefined) return yield* new Refused({ message: fault })
          const call = spec.call(given)
          // an approval that is given in between stays: what it was judged by is no longer there
          const { json } = yield* send(token, call, first?.tag)
          if (spec.proposes !== undefined) yield* changes.wrote(token, call.service, spec.proposes)
          return json
        }).pipe(Effect.provideContext(context))
      })

      // its modules are loaded for the first who asks: most front doors never do
      const handler = yield* Effect.cached(Effect.promise(async () => {
        const { mcpHandler } = await import("./Mcp/Server.ts")
        return mcpHandler(ask, version)
      }))

      const sessions = sessionsOf((id) =>
        void Effect.runFork(
          Effect.flatMap(handler, (answer) =>
            Effect.promise(() =>
              answer(new Request("http://front-door/mcp", { method: "DELETE", headers: { [SESSION]: id } }))
            )),
        )
      )

      return Mcp.of({
        answer: Effect.fn("Mcp.answer")(function* (request, token) {
          const { caller } = yield* verifier.verify(token)
          const who = JSON.stringify(caller)
          const session = request.headers.get(SESSION)
          if (session !== null && !sessions.mayUse(session, who)) {
            return yield* noSession
          }
          const answer = yield* handler
          tokens.set(request, { token, context: yield* Effect.context<never>() })
          const response = yield* Effect.promise(async () => explained(request, await answer(request)))
          if (session !== null && response.status === 404 && response.headers.get("content-type") === null) {
            return yield* noSession
          }
          const made = response.headers.get(SESSION)
          if (made !== null && response.ok) sessions.used(made, who)
          else if (session !== null && request.method === "DELETE" && response.ok) sessions.ended(session)
          else if (session !== null && response.ok) sessions.used(session, who)
          return response
        }),
      })
    }),
  )
}

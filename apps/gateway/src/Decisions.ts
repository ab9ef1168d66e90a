/**
 * The links of messages: a link's token moves from the address into a cookie of its draft's own path, where no log, history or
 * other site sees it. Looking decides nothing; a form of our own page does (domain.md, "Notifications").
 */
import { LinkView } from "@stint/domain/deliverables/DecisionLinks"
import { CsrfRefused } from "@stint/domain/gateway/Sessions"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Origin } from "./Origin.ts"
import { isSameOrigin } from "./Sessions/Csrf.ts"
import { textOf } from "./Sessions/Cookies.ts"
import { Upstreams } from "./Upstreams.ts"

/** How long the cookie is kept, in seconds: a link is good for a day. */
const KEPT = 86_400

const isToken = (text: string | null): text is string => text !== null && /^[A-Za-z0-9_-]{43}$/.test(text)

/** The path of a draft's decision, below which its cookie is sent. */
export const pathOfDecision = (id: string): string => `/session/decision/${encodeURIComponent(id)}`

/** The headers of a request, by their names in lower case. */
type Headers = Readonly<Record<string, string | undefined>>

/** What a form sends, as it came. */
export interface Asked {
  readonly decision: string | null
  readonly notes: string | null
  readonly content_sha256: string | null
  readonly revision: string | null
}

/** A refusal, in words for a page. */
export interface Refused {
  readonly status: number
  readonly title: string
  readonly detail: string
}

const Problem = Schema.Struct({ title: Schema.String, detail: Schema.optionalKey(Schema.String) })
const decodeProblem = Schema.decodeUnknownOption(Problem)
const decodeView = Schema.decodeUnknownOption(Schema.toCodecJson(LinkView))

const gone: Refused = {
  status: 401,
  title: "That link decides nothing any more",
  detail: "Open the link of the message again, or sign in to decide.",
}

/** The decisions of links. */
export class Decisions extends Context.Service<Decisions, {
  /** Where a browser goes with the token of a link, and the cookie that keeps it; undefined for what is no token. */
  enter(id: string, token: string | null): { readonly to: string; readonly cookie: string } | undefined
  /** The draft of a request's link. */
  view(id: string, headers: Headers): Effect.Effect<LinkView, Refused>
  /** Decides. CsrfRefused: no page of ours asked for it. */
  decide(id: string, headers: Headers, asked: Asked): Effect.Effect<void, Refused | CsrfRefused>
}>()("gateway/Decisions") {
  static readonly layer = Layer.effect(
    Decisions,
    Effect.gen(function* () {
      const origin = yield* Origin
      const upstreams = yield* Upstreams
      const name = `${origin.cookie.replace("__Host-", "")}-decision`

      const ask = (path: "view" | "decide", body: object) =>
        Effect.flatMap(upstreams.post("deliverables", `/api/v1/decision-links/${path}`, body), ({ json, status }) => {
          if (status === 200) return Effect.succeed(json)
          const problem = Option.getOrUndefined(decodeProblem(json))
          return Effect.fail<Refused>(
            status === 401 || problem === undefined
              ? { ...gone, status }
              : { status, title: problem.title, detail: problem.detail ?? "" },
          )
        }).pipe(
          Effect.catchTag(
            "Unavailable",
            () =>
              Effect.fail<Refused>({ status: 503, title: "It can't be shown now", detail: "Try again in a moment." }),
          ),
        )

      const tokenOf = (headers: Headers) => {
        const token = textOf(headers.cookie, name)
        return isToken(token ?? null) ? Effect.succeed(token!) : Effect.fail(gone)
      }

      /** The draft of the token, which is that of the path. */
      const view = Effect.fn("Decisions.view")(function* (id: string, headers: Headers) {
        const json = yield* ask("view", { token: yield* tokenOf(headers) })
        const found = decodeView(json)
        return Option.isSome(found) && found.value.deliverable.deliverable_id === id
          ? found.value
          : yield* Effect.fail(gone)
      })

      return Decisions.of({
        enter: (id, token) =>
          isToken(token)
            ? {
              to: pathOfDecision(id),
              cookie: `${name}=${token}; Path=${pathOfDecision(id)}; Max-Age=${KEPT}; HttpOnly; SameSite=Lax${
                origin.isSecure ? "; Secure" : ""
              }`,
            }
            : undefined,
        view,
        decide: Effect.fn("Decisions.decide")(function* (id, headers, asked) {
          if (isSameOrigin(headers, origin.isOurs) !== true) {
            return yield* new CsrfRefused({
              detail: "Origin or Sec-Fetch-Site must show that the page is of this origin",
            })
          }
          // also for the path: a token of another draft decides nothing here
          yield* view(id, headers)
          const notes = asked.notes?.trim() ?? ""
          yield* ask("decide", {
            token: yield* tokenOf(headers),
            decision: asked.decision,
            content_sha256: asked.content_sha256,
            ...(asked.revision === null ? {} : { revision: Number(asked.revision) }),
            ...(notes === "" ? {} : { notes }),
          })
        }),
      })
    }),
  )
}

/**
 * Sessions of browsers. All of a session is in its sealed cookie: a restart or another replica knows it too. Its token goes
 * to the services, never to the page.
 */
import { CsrfRefused, PersonRole, type SessionView, type Way, WayNotFound } from "@stint/domain/gateway/Sessions"
import { NotFound, type Unavailable } from "@stint/domain/Problem"
import { Verifier } from "@stint/edge/Auth"
import { Facts } from "@stint/edge/RequestContext"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Origin } from "./Origin.ts"
import { linesOf, textOf } from "./Sessions/Cookies.ts"
import { csrfFault } from "./Sessions/Csrf.ts"
import { Local } from "./Sessions/Local.ts"
import { Seal } from "./Sessions/Seal.ts"

/** What a cookie holds. Instants are epoch seconds. */
const Session = Schema.Struct({
  csrf: Schema.String,
  /** Absent: nobody is signed in. */
  token: Schema.optionalKey(Schema.String),
  /** When the session ends, whatever is done in it. */
  until: Schema.Int,
})
export type Session = typeof Session.Type

/** A request as it comes: its method, and its headers by their names in lower case. */
export interface Asked {
  readonly method: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** How long the session of somebody who did not sign in lasts, in seconds. */
const ANONYMOUS = 12 * 3_600

/** Whom a local stack signs in who names nobody: the sample customer, else somebody named like the role. */
const localSubject = (role: PersonRole): string => role === "customer" ? "sample-customer" : role

const decodeSession = Schema.decodeUnknownOption(Session)
const isPerson = Schema.is(PersonRole)

const seconds = () => Math.floor(Date.now() / 1000)

/** The sessions. */
export class Sessions extends Context.Service<Sessions, {
  /** Who is signed in. Makes a session where there is none. */
  view(request: Asked): Effect.Effect<SessionView, NotFound>
  /** The token of the request's session; none when nobody is signed in. CsrfRefused: its page did not make the request. */
  token(request: Asked): Effect.Effect<Option.Option<string>, CsrfRefused>
  /** Signs in on a local stack. */
  local(
    request: Asked,
    who: { readonly role: PersonRole; readonly subject?: string },
  ): Effect.Effect<SessionView, CsrfRefused | NotFound | WayNotFound | Unavailable>
  /** Signs out. */
  end(request: Asked): Effect.Effect<SessionView, CsrfRefused | NotFound>
}>()("gateway/Sessions") {
  static readonly layer = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const origin = yield* Origin
      const seal = yield* Seal
      const verifier = yield* Verifier
      const { sign } = yield* Local
      const ways: ReadonlyArray<Way> = Option.isSome(sign) ? [{ kind: "local", roles: PersonRole.literals }] : []

      const stored = Effect.fnUntraced(function* ({ headers }: Asked) {
        const text = textOf(headers.cookie, origin.cookie)
        if (text === undefined) return Option.none<Session>()
        return Option.flatMap(yield* seal.open("session", text), decodeSession)
      })

      const keep = Effect.fnUntraced(function* ({ headers }: Asked, session: Session) {
        const text = yield* seal.close("session", session, session.until)
        const facts = yield* Facts
        if (facts === undefined) return
        const keeping = { isSecure: origin.isSecure, maxAge: session.until - seconds() }
        facts.cookies = linesOf(origin.cookie, text, keeping, headers.cookie)
      })

      const anonymous = (): Session => ({ csrf: crypto.randomUUID(), until: seconds() + ANONYMOUS })

      /** What is asked of the front door under a name that is not its own: another site may have that name. */
      const own = ({ headers }: Asked) =>
        origin.of(headers) === undefined
          ? Effect.fail(
            new NotFound({ detail: "There is no session under this Host; STINT_PUBLIC_URL says which is ours" }),
          )
          : Effect.void

      const guarded = Effect.fnUntraced(function* (request: Asked, session: { readonly csrf: string }) {
        const fault = csrfFault(request, session, origin.isOurs)
        if (fault !== undefined) return yield* new CsrfRefused({ detail: fault })
      })

      const userOf = Effect.fnUntraced(function* ({ token }: Session) {
        if (token === undefined) return null
        const claims = yield* Effect.option(verifier.verify(token))
        if (Option.isNone(claims) || !isPerson(claims.value.caller.role)) return null
        const { caller: { role, subject }, exp } = claims.value
        return {
          subject,
          role,
          ...(role === "customer" ? { customer_id: subject } : {}),
          expires_at: DateTime.makeUnsafe(exp * 1000),
        }
      })

      const shown = Effect.fnUntraced(function* (session: Session) {
        return { user: yield* userOf(session), ways, csrf: session.csrf }
      })

      const begin = Effect.fnUntraced(function* (request: Asked, session: Session) {
        yield* keep(request, session)
        return yield* shown(session)
      })

      return Sessions.of({
        view: Effect.fn("Sessions.view")(function* (request) {
          yield* own(request)
          const session = yield* stored(request)
          return Option.isSome(session) ? yield* shown(session.value) : yield* begin(request, anonymous())
        }),
        token: Effect.fn("Sessions.token")(function* (request) {
          const session = yield* stored(request)
          if (Option.isNone(session) || session.value.token === undefined) return Option.none()
          yield* guarded(request, session.value)
          return Option.some(session.value.token)
        }),
        local: Effect.fn("Sessions.local")(function* (request, { role, subject = localSubject(role) }) {
          yield* own(request)
          yield* guarded(request, Option.getOrElse(yield* stored(request), anonymous))
          if (Option.isNone(sign)) return yield* new WayNotFound({ detail: "This is no local stack" })
          const token = yield* sign.value(role, subject)
          const { exp } = yield* Effect.orDie(verifier.verify(token))
          return yield* begin(request, { csrf: crypto.randomUUID(), token, until: exp })
        }),
        end: Effect.fn("Sessions.end")(function* (request) {
          yield* own(request)
          yield* guarded(request, Option.getOrElse(yield* stored(request), anonymous))
          return yield* begin(request, anonymous())
        }),
      })
    }),
  ).pipe(Layer.provide([Seal.layer, Local.layer, Verifier.layer("gateway")]))
}

/**
 * Sessions of browsers. All of a session is in its sealed cookie: a restart or another replica knows it too. Its token goes
 * to the services, never to the page.
 */
import {
  CsrfRefused,
  PersonRole,
  type SessionView,
  type SignInCode,
  SignInRefused,
  type Way,
  WayNotFound,
} from "@stint/domain/gateway/Sessions"
import { InvalidRequest, NotFound, Unauthorized, type Unavailable } from "@stint/domain/Problem"
import { Verifier } from "@stint/edge/Auth"
import { whole } from "@stint/edge/Refusal"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Origin } from "./Origin.ts"
import { Codes } from "./Sessions/Codes.ts"
import { csrfFault } from "./Sessions/Csrf.ts"
import { Local, type Who } from "./Sessions/Local.ts"
import { Oidc, type Tokens } from "./Sessions/Oidc.ts"
import { isDue, localPeople, localSubject, safePath, userOf } from "./Sessions/Policy.ts"
import { makeRefresh } from "./Sessions/Refresh.ts"
import { anonymous, type Asked, seconds, type Session, Stored } from "./Sessions/Stored.ts"

/** A browser that came to sign in goes on to a path of this origin, or to the provider. */
export type Onward = string

const isPerson = Schema.is(PersonRole)

/** How a sign-in ended that did not sign in, as the page is told: `/?sign_in=denied`. */
export type SignInFailure = "denied" | "expired" | "refused" | "unavailable"

const failedSignIn = (why: SignInFailure): Onward => `/?sign_in=${why}`

/** The sessions. */
export class Sessions extends Context.Service<Sessions, {
  /** Who is signed in. Makes a session where there is none. */
  view(request: Asked): Effect.Effect<SessionView, NotFound>
  /**
   * The token of the request's session, a new one where it ends soon; none when nobody is signed in. CsrfRefused: its page
   * did not make the request. Unavailable: it has ended, and the provider does not answer.
   */
  token(request: Asked): Effect.Effect<Option.Option<string>, CsrfRefused | Unavailable>
  /** Signs in on a local stack. */
  local(
    request: Asked,
    who: Omit<Who, "subject"> & { readonly subject?: string },
  ): Effect.Effect<SessionView, CsrfRefused | NotFound | WayNotFound | InvalidRequest | Unavailable>
  /** Begins a sign-in at the OIDC provider: where the browser goes. */
  begin(request: Asked, returnTo: string | undefined): Effect.Effect<Onward, NotFound | WayNotFound>
  /** Ends it, as the browser comes back at `path` with a query. */
  finish(request: Asked, path: string): Effect.Effect<Onward, NotFound | WayNotFound>
  /** A code for the session of a token. */
  code(
    request: Asked,
    token: string,
    returnTo: string | undefined,
  ): Effect.Effect<SignInCode, NotFound | Unauthorized | SignInRefused | Unavailable>
  /** Signs in by a code: where the browser goes. */
  open(request: Asked, code: string, returnTo: string | undefined): Effect.Effect<Onward, NotFound>
  /** Signs out. */
  end(request: Asked): Effect.Effect<SessionView, CsrfRefused | NotFound>
}>()("gateway/Sessions") {
  /** How long a session lasts is `STINT_SESSION_SECONDS`, by default 12 hours. */
  static readonly layer = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const origin = yield* Origin
      const stored = yield* Stored
      const verifier = yield* Verifier
      const codes = yield* Codes
      const { sign } = yield* Local
      const { provider } = yield* Oidc
      const lasts = yield* whole("STINT_SESSION_SECONDS", 60, 2_592_000, 43_200, "seconds")
      const ways: ReadonlyArray<Way> = [
        ...(Option.isSome(sign) ? [{ kind: "local" as const, roles: PersonRole.literals, people: localPeople }] : []),
        ...(Option.isSome(provider) ? [{ kind: "oidc" as const, title: provider.value.title }] : []),
      ]

      /** What is asked of the front door under a name that is not its own: another site may have that name. */
      const own = Effect.fnUntraced(function* ({ headers }: Asked) {
        const found = origin.of(headers)
        const detail = "There are no sessions under this Host; STINT_PUBLIC_URL says which is the front door's"
        return found ?? (yield* new NotFound({ detail }))
      })

      const guarded = Effect.fnUntraced(function* (request: Asked, session: Session) {
        const fault = csrfFault(request, session, origin.isOurs)
        if (fault !== undefined) return yield* new CsrfRefused({ detail: fault })
      })

      const shown = Effect.fnUntraced(function* (session: Session) {
        const { csrf, token } = session
        const claims = token === undefined ? Option.none() : yield* Effect.option(verifier.verify(token.text))
        if (Option.isNone(claims) || !isPerson(claims.value.caller.role)) return { user: null, ways, csrf }
        return { user: userOf(session, { ...claims.value.caller, role: claims.value.caller.role }), ways, csrf }
      })

      const start = Effect.fnUntraced(function* (request: Asked, session: Session) {
        yield* stored.keep(request, session)
        return yield* shown(session)
      })

      /** The session of the first of the tokens that services take and that is a person's. */
      const sessionOf = Effect.fnUntraced(function* ({ candidates, refresh }: Tokens, until: number) {
        for (const text of candidates) {
          const claims = yield* Effect.option(verifier.verify(text))
          if (Option.isNone(claims) || !isPerson(claims.value.caller.role)) continue
          const session: Session = {
            csrf: crypto.randomUUID(),
            token: { text, exp: claims.value.exp },
            ...(refresh === undefined ? {} : { refresh }),
            until: refresh === undefined ? Math.min(until, claims.value.exp) : until,
          }
          return Option.some(session)
        }
        return Option.none<Session>()
      })

      const refreshed = makeRefresh(provider, (tokens, until) => sessionOf(tokens, until))

      /** The session of a request, with a token that still holds. One that the provider ended is none. */
      const current = Effect.fnUntraced(function* (request: Asked) {
        const session = yield* stored.session(request)
        if (Option.isNone(session) || !isDue(session.value, seconds())) return session
        const next = yield* refreshed(session.value)
        if (Option.isSome(next)) yield* stored.keep(request, next.value)
        return next
      })

      /** Keeps the session of a sign-in: where the browser goes. */
      const enter = Effect.fnUntraced(function* (request: Asked, tokens: Tokens, returnTo: string) {
        const session = yield* sessionOf(tokens, seconds() + lasts)
        if (Option.isSome(session) && (yield* stored.keep(request, session.value))) return returnTo
        yield* Effect.logWarning(
          Option.isSome(session)
            ? "a sign-in gave tokens that are too large for a browser's cookies"
            : "a sign-in gave no token that the services take: check its audience, its role and STINT_JWKS_URL",
        )
        return failedSignIn("refused")
      })

      return Sessions.of({
        view: Effect.fn("Sessions.view")(function* (request) {
          yield* own(request)
          // the provider may be back for the next who asks: the session stays, and shows nobody meanwhile
          const session = yield* Effect.catch(current(request), () => stored.session(request))
          return Option.isSome(session) ? yield* shown(session.value) : yield* start(request, anonymous())
        }),
        token: Effect.fn("Sessions.token")(function* (request) {
          const before = yield* stored.session(request)
          if (Option.isNone(before) || before.value.token === undefined) return Option.none()
          yield* guarded(request, before.value)
          return Option.flatMap(yield* current(request), ({ token }) => Option.fromUndefinedOr(token?.text))
        }),
        local: Effect.fn("Sessions.local")(function* (request, { subject, ...who }) {
          yield* own(request)
          yield* guarded(request, Option.getOrElse(yield* stored.session(request), anonymous))
          if (Option.isNone(sign)) return yield* new WayNotFound({ detail: "This is no local stack" })
          const text = yield* sign.value({ subject: subject ?? localSubject(who.role), ...who })
          // the body is decoded, so what is refused is whom it names
          const { exp } = yield* Effect.catchTag(
            verifier.verify(text),
            "Unauthorized",
            ({ detail = "" }) =>
              new InvalidRequest({ detail, errors: [{ path: "$", message: "is nobody who can have a token" }] }),
          )
          const until = Math.min(exp, seconds() + lasts)
          return yield* start(request, { csrf: crypto.randomUUID(), token: { text, exp }, until })
        }),
        begin: Effect.fn("Sessions.begin")(function* (request, returnTo) {
          const here = yield* own(request)
          if (Option.isNone(provider)) return yield* new WayNotFound({ detail: "There is no OIDC provider" })
          const begun = yield* Effect.option(provider.value.begin(`${here}/session/oidc/callback`))
          if (Option.isNone(begun)) return failedSignIn("unavailable")
          const { url, ...signIn } = begun.value
          yield* stored.keepSignIn(request, { ...signIn, return_to: safePath(returnTo) })
          return url.href
        }),
        finish: Effect.fn("Sessions.finish")(function* (request, path) {
          const here = yield* own(request)
          if (Option.isNone(provider)) return yield* new WayNotFound({ detail: "There is no OIDC provider" })
          const signIn = yield* stored.takeSignIn(request)
          if (Option.isNone(signIn)) return failedSignIn("expired")
          return yield* provider.value.finish(new URL(path, here), signIn.value).pipe(
            Effect.flatMap((tokens) => enter(request, tokens, signIn.value.return_to)),
            Effect.catchTags({
              Unavailable: () => Effect.succeed(failedSignIn("unavailable")),
              Refused: ({ code }) =>
                Effect.as(
                  Effect.logInfo(`a sign-in was refused: ${code}`),
                  failedSignIn(code === "access_denied" ? "denied" : "refused"),
                ),
            }),
          )
        }),
        code: Effect.fn("Sessions.code")(function* (request, token, returnTo) {
          const { caller } = yield* verifier.verify(token)
          if (!isPerson(caller.role)) return yield* new SignInRefused({ detail: "A browser is never a service" })
          const { code, until } = yield* codes.make(token)
          const query = new URLSearchParams({
            code,
            ...(returnTo === undefined ? {} : { return_to: safePath(returnTo) }),
          })
          return {
            url: `${origin.of(request.headers) ?? origin.first}/session/open?${query}`,
            expires_at: DateTime.makeUnsafe(until),
          }
        }),
        open: Effect.fn("Sessions.open")(function* (request, code, returnTo) {
          yield* own(request)
          // a link of another site would sign this browser in as somebody else
          const site = request.headers["sec-fetch-site"]
          const token = site === undefined || site === "none" ? yield* codes.take(code) : Option.none()
          if (Option.isNone(token)) return failedSignIn("expired")
          return yield* enter(request, { candidates: [token.value], refresh: undefined }, safePath(returnTo))
        }),
        end: Effect.fn("Sessions.end")(function* (request) {
          yield* own(request)
          const session = yield* stored.session(request)
          yield* guarded(request, Option.getOrElse(session, anonymous))
          const refresh = Option.getOrUndefined(session)?.refresh
          if (refresh !== undefined && Option.isSome(provider)) {
            yield* Effect.forkDetach(provider.value.revoke(refresh))
          }
          return yield* start(request, anonymous())
        }),
      })
    }),
  ).pipe(Layer.provide([Stored.layer, Local.layer, Oidc.layer, Codes.layer]))
}

/** New tokens for a session whose token ends soon. */
import type { Unavailable } from "@stint/domain/Problem"
import { Deferred, Effect, Option } from "effect"
import type { Provider, Tokens } from "./Oidc.ts"
import { seconds, type Session } from "./Stored.ts"

/**
 * How long the outcome is kept, in milliseconds: requests that a page sent together have the old cookie, and a provider takes
 * the old refresh token for a stolen one when it comes again.
 */
const KEPT_MS = 60_000

type Outcome = Deferred.Deferred<Option.Option<Session>, Unavailable>

/**
 * The session with new tokens; none when the provider ended it; itself while the provider is away and its token still
 * holds. Each refresh token is used once in this process, however many requests have it.
 */
export const makeRefresh = (
  provider: Option.Option<Provider>,
  sessionOf: (tokens: Tokens, until: number) => Effect.Effect<Option.Option<Session>>,
) => {
  const outcomes = new Map<string, { readonly outcome: Outcome; readonly at: number }>()

  const forget = () => {
    for (const [token, { at }] of outcomes) {
      if (Date.now() - at < KEPT_MS) return
      outcomes.delete(token)
    }
  }

  const ask = Effect.fnUntraced(function* ({ refresh = "", csrf, until }: Session) {
    if (Option.isNone(provider)) return Option.none()
    const tokens = yield* provider.value.refresh(refresh)
    const next = yield* sessionOf({ ...tokens, refresh: tokens.refresh ?? refresh }, until)
    // the page that is open goes on with the value that it has
    return Option.map(next, (session): Session => ({ ...session, csrf }))
  })

  const once = Effect.fnUntraced(function* (session: Session) {
    forget()
    const known = outcomes.get(session.refresh!)
    if (known !== undefined) return yield* Deferred.await(known.outcome)
    const outcome: Outcome = yield* Deferred.make<Option.Option<Session>, Unavailable>()
    outcomes.set(session.refresh!, { outcome, at: Date.now() })
    // detached: who asked first may go away, and the others wait for this
    yield* ask(session).pipe(
      Effect.catchTag(
        "Refused",
        ({ code }) => Effect.as(Effect.logInfo(`a session was ended by its provider: ${code}`), Option.none()),
      ),
      Effect.tapError(() => Effect.sync(() => outcomes.delete(session.refresh!))),
      Effect.exit,
      Effect.flatMap((exit) => Deferred.done(outcome, exit)),
      Effect.forkDetach,
    )
    return yield* Deferred.await(outcome)
  })

  return (session: Session): Effect.Effect<Option.Option<Session>, Unavailable> =>
    Effect.catch(
      once(session),
      (unavailable) =>
        session.token !== undefined && session.token.exp > seconds()
          ? Effect.succeed(Option.some(session))
          : Effect.fail(unavailable),
    )
}

/** A session as its cookie has it. */
import { Facts } from "@stint/edge/RequestContext"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Origin } from "../Origin.ts"
import { linesOf, LONGEST, textOf } from "./Cookies.ts"
import { Seal } from "./Seal.ts"

/** What the cookie of a session holds. Instants are epoch seconds. */
export const Session = Schema.Struct({
  csrf: Schema.String,
  /** Absent: nobody is signed in. `exp` is its own. */
  token: Schema.optionalKey(Schema.Struct({ text: Schema.String, exp: Schema.Int })),
  /** Gets the next token at the OIDC provider. */
  refresh: Schema.optionalKey(Schema.String),
  /** When the session ends, whatever is done in it. */
  until: Schema.Int,
})
export type Session = typeof Session.Type

/** A sign-in at the OIDC provider, while the browser is there. */
export const SignIn = Schema.Struct({
  state: Schema.String,
  nonce: Schema.String,
  verifier: Schema.String,
  return_to: Schema.String,
})
export type SignIn = typeof SignIn.Type

/** A request as it comes: its method, and its headers by their names in lower case. */
export interface Asked {
  readonly method: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** How long the session of somebody who did not sign in lasts, and a sign-in, in seconds. */
const ANONYMOUS = 12 * 3_600
const SIGN_IN = 600

/** Now, in epoch seconds. */
export const seconds = (): number => Math.floor(Date.now() / 1000)

/** A new session in which nobody is signed in. */
export const anonymous = (): Session => ({ csrf: crypto.randomUUID(), until: seconds() + ANONYMOUS })

const decodeSession = Schema.decodeUnknownOption(Session)
const decodeSignIn = Schema.decodeUnknownOption(SignIn)

/** What browsers keep for the front door. */
export class Stored extends Context.Service<Stored, {
  /** The session of a request's cookie, while it lasts. */
  session(request: Asked): Effect.Effect<Option.Option<Session>>
  /** Sets the cookie of a session with the answer; false when it is too large for a browser. */
  keep(request: Asked, session: Session): Effect.Effect<boolean>
  /** The sign-in that the browser began. It is forgotten with the answer. */
  takeSignIn(request: Asked): Effect.Effect<Option.Option<SignIn>>
  keepSignIn(request: Asked, signIn: SignIn): Effect.Effect<void>
}>()("gateway/Stored") {
  static readonly layer = Layer.effect(
    Stored,
    Effect.gen(function* () {
      const { cookie, isSecure } = yield* Origin
      const seal = yield* Seal
      const signInCookie = `${cookie}-in`

      const set = Effect.fnUntraced(function* ({ headers }: Asked, name: string, text: string, maxAge: number) {
        const facts = yield* Facts
        if (facts === undefined) return
        facts.cookies = [...facts.cookies ?? [], ...linesOf(name, text, { isSecure, maxAge }, headers.cookie)]
      })

      return Stored.of({
        session: Effect.fnUntraced(function* ({ headers }) {
          const text = textOf(headers.cookie, cookie)
          if (text === undefined) return Option.none()
          return Option.flatMap(yield* seal.open("session", text), decodeSession)
        }),
        keep: Effect.fnUntraced(function* (request, session) {
          const text = yield* seal.close("session", session, session.until)
          if (text.length > LONGEST) return false
          yield* set(request, cookie, text, session.until - seconds())
          return true
        }),
        takeSignIn: Effect.fnUntraced(function* (request) {
          const text = textOf(request.headers.cookie, signInCookie)
          if (text === undefined) return Option.none()
          yield* set(request, signInCookie, "", 0)
          return Option.flatMap(yield* seal.open("sign-in", text), decodeSignIn)
        }),
        keepSignIn: Effect.fnUntraced(function* (request, signIn) {
          const text = yield* seal.close("sign-in", signIn, seconds() + SIGN_IN)
          yield* set(request, signInCookie, text, SIGN_IN)
        }),
      })
    }),
  ).pipe(Layer.provide(Seal.layer))
}

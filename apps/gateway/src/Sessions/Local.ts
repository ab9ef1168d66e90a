/** Sign-in on a local stack: the launcher lets the gateway read the key that the stack's tokens are signed with. */
import type { Duty } from "@stint/domain/Caller"
import type { PersonRole } from "@stint/domain/gateway/Sessions"
import { Unavailable } from "@stint/domain/Problem"
import { audience, DEFAULT_LIFETIME, LONGEST_LIFETIME } from "@stint/domain/Tokens"
import { Files } from "@stint/edge/Files"
import { whole } from "@stint/edge/Refusal"
import { Config, Context, Effect, Layer, Option, Schema } from "effect"
import { importJWK, SignJWT } from "jose"

const decodeKey = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({
    kty: Schema.String,
    crv: Schema.String,
    x: Schema.String,
    d: Schema.String,
    kid: Schema.String,
    alg: Schema.String,
  })),
)

/** Whom a token of the local stack is for. */
export interface Who {
  readonly role: PersonRole
  readonly subject: string
  /** The customer that the subject, a person, acts for. */
  readonly customer_id?: string
  /** What that person may do; all when absent. */
  readonly duties?: ReadonlyArray<Duty>
}

/** Makes tokens of the local stack. */
export class Local extends Context.Service<Local, {
  /** A token; none where this is no local stack. Unavailable: its key can't be read now. */
  readonly sign: Option.Option<(who: Who) => Effect.Effect<string, Unavailable>>
}>()("gateway/Local") {
  /** From the file `STINT_LOCAL_KEY_FILE`, a private JWK, which is read for each sign-in: another key may sign by then. */
  static readonly layer = Layer.effect(
    Local,
    Effect.gen(function* () {
      const files = yield* Files
      const path = yield* Config.option(Config.String("STINT_LOCAL_KEY_FILE"))
      const aud = yield* Config.String("STINT_JWT_AUDIENCE").pipe(Config.withDefault(audience))
      const iss = yield* Config.String("STINT_JWT_ISSUER").pipe(Config.withDefault("stint-local"))
      const longest = yield* whole("STINT_TOKEN_MAX_LIFETIME", 60, 31_536_000, LONGEST_LIFETIME, "seconds")
      const lifetime = Math.min(DEFAULT_LIFETIME, longest)
      const sign = (path: string) => ({ subject, ...claims }: Who) =>
        Effect.gen(function* () {
          const { alg, kid, ...jwk } = yield* Effect.flatMap(files.read(path), decodeKey)
          const key = yield* Effect.tryPromise(() => importJWK({ ...jwk, alg }, alg))
          return yield* Effect.tryPromise(() =>
            new SignJWT(claims).setProtectedHeader({ alg, kid, typ: "JWT" }).setSubject(subject).setAudience(aud)
              .setIssuer(iss).setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime(`${lifetime} seconds`)
              .sign(key)
          )
        }).pipe(Effect.catch((error) =>
          Effect.andThen(
            Effect.logWarning(`STINT_LOCAL_KEY_FILE holds no key that can sign: ${error.message.split("\n")[0]}`),
            Effect.fail(new Unavailable({ detail: "The key of the local stack can't be read now; try again" })),
          )
        ))
      return Local.of({ sign: Option.map(path, sign) })
    }),
  )
}

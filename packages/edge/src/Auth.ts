/** Bearer authentication: verifies the token by a JWKS and checks the endpoint's roles, before the body is read. */
import { Access, Authorization, Caller, CurrentCaller, type Role } from "@stint/domain/Caller"
import { Unauthorized, WrongRole } from "@stint/domain/Problem"
import { audience as ours } from "@stint/domain/Tokens"
import { Config, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from "jose"
import { Refusal } from "./Refusal.ts"
import { Facts } from "./RequestContext.ts"

/** The public keys that tokens are verified with. */
export class Keys extends Context.Service<Keys, JWTVerifyGetKey>()("stint/Keys") {
  /** From `STINT_JWKS_URL` (fetched and cached), else from `STINT_JWKS` (JSON), which the local launcher sets. */
  static readonly layer = Layer.effect(
    Keys,
    Effect.gen(function* () {
      const url = yield* Config.option(Config.String("STINT_JWKS_URL"))
      const name = Option.isSome(url) ? "STINT_JWKS_URL" : "STINT_JWKS"
      const text = Option.isSome(url) ? url.value : yield* Config.String("STINT_JWKS")
      return yield* Effect.try({
        try: () => Option.isSome(url) ? createRemoteJWKSet(new URL(text)) : createLocalJWKSet(JSON.parse(text)),
        catch: () =>
          new Refusal({ message: `${name} must be ${Option.isSome(url) ? "a url" : "a JSON Web Key Set, as JSON"}` }),
      })
    }),
  )
}

const decodeCaller = Schema.decodeUnknownOption(Schema.Struct({ sub: Caller.fields.subject, role: Caller.fields.role }))

/** How many verified tokens are cached, each until it expires. */
const CACHED = 10_000

/** The layer of `Authorization`. A token needs an asymmetric signature, `exp` and the claims `sub` and `role`. */
export const layer = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const keys = yield* Keys
    const audience = yield* Config.String("STINT_JWT_AUDIENCE").pipe(Config.withDefault(ours))
    const issuer = yield* Config.option(Config.String("STINT_JWT_ISSUER"))
    const verified = new Map<string, { readonly caller: Caller; readonly until: number }>()

    const verify = Effect.fnUntraced(function* (token: string) {
      const known = verified.get(token)
      if (known !== undefined && known.until > Date.now()) return known.caller
      verified.delete(token)
      const claims = yield* Effect.tryPromise({
        try: () =>
          jwtVerify(token, keys, {
            audience,
            algorithms: ["EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            requiredClaims: ["exp", "sub", "role"],
            clockTolerance: 5,
            ...(Option.isSome(issuer) ? { issuer: issuer.value } : {}),
          }),
        catch: () =>
          new Unauthorized({ detail: "The token is not valid: check its signature, its expiry and its audience" }),
      })
      const caller = decodeCaller(claims.payload)
      if (Option.isNone(caller)) {
        return yield* new Unauthorized({ detail: "The token's sub or role is not valid" })
      }
      const value = { subject: caller.value.sub, role: caller.value.role }
      if (verified.size >= CACHED) verified.delete(verified.keys().next().value!)
      verified.set(token, { caller: value, until: claims.payload.exp! * 1000 })
      return value
    })

    return Authorization.of({
      bearer: Effect.fnUntraced(function* (httpEffect, { credential, endpoint, group }) {
        const facts = (yield* Facts) ?? {}
        facts.asked = { group: group.identifier, name: endpoint.name, path: endpoint.path }
        const token = Redacted.value(credential)
        if (token === "") return yield* new Unauthorized({ detail: "Send Authorization: Bearer <token>" })
        const caller = yield* verify(token)
        facts.caller = caller
        const allowed = Option.getOrElse(Context.getOption(endpoint.annotations, Access), (): ReadonlyArray<Role> => [])
        if (!allowed.includes(caller.role)) {
          return yield* new WrongRole({
            detail: `This needs the role ${allowed.join(" or ")}; the token says ${caller.role}`,
            allowed_roles: allowed,
          })
        }
        return yield* Effect.provideService(httpEffect, CurrentCaller, caller)
      }),
    })
  }),
)

/**
 * Bearer authentication, before the body is read: verifies the token's signature and claims, that it is not revoked, and
 * that its role and duties, and of services the service, may call the endpoint. docs/keys.md describes it.
 */
import {
  Access,
  Authorization,
  type Caller,
  Callers,
  CurrentCaller,
  type Duty,
  hasDuty,
  Needs,
  type Role,
} from "@stint/domain/Caller"
import { DutyMissing, Unauthorized, type Unavailable, WrongRole } from "@stint/domain/Problem"
import { audience as ours, LONGEST_LIFETIME, serviceAudience } from "@stint/domain/Tokens"
import { Config, Context, Effect, Layer, Option, Redacted, Result } from "effect"
import { errors, jwtVerify } from "jose"
import { type Claims, claimsOf, type Rules, TOLERANCE } from "./Auth/Claims.ts"
import { isRevoked } from "./Auth/Revoked.ts"
import { type Believed, Trust } from "./Auth/Trust.ts"
import { Refusal, whole } from "./Refusal.ts"
import { Facts } from "./RequestContext.ts"

/** How many verified tokens are cached, and for how long at most, in milliseconds; all are forgotten when `Trust` changes. */
const CACHED = 10_000
const CACHED_MS = 30_000

/** The only version before this one whose services may run beside it, and then for as long as the setting says so. */
const OLD = "0.2"

/** `STINT_UPGRADE_FROM`: whether services of 0.2.0 run beside this one, whose tokens have no audience of their own. */
const upgrading = Effect.gen(function* () {
  const from = yield* Config.option(Config.String("STINT_UPGRADE_FROM"))
  if (Option.isSome(from) && from.value !== OLD) {
    return yield* new Refusal({ message: `STINT_UPGRADE_FROM must be ${OLD}, or not be set` })
  }
  return Option.isSome(from)
})

/** An issuer that others share has to be named: its keys may sign tokens of more than one. */
const issuerOf = Effect.gen(function* () {
  const [issuer, url] = yield* Effect.all([
    Config.option(Config.String("STINT_JWT_ISSUER")),
    Config.option(Config.String("STINT_JWKS_URL")),
  ])
  if (Option.isSome(url) && Option.isNone(issuer)) {
    return yield* new Refusal({
      message: "STINT_JWT_ISSUER must be set with STINT_JWKS_URL: the iss of the issuer's tokens",
    })
  }
  return issuer
})

const notValid = () =>
  new Unauthorized({ detail: "The token is not valid: check its signature, its expiry, its issuer and its audience" })

/** Verifies a token by what is believed now. Time is the real one, also where a test moves the Clock: others issue tokens. */
const verifying = Effect.fnUntraced(function* (service: string) {
  const trust = yield* Trust
  const audience = yield* Config.String("STINT_JWT_AUDIENCE").pipe(Config.withDefault(ours))
  const issuer = yield* issuerOf
  const rules: Rules = {
    service,
    audience,
    maxLifetime: yield* whole("STINT_TOKEN_MAX_LIFETIME", 60, 31_536_000, LONGEST_LIFETIME, "seconds"),
    takesOld: yield* upgrading,
  }
  const options = {
    audience: [audience, serviceAudience(audience, service)],
    algorithms: ["EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    requiredClaims: ["exp", "sub", "role"],
    clockTolerance: TOLERANCE,
    ...(Option.isSome(issuer) ? { issuer: issuer.value } : {}),
  }
  const payloadOf = (token: string, { keys }: Believed) =>
    Effect.tryPromise({
      try: async () => (await jwtVerify(token, keys, options)).payload,
      catch: (error) => error instanceof errors.JWKSNoMatchingKey ? "unknown key" as const : "not valid" as const,
    })

  return Effect.fnUntraced(function* (token: string) {
    const payload = yield* Effect.flatMap(trust.now, (believed) => payloadOf(token, believed)).pipe(
      Effect.catchIf(
        (error) => error === "unknown key",
        () => Effect.andThen(trust.lookAgain, Effect.flatMap(trust.now, (believed) => payloadOf(token, believed))),
      ),
      Effect.catchIf((error) => typeof error === "string", notValid),
    )
    const claims = claimsOf(payload, rules, Date.now() / 1000)
    if (Result.isFailure(claims)) return yield* new Unauthorized({ detail: claims.failure })
    return claims.success
  })
})

/** Who may call an endpoint: refuses with the roles, and of services the names, that may. */
const allow = (caller: Caller, annotations: Context.Context<never>) => {
  const allowed = Option.getOrElse(Context.getOption(annotations, Access), (): ReadonlyArray<Role> => [])
  if (!allowed.includes(caller.role)) {
    const detail = `This needs the role ${allowed.join(" or ")}; the token says ${caller.role}`
    return Effect.fail(new WrongRole({ detail, allowed_roles: allowed }))
  }
  if (caller.role !== "service") return Effect.void
  const callers: ReadonlyArray<string> = Option.getOrElse(Context.getOption(annotations, Callers), () => [])
  if (callers.includes(caller.subject)) return Effect.void
  const detail = `Of the services this is for ${callers.join(" and ") || "none"}; the token is ${caller.subject}'s`
  return Effect.fail(new WrongRole({ detail, allowed_roles: allowed }))
}

/** Whether the duties of a token allow a call: what is no GET is a change, unless the endpoint says what it needs. */
const allowDuty = (caller: Caller, method: string, annotations: Context.Context<never>) => {
  const byDefault: Duty = method === "GET" ? "reader" : "editor"
  const duty = Option.getOrElse(Context.getOption(annotations, Needs), () => byDefault)
  if (hasDuty(caller, duty)) return Effect.void
  const detail = `This needs the duty ${duty}; the token has ${caller.duties?.join(", ") || "none"}`
  return Effect.fail(new DutyMissing({ detail, duty }))
}

/** The token of an `Authorization` header, if it has one. */
export const bearerOf = (header: string | undefined): string | undefined => /^bearer +(\S+)$/i.exec(header ?? "")?.[1]

/** Verifies tokens, and remembers those that it verified a moment ago. */
export class Verifier extends Context.Service<Verifier, {
  /** The claims of a token that holds now. Unavailable: no key set was read yet. */
  verify(token: string): Effect.Effect<Claims, Unauthorized | Unavailable>
}>()("stint/Verifier") {
  /** For the service of that name. */
  static readonly layer = (service: string) =>
    Layer.effect(
      Verifier,
      Effect.gen(function* () {
        const trust = yield* Trust
        const verify = yield* verifying(service)
        let verified = new Map<string, { readonly claims: Claims; readonly until: number }>()
        let by: Believed | undefined

        return Verifier.of({
          verify: Effect.fnUntraced(function* (token: string) {
            const believed = yield* trust.now
            if (believed !== by) {
              verified = new Map()
              by = believed
            }
            const known = verified.get(token)
            if (known !== undefined && known.until > Date.now()) return known.claims
            verified.delete(token)
            const claims = yield* verify(token)
            const after = yield* trust.now
            if (isRevoked(claims, after.revoked)) return yield* new Unauthorized({ detail: "The token is revoked" })
            // Not what was verified while the keys or the revocations changed
            if (after === believed && after === by) {
              if (verified.size >= CACHED) verified.delete(verified.keys().next().value!)
              verified.set(token, { claims, until: Math.min(claims.exp * 1000, Date.now() + CACHED_MS) })
            }
            return claims
          }),
        })
      }),
    ).pipe(Layer.provide(Trust.layer))
}

/** The layer of `Authorization` for the service of that name. */
export const layer = (service: string) =>
  Layer.effect(
    Authorization,
    Effect.gen(function* () {
      const verifier = yield* Verifier
      return Authorization.of({
        bearer: Effect.fnUntraced(function* (httpEffect, { credential, endpoint, group }) {
          const facts = (yield* Facts) ?? {}
          facts.asked = { group: group.identifier, name: endpoint.identifier, path: endpoint.path }
          const token = Redacted.value(credential)
          if (token === "") return yield* new Unauthorized({ detail: "Send Authorization: Bearer <token>" })
          const { caller } = yield* verifier.verify(token)
          facts.caller = caller
          yield* allow(caller, endpoint.annotations)
          yield* allowDuty(caller, endpoint.method, endpoint.annotations)
          return yield* Effect.provideService(httpEffect, CurrentCaller, caller)
        }),
      })
    }),
  ).pipe(Layer.provide(Verifier.layer(service)))

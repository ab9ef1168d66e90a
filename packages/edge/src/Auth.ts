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
import { Config, Context, Effect, Layer, Option, Redacted, Result, type Types } from "effect"
import type { HttpServerResponse } from "effect/http"
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

/** Why a caller may not call an endpoint, with the roles, and of services the names, that may; undefined: it may. */
const wrongRole = (caller: Caller, annotations: Context.Context<never>): WrongRole | undefined => {
  const allowed = Option.getOrElse(Context.getOption(annotations, Access), (): ReadonlyArray<Role> => [])
  if (!allowed.includes(caller.role)) {
    const detail = `This needs the role ${allowed.join(" or ")}; the token says ${caller.role}`
    return new WrongRole({ detail, allowed_roles: allowed })
  }
  if (caller.role !== "service") return undefined
  const callers: ReadonlyArray<string> = Option.getOrElse(Context.getOption(annotations, Callers), () => [])
  if (callers.includes(caller.subject)) return undefined
  const detail = `Of the services this is for ${callers.join(" and ") || "none"}; the token is ${caller.subject}'s`
  return new WrongRole({ detail, allowed_roles: allowed })
}

/** Why the duties of a token do not allow a call: what is no GET is a change, unless the endpoint says what it needs. */
const dutyMissing = (
  caller: Caller,
  method: string,
  annotations: Context.Context<never>,
): DutyMissing | undefined => {
  const byDefault: Duty = method === "GET" ? "reader" : "editor"
  const duty = Option.getOrElse(Context.getOption(annotations, Needs), () => byDefault)
  if (hasDuty(caller, duty)) return undefined
  const detail = `This needs the duty ${duty}; the token has ${caller.duties?.join(", ") || "none"}`
  return new DutyMissing({ detail, duty })
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

        const verifyAnew = Effect.fnUntraced(function* (token: string, believed: Believed) {
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
        })

        return Verifier.of({
          verify: (token) =>
            Effect.flatMap(trust.now, (believed) => {
              if (believed !== by) {
                verified = new Map()
                by = believed
              }
              const known = verified.get(token)
              return known !== undefined && known.until > Date.now()
                ? Effect.succeed(known.claims)
                : verifyAnew(token, believed)
            }),
        })
      }),
    ).pipe(Layer.provide(Trust.layer))
}

type Answering = Effect.Effect<HttpServerResponse.HttpServerResponse, DutyMissing | Types.unhandled | WrongRole>

/** The layer of `Authorization` for the service of that name. */
export const layer = (service: string) =>
  Layer.effect(
    Authorization,
    Effect.gen(function* () {
      const verifier = yield* Verifier
      return Authorization.of({
        bearer: (httpEffect, { credential, endpoint: { annotations, identifier, method, path }, group }) =>
          Effect.flatMap(Facts, (facts = {}) => {
            facts.asked = { group: group.identifier, name: identifier, path }
            const token = Redacted.value(credential)
            if (token === "") return Effect.fail(new Unauthorized({ detail: "Send Authorization: Bearer <token>" }))
            return Effect.flatMap(verifier.verify(token), ({ caller }): Answering => {
              facts.caller = caller
              const refusal = wrongRole(caller, annotations) ?? dutyMissing(caller, method, annotations)
              return refusal === undefined
                ? Effect.provideService(httpEffect, CurrentCaller, caller)
                : Effect.fail(refusal)
            })
          }),
      })
    }),
  ).pipe(Layer.provide(Verifier.layer(service)))

/** A service called `deliverables` behind its authentication, and an issuer of tokens, both as a test wants them. */
import { Access, Authorization, Callers, CurrentCaller } from "@stint/domain/Caller"
import { RequestProblems } from "@stint/domain/Protocol"
import * as Auth from "@stint/edge/Auth"
import * as EdgeProblems from "@stint/edge/RequestProblems"
import { Clock, Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"
import { type MovableClock, movableClock } from "../../../tests/support/MovableClock.ts"
import { startService, type TestService } from "../../../tests/support/Service.ts"

const Who = Schema.Struct({ subject: Schema.String, role: Schema.String })
class WhoGroup extends HttpApiGroup.make("who").add(
  HttpApiEndpoint.get("me", "/me", { success: Who }).annotate(Access, ["customer", "operator"]),
  HttpApiEndpoint.get("drafts", "/drafts", { success: Who }).annotate(Access, ["service"])
    .annotate(Callers, ["scheduler"]),
  HttpApiEndpoint.get("nobody", "/nobody", { success: Who }).annotate(Access, ["service"]),
) {}
class WhoApi extends HttpApi.make("who-api").add(WhoGroup).prefix("/api/v1")
  .middleware(Authorization).middleware(RequestProblems) {}

const handlers = HttpApiBuilder.group(
  WhoApi,
  "who",
  Effect.fn(function* (handlers) {
    return handlers.handleAll({ me: () => CurrentCaller, drafts: () => CurrentCaller, nobody: () => CurrentCaller })
  }),
)

/** A key of an issuer, which signs what it is told. */
export const makeKey = async (kid: string) => {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true })
  const jwk: JWK = { ...await exportJWK(publicKey), alg: "EdDSA", use: "sig", kid }
  const now = () => Math.floor(Date.now() / 1000)
  const sign = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = { kid }) => {
    const iat = now()
    const all = { sub: "acme", role: "customer", aud: "stint", iat, exp: iat + 3_600, ...claims }
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    return new SignJWT(given).setProtectedHeader({ alg: "EdDSA", ...header }).sign(privateKey)
  }
  return { jwk, sign, now }
}
export const [one, other] = [await makeKey("one"), await makeKey("other")]
export const setOf = (...keys: ReadonlyArray<{ readonly jwk: JWK }>) =>
  JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })

/** What a test gives the service, and may change while it runs. */
export interface World {
  readonly env?: Record<string, string>
  readonly files?: Record<string, string>
  /** The issuer's answer to a request for its keys. */
  readonly issuer?: { answer: () => Promise<Response>; asked?: number }
  readonly time?: MovableClock
}

/** Runs it against a service called `deliverables`. */
export const during = async (
  { env = { STINT_JWKS: setOf(one) }, files = {}, issuer, time = movableClock() }: World,
  use: (service: TestService, get: (token: string, path?: string) => Promise<string>) => Promise<void>,
) => {
  const fetch = (() => {
    issuer!.asked = (issuer!.asked ?? 0) + 1
    return issuer!.answer()
  }) as typeof globalThis.fetch
  const service = await startService(
    HttpApiBuilder.layer(WhoApi).pipe(
      Layer.provide(handlers),
      Layer.provide([Auth.layer("deliverables"), EdgeProblems.layer]),
      Layer.provide([Layer.succeed(Clock.Clock, time.clock), Layer.succeed(FetchHttpClient.Fetch, fetch)]),
    ) as Layer.Layer<never>,
    { STINT_JWKS: "", ...env },
    files,
  )
  const get = async (token: string, path = "/me") => {
    const answer = await service.call("GET", `/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
    return answer.status === 200 ? answer.json.subject as string : answer.json.code as string
  }
  try {
    await use(service, get)
  } finally {
    await service.dispose()
  }
}

/** A service behind its fetch handler, as its callers meet it: tokens, requests, answers. */
import { type Host, webHandler } from "@stint/edge/Handler"
import type { Role } from "@stint/domain/Caller"
import { audience, serviceAudience, services } from "@stint/domain/Tokens"
import { FileFailure } from "@stint/edge/Files"
import { denoDial } from "@stint/edge/Serve/DenoDial"
import { denoPortCheck } from "@stint/edge/Serve/DenoPortCheck"
import { Effect, type Layer } from "effect"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { UNHURRIED } from "./Unhurried.ts"
import { until } from "./Until.ts"

const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true })
const jwks = JSON.stringify({ keys: [{ ...await exportJWK(publicKey), alg: "EdDSA", use: "sig" }] })

/** A token of the test's own issuer; `claims` may name another audience than people's. */
export const token = (
  role: Role,
  subject: string,
  claims: Record<string, unknown> = {},
  expires: string | number = "1h",
) =>
  new SignJWT({ role, aud: audience, ...claims }).setProtectedHeader({ alg: "EdDSA" }).setSubject(subject)
    .setIssuedAt().setExpirationTime(expires).sign(privateKey)

/** A service's own token for another service. */
export const serviceToken = (caller: string, callee: string) =>
  token("service", caller, { aud: serviceAudience(audience, callee) })

/** The file of a service's own tokens. */
export const serviceTokens = async (caller: string): Promise<string> =>
  JSON.stringify(
    Object.fromEntries(
      await Promise.all(services.map(async (callee) => [callee, await serviceToken(caller, callee)])),
    ),
  )

/** An answer with its body read; `json` is what a JSON body holds. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // deno-lint-ignore no-explicit-any
  readonly json: any
}

/** The subject and claims of `acme`, of its person `acme/ann`, or of one with these duties alone: `acme/ann?reviewer,editor`. */
export const personOf = (text: string): readonly [subject: string, claims: Record<string, unknown>] => {
  const [who = "", duties] = text.split("?")
  const [customer_id = "", person] = who.split("/")
  return [
    person ?? customer_id,
    {
      ...(person === undefined ? {} : { customer_id }),
      ...(duties === undefined ? {} : { duties: duties.split(",").filter((duty) => duty !== "") }),
    },
  ]
}

/** How a request is sent: as whom (role:subject, or a customer's person, or no one), with which body and headers. */
export interface Send {
  readonly as?: `${Role}:${string}`
  readonly body?: unknown
  readonly raw?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>
  readonly headers?: Record<string, string>
  /** Goes off when the caller goes away. */
  readonly signal?: AbortSignal
}

/** A service that runs inside the test, and `call`, which sends it a request. */
export interface TestService {
  call(method: string, path: string, send?: Send): Promise<Answer>
  readonly fetch: (request: Request) => Promise<Response>
  drain(): Promise<void>
  dispose(): Promise<void>
  /** Why it refuses to start; undefined unless it does. */
  refusal(): string | undefined
}

/** Files that are the properties of an object, which a test can look into. */
const memoryFiles = (files: Record<string, string>): Host["files"] => ({
  readFrom: (path, offset, most) =>
    Effect.suspend(() =>
      files[path] === undefined
        ? Effect.fail(new FileFailure({ path, missing: true, why: "there is no such file" }))
        : Effect.succeed(new TextEncoder().encode(files[path]).subarray(offset, offset + most))
    ),
  read: (path) =>
    Effect.suspend(() =>
      files[path] === undefined
        ? Effect.fail(new FileFailure({ path, missing: true, why: "there is no such file" }))
        : Effect.succeed(files[path])
    ),
  appendLine: (path, line) =>
    Effect.try({
      try: () => void (files[path] = `${files[path] ?? ""}${line}\n`),
      // of a property that a test made to refuse
      catch: (error) => new FileFailure({ path, missing: false, why: (error as Error).message }),
    }),
})

/**
 * Starts a service's layers with this environment; the tokens of its own calls are hiring's, of the test's issuer, unless
 * `files` has another `service.token`. What it appends to a file shows in `files`.
 */
export const startService = async (
  app: Layer.Layer<never, unknown, never> | Layer.Layer<never, unknown, unknown>,
  env: Record<string, string> = {},
  files: Record<string, string> = {},
): Promise<TestService> => {
  const host: Host = {
    env: { STINT_JWKS: jwks, STINT_SERVICE_TOKEN_FILE: "service.token", STINT_BOUNDS: UNHURRIED, ...env },
    files: memoryFiles(
      Object.assign(files, { "service.token": files["service.token"] ?? await serviceTokens("hiring") }),
    ),
    portCheck: { check: () => Effect.void, reach: denoPortCheck.reach },
    dial: denoDial,
  }
  const { dispose, drain, fetch, refused } = webHandler("test", app as Layer.Layer<never, unknown, never>, host)
  const tokens = new Map<string, string>()
  /** The service's name, from the title of its documentation. */
  const name = async () => {
    const answer = await fetch(new Request("http://stint.test/openapi.json"))
    return ((await answer.json()) as { info: { title: string } }).info.title.replace("Stint ", "")
  }
  const tokenOf = async (as: string) => {
    if (!tokens.has(as)) {
      const at = as.indexOf(":")
      const [role, subject] = [as.slice(0, at) as Role, as.slice(at + 1)]
      const made = role === "service"
        ? await serviceToken(subject, await name())
        : await token(role, ...personOf(subject))
      tokens.set(as, made)
    }
    return tokens.get(as)!
  }
  let refusal: string | undefined
  refused.then((why) => refusal = why)
  return {
    fetch,
    drain,
    dispose,
    refusal: () => refusal,
    call: async (method, path, send = {}) => {
      const headers = new Headers(send.headers)
      if (send.as !== undefined) headers.set("authorization", `Bearer ${await tokenOf(send.as)}`)
      const body = send.raw ?? (send.body === undefined ? undefined : JSON.stringify(send.body))
      if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json")
      const response = await fetch(
        new Request(`http://stint.test${path}`, {
          method,
          headers,
          ...(body === undefined ? {} : { body }),
          ...(send.signal === undefined ? {} : { signal: send.signal }),
        }),
      )
      const text = await response.text()
      let json: unknown
      try {
        json = JSON.parse(text)
      } catch {
        json = text
      }
      return { status: response.status, headers: response.headers, json }
    },
  }
}

/** Waits until the service says that it is ready; fails with its reason when it refuses to start. */
export const ready = async (service: TestService): Promise<void> => {
  let said: unknown
  await until("the service is ready or refuses to start", async () => {
    if (service.refusal() !== undefined) return true
    const { json, status } = await service.call("GET", "/readyz")
    said = json
    return status === 200
  }, () => JSON.stringify(said))
  const why = service.refusal()
  if (why !== undefined) throw new Error(why)
}

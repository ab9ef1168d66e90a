/** The front door behind its fetch handler, and what it asks. */
import { webHandler } from "@stint/edge/Handler"
import { denoFiles } from "@stint/edge/Serve/DenoFiles"
import { denoPortCheck } from "@stint/edge/Serve/DenoPortCheck"
import { App } from "@stint/gateway/App"
import { safeHeaders } from "@stint/gateway/Console/Policy"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { randomBytes } from "node:crypto"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true })
const publicJwk = { ...await exportJWK(publicKey), alg: "EdDSA", use: "sig", kid: "front" }
const privateJwk = { ...await exportJWK(privateKey), alg: "EdDSA", kid: "front" }

/** A token of the test's own issuer. */
export const token = (role: string, subject: string, claims: Record<string, unknown> = {}, expires = "1h") =>
  new SignJWT({ role, aud: "stint", ...claims }).setProtectedHeader({ alg: "EdDSA", kid: "front" }).setSubject(subject)
    .setIssuedAt().setExpirationTime(expires).sign(privateKey)

/** A key that sessions are sealed with. */
export const newSessionKey = () => randomBytes(32).toString("base64url")

/** Plays services, or a provider, over HTTP on loopback. What asks whether it is ready is not told to `answer`. */
export const startUpstream = (answer: (request: Request) => Response | Promise<Response>) => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response(null, { status: 500 }) },
    (request) => new URL(request.url).pathname === "/readyz" ? Response.json({ checks: {} }) : answer(request),
  )
  return { url: `http://127.0.0.1:${server.addr.port}`, stop: () => server.shutdown() }
}

/** An address where nothing listens: a port that nobody gets who asks for a free one, and that fetch does not block. */
export const nowhere = () => "http://127.0.0.1:2"

/** How a test wants it. */
export interface Wanted {
  readonly env?: Readonly<Record<string, string>>
  /** The console's build, by paths below its folder. */
  readonly dist?: Readonly<Record<string, string>>
  /** Where all four services are; nowhere unless given. */
  readonly upstream?: string
  readonly sessionKeys?: ReadonlyArray<string>
  /** Whether it is a local stack's; it is unless told otherwise. */
  readonly isLocal?: boolean
}

/** Starts a front door. */
export const startFront = async (
  { dist = {}, env = {}, isLocal = true, sessionKeys = [newSessionKey()], upstream = nowhere() }: Wanted = {},
) => {
  const folder = await mkdtemp(join(tmpdir(), "stint-front-"))
  const files: Record<string, string> = {
    "session.key": `${sessionKeys.join("\n")}\n`,
    "local.jwk": JSON.stringify(privateJwk),
    ...Object.fromEntries(Object.entries(dist).map(([path, text]) => [`dist/${path}`, text])),
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const services = ["CATALOG_URL", "HIRING_URL", "DELIVERABLES_URL", "SCHEDULER_URL"]
  const { dispose, drain, fetch, refused } = webHandler("gateway", App, {
    env: {
      STINT_JWKS: JSON.stringify({ keys: [publicJwk] }),
      STINT_SESSION_KEY_FILE: join(folder, "session.key"),
      STINT_CONSOLE_DIST: join(folder, "dist"),
      ...(isLocal ? { STINT_LOCAL_KEY_FILE: join(folder, "local.jwk") } : {}),
      ...Object.fromEntries(services.map((name) => [name, upstream])),
      ...env,
    },
    files: denoFiles,
    portCheck: denoPortCheck,
  }, safeHeaders)
  return {
    fetch,
    drain,
    refused,
    folder,
    stop: async () => {
      await dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A front door that runs. */
export type Front = Awaited<ReturnType<typeof startFront>>

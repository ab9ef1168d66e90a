import { audience, type roles } from "@stint/domain/Tokens"
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose"
import { randomUUID } from "node:crypto"
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { codeOf, LauncherError, reasonOf } from "./Postgres/LauncherError.ts"

/** What a token is to say. */
export interface Claims {
  readonly role: typeof roles[number]
  readonly subject: string
  /** How long it holds, in seconds. */
  readonly ttl: number
}

/** The signing key of a local stack. */
export interface DevKey {
  /** The public half as a JWKS, for `STINT_JWKS`. */
  readonly jwks: string
  sign(claims: Claims): Promise<string>
}

const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true })
  const key = await exportJWK(privateKey)
  return { ...key, alg: "EdDSA", use: "sig", kid: await calculateJwkThumbprint(key) }
}

const read = async (path: string): Promise<JWK | undefined> => {
  const text = await readFile(path, "utf8").catch((error) => {
    // A folder above it that is none is for `make` to say
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined
    throw new LauncherError(`The key ${path} can't be read: ${reasonOf(error)}.`)
  })
  if (text === undefined) return undefined
  try {
    const key = JSON.parse(text) as JWK
    if (typeof key.d === "string" && typeof key.x === "string") return key
  } catch { /* said below */ }
  throw new LauncherError(`${path} holds no private key: remove it, and a new one is made.`)
}

/** Makes the key; of several at once one wins, and all use its key. */
const make = async (home: string, folder: string, path: string): Promise<JWK> => {
  const unfinished = `${path}.${randomUUID()}`
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(unfinished, `${JSON.stringify(await newKey(), null, 2)}\n`, { mode: 0o600 })
    await link(unfinished, path).catch((error) => {
      if (codeOf(error) !== "EEXIST") throw error
    })
  } catch (error) {
    throw new LauncherError(`The data folder ${home} can't be written: ${reasonOf(error)}.`)
  } finally {
    await rm(unfinished, { force: true }).catch(() => undefined)
  }
  return (await read(path))!
}

/**
 * The signing key in `keys/` of the home, made there (0600) when there is none. Fails with a LauncherError when the home
 * can't be written or what stands there is no key.
 */
export const openDevKey = async (
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DevKey> => {
  const folder = join(home, "keys")
  const path = join(folder, "signing.jwk.json")
  const key = await read(path) ?? await make(home, folder, path)
  const { alg = "EdDSA", d: _, kid = "", ...shown } = key
  const signer = await importJWK(key, alg).catch(() => {
    throw new LauncherError(`${path} holds no private key: remove it, and a new one is made.`)
  })
  return {
    jwks: JSON.stringify({ keys: [{ ...shown, alg, kid }] }),
    sign: ({ role, subject, ttl }) => {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({ role }).setProtectedHeader({ alg, kid, typ: "JWT" }).setSubject(subject)
        .setAudience(env.STINT_JWT_AUDIENCE || audience).setIssuer(env.STINT_JWT_ISSUER || "stint-local")
        .setIssuedAt(now).setExpirationTime(now + ttl).sign(signer)
    },
  }
}

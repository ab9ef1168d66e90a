/** The files of a local stack's keys, in `keys/` of its home; what is derived from them is written beside them. */
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose"
import { randomUUID } from "node:crypto"
import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { codeOf, LauncherError, reasonOf } from "../Postgres/LauncherError.ts"
import { pruned, publicOf, publishedAt, type Ring, ringOf, signerAt } from "./Ring.ts"

const ringPath = (home: string): string => join(home, "keys", "keys.json")
/** The key that signs now, as 0.2.0 has it: its only key. */
export const signingFileOf = (home: string): string => join(home, "keys", "signing.jwk.json")

/** Where the public keys of a stack are published. */
export const jwksFileOf = (home: string): string => join(home, "keys", "jwks.json")

/** Where it stands what is revoked. */
export const revokedFileOf = (home: string): string => join(home, "keys", "revoked.json")

/** A new key, which can sign. Its id stands on command lines, where one that begins with - would be read as a flag. */
export const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true })
  const key = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(key)
  return kid.startsWith("-") ? await newKey() : { ...key, alg: "EdDSA", use: "sig", kid }
}

/** The text of a file; undefined when there is none. Fails with a LauncherError. */
export const textOf = (path: string): Promise<string | undefined> =>
  readTextFile(path).catch((error) => {
    // A folder above it that is none is for whoever writes to say
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined
    throw new LauncherError(`The key ${path} can't be read: ${reasonOf(error)}.`)
  })

/**
 * Writes a file at once, readable by its owner alone, so that nobody reads half of it. Its folder is made, the one above is
 * not: a home that was removed under a running stack stays removed.
 */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  const unfinished = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { mode: 0o700 }).catch((error) => {
      if (codeOf(error) !== "EEXIST") throw error
    })
    await writeFile(unfinished, text, { mode: 0o600 })
    await rename(unfinished, path)
  } finally {
    await rm(unfinished, { force: true }).catch(() => undefined)
  }
}

const isRing = (value: unknown): value is Ring =>
  Array.isArray((value as Ring | null)?.keys) && (value as Ring).keys.length > 0 &&
  (value as Ring).keys.every(({ ends_at, jwk, kid, signs_from }) =>
    typeof kid === "string" && typeof jwk?.x === "string" && typeof signs_from === "number" &&
    (ends_at === null || typeof ends_at === "number")
  )

const parsed = <A>(path: string, text: string, is: (value: unknown) => value is A): A => {
  try {
    const value: unknown = JSON.parse(text)
    if (is(value)) return value
  } catch { /* said below */ }
  throw new LauncherError(`${path} holds no private key: remove it, and a new one is made.`)
}

const isPrivate = (value: unknown): value is JWK =>
  typeof (value as JWK | null)?.d === "string" && typeof (value as JWK).x === "string"

/** The keys of a home: its own file, else the one key of 0.2.0; undefined when there is none. Fails with a LauncherError. */
export const readRing = async (home: string): Promise<Ring | undefined> => {
  const text = await textOf(ringPath(home))
  if (text !== undefined) return parsed(ringPath(home), text, isRing)
  const old = await textOf(signingFileOf(home))
  if (old === undefined) return undefined
  const key = parsed(signingFileOf(home), old, isPrivate)
  return ringOf({ ...key, alg: key.alg ?? "EdDSA", kid: key.kid ?? await calculateJwkThumbprint(key) })
}

/** The public keys at an instant, as the JSON of a JWKS. */
export const jwksOf = (ring: Ring, now: number): string =>
  JSON.stringify({ keys: publishedAt(ring, now).map(publicOf) })

/** What services and 0.2.0 read, where it is not so already. */
const derive = async (home: string, ring: Ring, now: number): Promise<void> => {
  const write = async (path: string, text: string) => {
    if (await textOf(path) !== text) await replaceFile(path, text)
  }
  await write(jwksFileOf(home), jwksOf(ring, now))
  const signer = signerAt(ring, now)
  if (signer !== undefined) await write(signingFileOf(home), `${JSON.stringify(signer.jwk, null, 2)}\n`)
  if (await textOf(revokedFileOf(home)) === undefined) await replaceFile(revokedFileOf(home), "{}\n")
}

/** Runs it alone among all processes that use the home's keys; a lock ends with its process. */
export const locked = async <A>(home: string, work: () => Promise<A>): Promise<A> => {
  const writable = async <B>(write: () => Promise<B>): Promise<B> => {
    try {
      return await write()
    } catch (error) {
      if (error instanceof LauncherError) throw error
      throw new LauncherError(`The data folder ${home} can't be written: ${reasonOf(error)}.`)
    }
  }
  using file = await writable(async () => {
    await mkdir(home, { recursive: true, mode: 0o700 })
    await mkdir(join(home, "keys"), { recursive: true, mode: 0o700 })
    return await Deno.open(join(home, "keys", "lock"), { write: true, create: true, mode: 0o600 })
  })
  await file.lock(true)
  return await writable(work)
}

/**
 * Changes the keys of a home, made there when there are none, and what is derived from them. The change is one renamed file:
 * a kill leaves the keys of before or of after. Fails with a LauncherError.
 */
export const changeRing = (home: string, change: (ring: Ring, now: number) => Ring | Promise<Ring>): Promise<Ring> =>
  locked(home, async () => {
    const stored = await readRing(home)
    const now = Date.now()
    const ring = await change(stored ?? ringOf(await newKey()), now)
    // What is published comes first: a key never signs before services can know it, whoever is killed in between
    await derive(home, ring, now)
    const text = `${JSON.stringify(ring, null, 2)}\n`
    if (await textOf(ringPath(home)) !== text) await replaceFile(ringPath(home), text)
    return ring
  })

/** Brings the files of the keys up to date: keys end and begin to sign as time passes. Fails with a LauncherError. */
export const tendRing = async (home: string): Promise<void> => {
  const [ring, published, now] = [await readRing(home), await textOf(jwksFileOf(home)), Date.now()]
  const isTended = ring !== undefined && published === jwksOf(ring, now) &&
    JSON.stringify(ring) === JSON.stringify(pruned(ring, now))
  if (!isTended) await changeRing(home, pruned)
}

import { serviceAudience } from "@stint/domain/Tokens"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { audienceOf, type DevKey, openDevKey } from "../DevKey.ts"
import { jwksFileOf, readRing, replaceFile, revokedFileOf, tendRing, textOf } from "../DevKey/Store.ts"
import { LauncherError, reasonOf } from "../Postgres/LauncherError.ts"
import { manifestOf } from "./Launch.ts"
import { type Env, type ServiceName, serviceNames } from "./Settings.ts"

/** How long a service's token holds, in seconds, and how old it may get, in milliseconds. */
const TTL = 600
const LONGEST_AGE_MS = 150_000
/** How long a token for 0.2.0 holds: what makes them there does so every six hours. */
const OLD_TTL = 24 * 3_600
/** How often the keys and the revocations are looked at, in milliseconds. */
const LOOK_MS = 2_000

/** Where the tokens of a service stand: a JSON object with one for each service that it calls. */
export const serviceTokenFileOf = (folder: string, service: ServiceName): string =>
  join(folder, "tokens", `${service}.json`)

/** Where 0.2.0 reads the one token of a service. */
export const oldTokenFileOf = (folder: string, service: ServiceName): string =>
  join(folder, "tokens", `${service}.token`)

/** Whose keys, and where services read what follows from them. */
export interface Keeping {
  /** Where the keys and the revocations are. */
  readonly home: string
  /** Where the services read: the home, unless they may not see that. */
  readonly folder: string
  readonly env: Env
  readonly log: (line: string) => void
}

/** Whether services of 0.2.0 run as well, which know tokens for people's audience alone. */
const isUpgrading = ({ STINT_UPGRADE_FROM: from }: Env): boolean => {
  if (!from || from === "0.2") return Boolean(from)
  throw new LauncherError(`STINT_UPGRADE_FROM is ${JSON.stringify(from)}: it must be 0.2, or not be set.`)
}

/** Writes each service its tokens, each for the one service that it calls with it. */
const writeTokens = async ({ env, folder }: Keeping, key: DevKey): Promise<void> => {
  const [old, people] = [isUpgrading(env), audienceOf(env)]
  await Promise.all(serviceNames.map(async (subject) => {
    const { calls = [] } = await manifestOf(subject)
    const sign = (audience: string | ReadonlyArray<string>, ttl = TTL) =>
      key.sign({ role: "service", subject, ttl, audience })
    const tokens = await Promise.all(calls.map(async (callee) => {
      const own = serviceAudience(people, callee)
      return [callee, await sign(old ? [people, own] : own)] as const
    }))
    if (tokens.length > 0) {
      await replaceFile(serviceTokenFileOf(folder, subject), `${JSON.stringify(Object.fromEntries(tokens))}\n`)
    }
    if (old) await replaceFile(oldTokenFileOf(folder, subject), `${await sign(people, OLD_TTL)}\n`)
    else await rm(oldTokenFileOf(folder, subject), { force: true })
  }))
}

/** Copies to where services read, if they read elsewhere. */
const publish = async ({ folder, home }: Keeping): Promise<void> => {
  if (folder === home) return
  for (const fileOf of [jwksFileOf, revokedFileOf]) {
    const text = await textOf(fileOf(home))
    if (text !== undefined && text !== await textOf(fileOf(folder))) await replaceFile(fileOf(folder), text)
  }
}

/** Writes what services read once. Fails with a LauncherError. */
export const writeServiceFiles = async (keeping: Keeping, key: DevKey): Promise<void> => {
  try {
    await publish(keeping)
    await writeTokens(keeping, key)
  } catch (error) {
    if (error instanceof LauncherError) throw error
    throw new LauncherError(`The data folder ${keeping.folder} can't be written: ${reasonOf(error)}.`)
  }
}

/**
 * Keeps what services read up to date: their tokens, new ones every two and a half minutes and when another key signs; the
 * public keys; what is revoked. The answer ends that. By the clock on the wall, not a long timer: a machine that slept is up
 * to date two seconds after it wakes. Fails with a LauncherError.
 */
export const keepServiceTokens = async (keeping: Keeping): Promise<() => void> => {
  const key = await openDevKey(keeping.home, keeping.env)
  await tendRing(keeping.home)
  let written = { at: Date.now(), kid: await key.kid() }
  await writeServiceFiles(keeping, key)
  const look = async () => {
    if (await readRing(keeping.home) === undefined) {
      throw new LauncherError(`The data folder ${keeping.home} has no keys any more: the tokens are not renewed.`)
    }
    await tendRing(keeping.home)
    const kid = await key.kid()
    if (kid === written.kid && Math.abs(Date.now() - written.at) < LONGEST_AGE_MS) return await publish(keeping)
    await writeServiceFiles(keeping, key)
    written = { at: Date.now(), kid }
  }
  let looking = false
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    look().catch((error) => keeping.log(error.message)).finally(() => looking = false)
  }, LOOK_MS)
  return () => clearInterval(timer)
}

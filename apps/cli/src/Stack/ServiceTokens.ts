import { mkdir, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { DevKey } from "../DevKey.ts"
import { LauncherError, reasonOf } from "../Postgres/LauncherError.ts"
import { type ServiceName, serviceNames } from "./Settings.ts"

/** How long a service's token holds, in seconds, and how old it may get, in milliseconds. */
const TTL = 24 * 3_600
const LONGEST_AGE_MS = 6 * 3_600_000

/** Where the token of a service stands. */
export const tokenFileOf = (home: string, service: ServiceName): string => join(home, "tokens", `${service}.token`)

const write = async (home: string, key: DevKey): Promise<void> => {
  try {
    await mkdir(join(home, "tokens"), { recursive: true, mode: 0o700 })
    await Promise.all(serviceNames.map(async (service) => {
      const path = tokenFileOf(home, service)
      const token = await key.sign({ role: "service", subject: service, ttl: TTL })
      await writeFile(`${path}.new`, `${token}\n`, { mode: 0o600 })
      await rename(`${path}.new`, path)
    }))
  } catch (error) {
    throw new LauncherError(`The data folder ${home} can't be written: ${reasonOf(error)}.`)
  }
}

/**
 * Gives each service a token of its own (role service), and a new one every six hours; the answer ends that. By the clock
 * on the wall, not a long timer: a machine that slept is up to date a minute after it wakes. Fails with a LauncherError.
 */
export const keepServiceTokens = async (
  home: string,
  key: DevKey,
  log: (line: string) => void,
): Promise<() => void> => {
  let written = Date.now()
  await write(home, key)
  const timer = setInterval(async () => {
    if (Date.now() - written < LONGEST_AGE_MS) return
    await write(home, key).then(() => written = Date.now(), (error) => log(error.message))
  }, 60_000)
  return () => clearInterval(timer)
}

/** The front door of a local stack: what it is given, beyond what a service is. */
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { jwksFileOf, locked, replaceFile, revokedFileOf, signingFileOf, textOf } from "../DevKey/Store.ts"
import { root } from "../Home.ts"
import { launchOf, manifestOf } from "./Launch.ts"
import type { Task } from "./Process.ts"
import type { Settings } from "./Settings.ts"

/** Where the key stands that a home's sessions are sealed with. */
export const sessionKeyFileOf = (home: string): string => join(home, "keys", "session.key")

/** Where nobody but this machine gets. */
const loopback = new Set(["127.0.0.1", "::1", "localhost"])

/** Makes that key when there is none, so that sessions outlive a restart. Fails with a LauncherError. */
export const makeSessionKey = async (home: string): Promise<void> => {
  const path = sessionKeyFileOf(home)
  if (await textOf(path) !== undefined) return
  await locked(home, async () => {
    if (await textOf(path) === undefined) await replaceFile(path, `${randomBytes(32).toString("base64url")}\n`)
  })
}

/**
 * How to start the gateway. With a key of our own (`isLocal`) it may sign people in, where it listens on this machine alone:
 * whoever reaches it could be anybody. Its session key has to be there when it begins.
 */
export const gatewayLaunch = async (settings: Settings, isLocal: boolean): Promise<Task["launch"]> => {
  const { home, host } = settings
  const manifest = await manifestOf("gateway")
  return () =>
    launchOf(settings, "gateway", manifest, {
      databaseHost: undefined,
      jwksFile: isLocal ? jwksFileOf(home) : undefined,
      revokedFile: isLocal ? revokedFileOf(home) : undefined,
      tokenFile: undefined,
      own: {
        STINT_SESSION_KEY_FILE: sessionKeyFileOf(home),
        STINT_CONSOLE_DIST: join(root, "apps/console/dist"),
        ...(isLocal && loopback.has(host) ? { STINT_LOCAL_KEY_FILE: signingFileOf(home) } : {}),
      },
    })
}

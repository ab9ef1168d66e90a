/** What `stint login` keeps: the address and the token, in a file that only its owner may read. */
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import type { Env } from "../Io.ts"
import { codeOf, LauncherError, reasonOf } from "../Postgres/LauncherError.ts"

/** Where, and with which token. */
export interface Login {
  readonly url: string
  readonly token: string
}

/** The file, in the user's folder of settings (XDG). */
export const loginPath = ({ HOME, XDG_CONFIG_HOME }: Env): string =>
  join(XDG_CONFIG_HOME || join(HOME || homedir(), ".config"), "stint", "login.json")

/** Reads it; undefined when nobody is signed in. Fails with a LauncherError when it can't be read. */
export const readLogin = async (env: Env): Promise<Login | undefined> => {
  const path = loginPath(env)
  const text = await readTextFile(path).catch((error) => {
    if (codeOf(error) === "ENOENT") return undefined
    throw new LauncherError(`${path} can't be read: ${reasonOf(error)}.`)
  })
  if (text === undefined) return undefined
  try {
    const { token, url } = JSON.parse(text) as Partial<Login>
    if (typeof token === "string" && typeof url === "string") return { url, token }
  } catch { /* said below */ }
  throw new LauncherError(`${path} is damaged: stint logout removes it, stint login writes a new one.`)
}

/** Replaces it, mode 0600. Fails with a LauncherError when it can't be written. */
export const writeLogin = async (env: Env, login: Login): Promise<string> => {
  const path = loginPath(env)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const fresh = `${path}.${Deno.pid}.new`
    await writeFile(fresh, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
    await chmod(fresh, 0o600)
    await rename(fresh, path)
    return path
  } catch (error) {
    throw new LauncherError(`${path} can't be written: ${reasonOf(error)}.`)
  }
}

/** Removes it. */
export const removeLogin = (env: Env): Promise<void> => rm(loginPath(env), { force: true })

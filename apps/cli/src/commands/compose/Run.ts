import { join } from "node:path"
import process from "node:process"
import type { Flags } from "../../Command.ts"
import { type Folders, keepSuperuserPassword, superuserOf, writeVariables } from "../../Compose/Secrets.ts"
import { type DevKey, openDevKey } from "../../DevKey.ts"
import { tendRing } from "../../DevKey/Store.ts"
import { say } from "../../Output.ts"
import { LauncherError } from "../../Postgres/LauncherError.ts"
import { makeSessionKey } from "../../Stack/Gateway.ts"
import { type Keeping, keepServiceTokens, writeServiceFiles } from "../../Stack/ServiceTokens.ts"
import { settingsOf } from "../../Stack/Settings.ts"

const keepingOf = ({ services, vault }: Folders): Keeping => ({
  home: vault,
  folder: services,
  env: process.env,
  log: say,
})

/** What is done with the folders; fails with a LauncherError. */
type Action = (folders: Folders, key: DevKey, postgres: string) => Promise<void>

const actions: Readonly<Record<string, Action>> = {
  keys: async (folders, key) => {
    await keepSuperuserPassword(folders)
    await tendRing(folders.vault)
    await writeServiceFiles(keepingOf(folders), key)
    await makeSessionKey(folders.services)
    say("The signing key, the superuser's password, the sessions' key and the services' tokens are there.")
  },
  migrate: async (folders, key, postgres) => {
    const [{ ping }, { urlOf }, { prepareDatabases }, { run }] = await Promise.all([
      import("../../Db/Ping.ts"),
      import("../../Provision.ts"),
      import("../../Provision/Embedded.ts"),
      import("../../Stack/Databases.ts"),
    ])
    const server = await superuserOf(folders, postgres)
    const { ok, outcome } = await run(settingsOf({}), ping(urlOf(server, server.user, server.password, "postgres")))
    if (!ok) throw new LauncherError(`Postgres at ${postgres}, as ${server.user}: ${outcome.replaceAll("\n", " ")}.`)
    const databases = await run(settingsOf({}), prepareDatabases(folders.vault, server))
    await writeVariables(folders, key, databases)
    say("The databases are at the schema of this program.")
  },
  tokens: async (folders) => {
    const ended = new Promise<void>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, resolve)
    })
    const stop = await keepServiceTokens(keepingOf(folders))
    say("The services' tokens are new; they are replaced every few minutes.")
    await ended
    stop()
  },
}

/** What `stint compose` does. */
export const perform = async (flags: Flags): Promise<number> => {
  const folder = String(flags.folder)
  const folders: Folders = {
    vault: join(folder, "vault"),
    superuser: join(folder, "superuser"),
    services: join(folder, "services"),
  }
  await actions[String(flags.action)]!(folders, await openDevKey(folders.vault, process.env), String(flags.postgres))
  return 0
}

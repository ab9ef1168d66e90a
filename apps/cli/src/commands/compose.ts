import { join } from "node:path"
import process from "node:process"
import type { Command } from "../Command.ts"
import { type Folders, keepSuperuserPassword, superuserOf, writeVariables } from "../Compose/Secrets.ts"
import { type DevKey, openDevKey } from "../DevKey.ts"
import { tendRing } from "../DevKey/Store.ts"
import { say } from "../Output.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { type Keeping, keepServiceTokens, writeServiceFiles } from "../Stack/ServiceTokens.ts"
import { settingsOf } from "../Stack/Settings.ts"

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
    say("The signing key, the superuser's password and the services' tokens are there.")
  },
  migrate: async (folders, key, postgres) => {
    const [{ ping }, { urlOf }, { prepareDatabases }, { run }] = await Promise.all([
      import("../Db/Ping.ts"),
      import("../Provision.ts"),
      import("../Provision/Embedded.ts"),
      import("../Stack/Databases.ts"),
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

/** `stint compose`: what docker-compose.yml runs beside Postgres and the services. */
export const compose: Command = {
  about: "What docker-compose.yml runs beside Postgres and the services; see docs/compose.md.",
  actions: {
    keys: {
      about: "makes the signing key and the superuser's password, where they are missing, and the services' tokens",
    },
    migrate: {
      about:
        "makes the databases and their roles, brings them to the schema of this program, and writes the services' urls",
    },
    tokens: {
      about: "keeps the services' tokens, the public keys and the list of what is revoked new, until it is told to end",
    },
  },
  flags: {
    folder: {
      value: "FOLDER",
      about: "where vault (the signing key, all passwords), superuser (its password) and services (what they read) are",
      default: "/var/lib/stint",
    },
    postgres: { value: "ADDRESS", about: "where Postgres listens", default: "postgres:5432" },
  },
  run: async (flags) => {
    const folder = String(flags.folder)
    const folders: Folders = {
      vault: join(folder, "vault"),
      superuser: join(folder, "superuser"),
      services: join(folder, "services"),
    }
    await actions[String(flags.action)]!(folders, await openDevKey(folders.vault, process.env), String(flags.postgres))
    return 0
  },
}

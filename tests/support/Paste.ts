/** Scripts run as a person pastes them: whole, by psql where there is one, else as one statement. */
import { PgClient } from "@effect/sql-pg"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { parsePgUrl } from "@stint/edge/Pg/Url"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { execFileSync, spawn } from "node:child_process"

/** Whether this machine has psql. */
export const hasPsql = (() => {
  try {
    return execFileSync("psql", ["--version"], { stdio: "pipe" }).length > 0
  } catch {
    return false
  }
})()

/** Feeds psql a text as an SQL editor would, and answers with what it printed; fails on the first error. */
const psql = (url: Redacted.Redacted, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { database, host, password = "", port, user } = parsePgUrl(Redacted.value(url))
    const child = spawn("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"], {
      env: {
        PATH: process.env.PATH,
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
        PGOPTIONS: "-c client_min_messages=warning",
      },
    })
    let out = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => out += chunk)
    child.on("close", (code) => code === 0 ? resolve(out) : reject(new Error(out)))
    child.stdin.end(text)
  })

/** A client of its own for a scope. */
export const clientOf = (url: Redacted.Redacted) =>
  PgClient.makeClient(connectionOf(url)).pipe(Effect.provide(Reactivity.layer), Effect.orDie)

/** Runs scripts one after the other, in one session. */
export const paste = (url: Redacted.Redacted, ...scripts: ReadonlyArray<string>) =>
  hasPsql ? Effect.promise(() => psql(url, scripts.join("\n"))) : Effect.scoped(Effect.gen(function* () {
    const sql = yield* clientOf(url)
    for (const script of scripts) {
      yield* sql.unsafe(`do $paste$ begin execute $pasted$${script}$pasted$; end $paste$`).unprepared.pipe(Effect.orDie)
    }
    return ""
  }))

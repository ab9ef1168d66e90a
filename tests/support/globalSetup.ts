/**
 * One Postgres for a whole test run, with migrated template databases of each service: an embedded one that is thrown away,
 * or the one that STINT_TEST_DATABASE_URL names (a superuser's connection string). What was made is removed.
 */
import { removeAbandonedThrowaways, startThrowaway } from "@stint/cli/Postgres/Throwaway"
import { fromPrepared } from "@stint/cli/Prepared"
import { newPasswords, type Passwords, type Server } from "@stint/cli/Provision"
import { embeddedPrefix, readPasswords } from "@stint/cli/Provision/Roles"
import { Effect } from "effect"
import type { TestProject } from "vitest/node"
import { addClocked, prepareTemplates } from "./Templates.ts"

/** What the tests of a run need to reach its Postgres. */
export interface TestServer {
  readonly server: Server
  readonly prefix: string
  readonly passwords: Passwords
}

declare module "vitest" {
  export interface ProvidedContext {
    testServer: TestServer
  }
}

/** The word in the names of folders of the tests' servers. */
const NAME = "test"

/** How many bytes the tests' databases may need: beside a million rows some dozen copies. */
const ROOM = 8e9

const given = (url: string): Server => {
  const { hostname, password, port, username } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  }
}

/** The prepared folder of the tests has the templates with a clock too. */
const prepared = fromPrepared({
  name: "tests",
  sources: ["./Templates.ts", "./DatabaseClock.ts"].map((path) => new URL(path, import.meta.url)),
  add: (server, databases) => Effect.runPromise(addClocked(server, databases)),
})

export default async function setup(project: TestProject) {
  const url = process.env.STINT_TEST_DATABASE_URL
  if (url !== undefined) {
    const server = given(url)
    // A server that others may use too
    const prefix = `stint_t${process.pid}_${crypto.randomUUID().slice(0, 8)}`
    const passwords = newPasswords(prefix)
    const templates = await Effect.runPromise(prepareTemplates(server, prefix, passwords))
    project.provide("testServer", { server, prefix, passwords })
    return () => Effect.runPromise(templates.remove)
  }
  await removeAbandonedThrowaways(NAME)
  const postgres = await startThrowaway({
    name: NAME,
    room: ROOM,
    log: (line) => console.error(line),
    make: prepared,
    settings: { max_connections: "300" },
  })
  const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
  project.provide("testServer", { server, prefix: embeddedPrefix, passwords: (await readPasswords(postgres.home))! })
  return () => postgres.stop()
}

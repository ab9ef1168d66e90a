/**
 * One Postgres for a whole test run, with a migrated template database for each service: an embedded one in a temporary
 * folder, or the one that STINT_TEST_DATABASE_URL names (a superuser's connection string). What was made is removed.
 */
import { newPasswords, type Passwords, prepareTemplates, type Server } from "./Templates.ts"
import { startPostgres } from "@stint/cli/Postgres"
import { endPostmaster, isAlive, readPostmaster } from "@stint/cli/Postgres/Postmaster"
import { Effect } from "effect"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"

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

const folderPrefix = "stint-test-"

/** Ends what a killed run left behind: its folder's name holds the run's process id. */
const sweep = async () => {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^stint-test-(\d+)-/.exec(name)?.[1])
    if (!(pid > 0) || isAlive(pid)) continue
    const data = join(tmpdir(), name, "postgres")
    const postmaster = await readPostmaster(data)
    if (postmaster !== undefined) await endPostmaster(postmaster.pid, data, 5_000, () => {})
    await rm(join(tmpdir(), name), { recursive: true, force: true })
  }
}

const given = (url: string): Server => {
  const { hostname, password, port, username } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  }
}

export default async function setup(project: TestProject) {
  const url = process.env.STINT_TEST_DATABASE_URL
  const prefix = `stint_t${process.pid}_${crypto.randomUUID().slice(0, 8)}`
  const passwords = newPasswords(prefix)
  if (url !== undefined) {
    const server = given(url)
    const templates = await Effect.runPromise(prepareTemplates(server, prefix, passwords))
    project.provide("testServer", { server, prefix, passwords })
    return () => Effect.runPromise(templates.remove)
  }
  await sweep()
  const home = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  const postgres = await startPostgres({
    home,
    log: (line) => console.error(line),
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" },
  })
  const teardown = async () => {
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
    await Effect.runPromise(prepareTemplates(server, prefix, passwords))
    project.provide("testServer", { server, prefix, passwords })
    return teardown
  } catch (error) {
    await teardown()
    throw error
  }
}

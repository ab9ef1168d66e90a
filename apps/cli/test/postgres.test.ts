import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { type ChildProcess, spawn } from "node:child_process"
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, afterEach, assert, describe, it } from "vitest"
import { type PostgresOptions, type RunningPostgres, startPostgres } from "../src/Postgres.ts"
import { chooseAccount } from "../src/Postgres/Account.ts"
import { LauncherError } from "../src/Postgres/LauncherError.ts"
import { isPostmasterOf, readPostmaster } from "../src/Postgres/Postmaster.ts"
import { lastWords } from "../src/Postgres/Server.ts"
import { prepareDatabases } from "../src/Provision/Embedded.ts"
import { services } from "../src/Provision/Roles.ts"
import { until } from "../../../tests/support/Until.ts"

const folders: Array<string> = []
const running: Array<RunningPostgres> = []
const lines: Array<string> = []

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "stint-launcher-"))
  folders.push(folder)
  return folder
}

const start = async (home: string, options: Partial<PostgresOptions> = {}): Promise<RunningPostgres> => {
  const postgres = await startPostgres({ home, log: (line) => lines.push(line), ...options })
  running.push(postgres)
  return postgres
}

const refusal = (promise: Promise<unknown>): Promise<LauncherError> =>
  promise.then(() => assert.fail("it started"), (error) => {
    assert.instanceOf(error, LauncherError)
    assert.notInclude(error.message, "\n")
    return error
  })

const serverOf = ({ host, port, superuser }: RunningPostgres) => ({ host, port, ...superuser })

/** The rows of a query on a database, as a role given in the url or as the superuser. */
const query = (postgres: RunningPostgres, sql: string, url?: string): Promise<ReadonlyArray<object>> =>
  PgClient.makeClient({
    url: Redacted.make(
      url ?? `postgres://postgres:${postgres.superuser.password}@127.0.0.1:${postgres.port}/postgres`,
    ),
  }).pipe(
    Effect.flatMap((client) => client.unsafe<object>(sql)),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.runPromise,
  )

/** A child process that starts the home's Postgres and can be killed; `said` is its only line. */
const holder = (home: string): { child: ChildProcess; said: Promise<Record<string, unknown>> } => {
  const child = spawn(Deno.execPath(), ["run", "-A", join(import.meta.dirname!, "support/holdPostgres.ts"), home], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const said = new Promise<Record<string, unknown>>((resolve) =>
    child.stdout!.once("data", (chunk) => resolve(JSON.parse(String(chunk))))
  )
  return { child, said }
}

const killed = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.once("exit", () => resolve())
    child.kill("SIGKILL")
  })

afterEach(async () => {
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()))
})

afterAll(async () => {
  for (const folder of folders) {
    const memory = await readFile(join(folder, "postgres.json"), "utf8").catch(() => "{}")
    const { base } = JSON.parse(memory) as { base?: string }
    if (base !== undefined) await rm(base, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  }
})

describe("an embedded Postgres", () => {
  it("starts in an empty home beside other files, keeps its data, and keeps to itself", async () => {
    const home = await newFolder()
    await writeFile(join(home, "other"), "mine")
    const first = await start(home)
    assert.isFalse(first.adopted)
    await query(first, "create table kept (id int)")
    const [row] = await query(
      first,
      `select current_setting('data_checksums') as checksums, current_setting('server_encoding') as encoding,
        current_setting('fsync') as fsync, (select datcollate from pg_database where datname = 'postgres') as collate`,
    )
    assert.deepStrictEqual(row, { checksums: "on", encoding: "UTF8", fsync: "on", collate: "C" })
    assert.strictEqual((await stat(join(home, "postgres.json"))).mode & 0o777, 0o600)
    assert.strictEqual((await stat(first.socketDir)).mode & 0o777, 0o700)
    const wrong = `postgres://postgres:wrong@127.0.0.1:${first.port}/postgres`
    await query(first, "select 1", wrong).then(() => assert.fail("no password needed"), () => {})
    await first.stop()
    const second = await start(home)
    assert.strictEqual(second.port, first.port)
    assert.deepStrictEqual(await query(second, "select count(*)::int as n from kept"), [{ n: 0 }])
    assert.strictEqual(await readFile(join(home, "other"), "utf8"), "mine")
  })

  it("is adopted after its launcher was killed, and stopped by the one that adopted it", async () => {
    const home = await newFolder()
    const { child, said } = holder(home)
    const { port } = await said
    await killed(child)
    const adopted = await start(home)
    assert.isTrue(adopted.adopted)
    assert.strictEqual(adopted.port, port)
    assert.deepStrictEqual(await query(adopted, "select 1 as one"), [{ one: 1 }])
    const pid = (await readPostmaster(join(home, "postgres")))!.pid
    await adopted.stop()
    assert.isFalse(await isPostmasterOf(pid, join(home, "postgres")))
  })

  it("is ended and started anew when it was left behind and does not answer", async () => {
    const home = await newFolder()
    const { child, said } = holder(home)
    await said
    await killed(child)
    const left = (await readPostmaster(join(home, "postgres")))!.pid
    process.kill(left, "SIGSTOP")
    const anew = await start(home)
    assert.isFalse(anew.adopted)
    assert.notStrictEqual((await readPostmaster(join(home, "postgres")))!.pid, left)
  })

  it("of two launchers at once on one home one starts it, the other is refused in one sentence", async () => {
    const home = await newFolder()
    const both = [holder(home), holder(home)]
    const said = await Promise.all(both.map(({ said }) => said))
    assert.strictEqual(said.filter(({ port }) => port !== undefined).length, 1)
    assert.match(String(said.find(({ failure }) => failure !== undefined)?.failure), /^Another stint .* is using .*\.$/)
    await Promise.all(both.map(({ child }) => child.exitCode === null ? killed(child) : undefined))
    await (await start(home)).stop()
  })

  it("comes back on its port when it is killed", async () => {
    const home = await newFolder()
    const postgres = await start(home)
    const before = (await readPostmaster(join(home, "postgres")))!.pid
    process.kill(before, "SIGKILL")
    await until("it answers again", () => query(postgres, "select 1"))
    assert.notStrictEqual((await readPostmaster(join(home, "postgres")))!.pid, before)
    assert.isTrue(lines.some((line) => line.includes("ended by itself")))
    await until("it is said to be back", () => lines.some((line) => line.startsWith("Postgres is back (process ")))
  })

  it("of a log in which killed backends speak as well, the postmaster's own last words count", async () => {
    const log = join(await newFolder(), "postgres.log")
    const dying = (pid: number) =>
      `2026-11-24 22:46:15.804 UTC [${pid}] stint_catalog FATAL:  terminating connection due to unexpected postmaster exit\n`
    const own =
      "2026-11-24 22:46:15.810 UTC [22975]  FATAL:  pre-existing shared memory block (key 2417090) is in use\n"
    await writeFile(log, dying(22973) + own + dying(22835))
    assert.match(await lastWords(log, 0, 22975), /^pre-existing shared memory block/)
    assert.match(await lastWords(log, dying(22973).length + own.length, 22975), /^terminating connection/)
  })

  it("takes another port when its own is taken, and ignores a pid file that names another process", async () => {
    const home = await newFolder()
    const first = await start(home)
    await first.stop()
    const thief = createServer().listen(first.port, "127.0.0.1")
    await writeFile(join(home, "postgres", "postmaster.pid"), `${process.pid}\n${home}\n0\n${first.port}\n`)
    const second = await start(home)
    thief.close()
    assert.notStrictEqual(second.port, first.port)
  })

  it("says in one sentence why it can't start", async () => {
    const home = await newFolder()
    await writeFile(join(home, "file"), "")
    assert.match((await refusal(start(join(home, "file", "home")))).message, /can't be made/)
    const foreign = await newFolder()
    await mkdir(join(foreign, "postgres"))
    await writeFile(join(foreign, "postgres", "letter"), "")
    assert.match((await refusal(start(foreign))).message, /holds files, but no database/)
    const broken = refusal(start(home, { settings: { shared_buffers: "much" } }))
    assert.match((await broken).message, /shared_buffers/)
  })

  it("finds a short place for the socket when the home's path is long", async () => {
    const home = join(await newFolder(), "a".repeat(100))
    const postgres = await start(home)
    assert.isBelow(postgres.socketDir.length, 90)
    await postgres.stop()
    await rm(postgres.socketDir, { recursive: true, force: true })
  })

  it("gives every service a database of its own and no way into another's", async () => {
    const home = await newFolder()
    const postgres = await start(home)
    const databases = await Effect.runPromise(prepareDatabases(home, serverOf(postgres)))
    for (const service of services) {
      const own = Redacted.value(databases[service].databaseUrl)
      assert.deepStrictEqual(await query(postgres, "select current_user::text as me", own), [{
        me: `stint_${service}`,
      }])
      for (const other of ["postgres", "template1", ...services.filter((name) => name !== service)]) {
        const name = services.includes(other as typeof service) ? `stint_${other}` : other
        const foreign = own.replace(/[^/]+$/, name)
        await query(postgres, "select 1", foreign).then(() => assert.fail(`${service} reaches ${name}`), () => {})
      }
    }
    await rm(join(home, "database-roles.json"))
    const again = await Effect.runPromise(prepareDatabases(home, serverOf(postgres)))
    await query(postgres, "select 1", Redacted.value(again.catalog.databaseUrl))
  })
})

const isRoot = Deno.uid() === 0
const mayUnshare = isRoot && await chooseAccount("namespace").then(() => true, () => false)

describe.skipIf(!isRoot)("as root (skipped for an ordinary user)", () => {
  it.skipIf(!mayUnshare)(
    "runs in a user namespace, below a 0700 folder (skipped where that is forbidden)",
    async () => {
      const closed = await newFolder()
      await chmod(closed, 0o700)
      const postgres = await start(join(closed, "home"), { rootWay: "namespace" })
      assert.deepStrictEqual(await query(postgres, "select 1 as one"), [{ one: 1 }])
      assert.strictEqual((await stat(join(closed, "home", "postgres"))).uid, 0)
    },
  )

  it("runs under an unprivileged user, with the data where that user can reach it", async () => {
    const closed = await newFolder()
    await chmod(closed, 0o700)
    const home = join(closed, "home")
    folders.push(home)
    const first = await start(home, { rootWay: "user" })
    assert.notStrictEqual((await stat(dirname(first.socketDir))).uid, 0)
    await query(first, "create table kept (id int)")
    await first.stop()
    const open = await newFolder()
    await chmod(open, 0o755)
    const second = await start(join(open, "home"), { rootWay: "user" })
    assert.strictEqual(dirname(second.socketDir), join(open, "home"))
    // The data of one way serves the other
    const back = await start(home, mayUnshare ? { rootWay: "namespace" } : { rootWay: "user" })
    assert.deepStrictEqual(await query(back, "select count(*)::int as n from kept"), [{ n: 0 }])
  })
})

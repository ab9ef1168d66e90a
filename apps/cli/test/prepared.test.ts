/** Homes that begin as copies of one prepared folder: each with passwords of its own, whoever is killed in between. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { spawn } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { startPostgres } from "../src/Postgres.ts"
import { readRecord } from "../src/Postgres/Home.ts"
import { fromPrepared } from "../src/Prepared.ts"
import { keepIn, takeFrom } from "../src/Prepared/Cache.ts"
import { urlOf } from "../src/Provision.ts"
import { prepareDatabases } from "../src/Provision/Embedded.ts"
import { readPasswords, services } from "../src/Provision/Roles.ts"

const folders: Array<string> = []
const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "stint-prepared-"))
  folders.push(folder)
  return folder
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

const start = (home: string) => startPostgres({ home, log: () => {}, make: fromPrepared() })

/** The first row of a query, or undefined when we are not let in. */
const ask = async (url: Redacted.Redacted, statement: string) => {
  const exit = await PgClient.makeClient({ url }).pipe(
    Effect.flatMap((sql) => sql.unsafe<Record<string, unknown>>(statement)),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.runPromiseExit,
  )
  return Exit.isSuccess(exit) ? exit.value[0] : undefined
}

describe("a home that begins with the prepared databases", () => {
  it("has checksums, the schema of this program, and no password that another home has", async () => {
    const [one, other] = [await newFolder(), await newFolder()]
    const postgres = await start(one)
    const neighbour = await start(other)
    try {
      const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
      const checksums = "select current_setting('data_checksums') as checksums"
      assert.deepStrictEqual(await ask(urlOf(server, server.user, server.password, "postgres"), checksums), {
        checksums: "on",
      })
      const [mine, theirs] = [(await readPasswords(one))!, (await readPasswords(other))!]
      for (const service of services) {
        const applied = "select count(*) > 1 as applied from schema_ledger"
        const role = `stint_${service}`
        assert.deepStrictEqual(await ask(urlOf(server, role, mine[role]!, role), applied), { applied: true })
        assert.isUndefined(await ask(urlOf(server, role, theirs[role]!, role), applied))
      }
      const foreign = neighbour.superuser.password
      assert.isUndefined(await ask(urlOf(server, server.user, foreign, "postgres"), checksums))
    } finally {
      await Promise.all([postgres.stop(), neighbour.stop()])
    }
  })

  it.each(["before the passwords are set", "before the data has its name"])(
    "is made anew when its launcher was killed %s",
    async (moment) => {
      const home = await newFolder()
      const child = spawn(Deno.execPath(), [
        "run",
        "-A",
        join(import.meta.dirname!, "support/dieMaking.ts"),
        home,
        moment,
      ])
      assert.strictEqual(await new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal))), "SIGKILL")
      assert.lengthOf((await readdir(home)).filter((name) => name.startsWith("postgres.new-")), 1)
      const known = await readRecord(home)
      const postgres = await start(home)
      try {
        assert.strictEqual(postgres.superuser.password, known!.password)
        const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
        const { hiring } = await Effect.runPromise(prepareDatabases(home, server))
        assert.deepStrictEqual(await ask(hiring.databaseUrl, "select 1 as one"), { one: 1 })
        assert.lengthOf((await readdir(home)).filter((name) => name.startsWith("postgres.new-")), 0)
      } finally {
        await postgres.stop()
      }
    },
  )
})

/** Removes the empty directories of a folder, as a program that cleans up does. */
const removeEmpty = async (folder: string) => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeEmpty(join(folder, entry.name))
  }
  if ((await readdir(folder)).length === 0) await rmdir(folder)
}

/** Overwrites a file with as many zeros: the count of bytes does not show it. */
const zero = async (path: string) => await writeFile(path, new Uint8Array((await stat(path)).size))

describe("a damaged cache", () => {
  it("is replaced by the next new home, which starts", async () => {
    const cache = await newFolder()
    let made = 0
    const startNew = async () => {
      const make = fromPrepared({ keptIn: [cache], onMake: () => made++ })
      const lines: Array<string> = []
      const home = await newFolder()
      const postgres = await startPostgres({ home, log: (line) => lines.push(line), make })
      try {
        const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
        const url = urlOf(server, server.user, server.password, "stint_hiring")
        const applied = "select count(*) > 1 as applied from schema_ledger"
        assert.deepStrictEqual(await ask(url, applied), { applied: true })
      } finally {
        await postgres.stop()
        await rm(home, { recursive: true, force: true })
      }
      return lines
    }
    assert.deepStrictEqual([await startNew(), made], [[], 1])
    const kept = join(cache, (await readdir(cache))[0]!)
    const data = join(kept, "data")
    // Seen by the extent, when the passwords are set, and when Postgres starts
    const damages: ReadonlyArray<readonly [string, () => Promise<void>, isLogged: boolean]> = [
      ["no empty directories", () => removeEmpty(data), false],
      ["a file of zeros that the passwords need", () => zero(join(data, "global", "pg_control")), true],
      ["a file of zeros that the start needs", () => zero(join(data, "pg_hba.conf")), true],
    ]
    for (const [damage, inflict, isLogged] of damages) {
      await inflict()
      const before = made
      const lines = await startNew()
      assert.strictEqual(made, before + 1, damage)
      assert.strictEqual(lines.some((line) => line.includes(kept)), isLogged, `${damage}: ${lines.join()}`)
    }
    // The last replacement can be copied too, as each before it could be damaged
    assert.deepStrictEqual([await startNew(), made], [[], damages.length + 1])
  })
})

describe("the folder of prepared data", () => {
  const fill = async () => {
    const data = await newFolder()
    await mkdir(join(data, "base", "1"), { recursive: true })
    await writeFile(join(data, "base", "1", "rows"), "rows")
    await mkdir(join(data, "pg_notify"))
    await writeFile(join(data, "PG_VERSION"), "18\n")
    return data
  }

  it("is kept once by several makers at a time, and copied whole", async () => {
    const [data, place] = [await fill(), await newFolder()]
    await Promise.all([1, 2, 3].map(() => keepIn("key", data, [place])))
    assert.deepStrictEqual(await readdir(place), ["key"])
    const copy = await newFolder()
    assert.strictEqual(await takeFrom("key", copy, [place]), join(place, "key"))
    assert.strictEqual(await readFile(join(copy, "base", "1", "rows"), "utf8"), "rows")
    assert.isUndefined(await takeFrom("another key", copy, [place]))
  })

  it.each<readonly [string, (kept: string) => Promise<void>]>([
    ["a file is gone", (kept) => rm(join(kept, "data", "base", "1", "rows"))],
    ["a file is truncated", (kept) => truncate(join(kept, "data", "base", "1", "rows"), 1)],
    ["an empty directory is gone", (kept) => rmdir(join(kept, "data", "pg_notify"))],
    ["all data is gone", (kept) => rm(join(kept, "data"), { recursive: true })],
    ["its extent is gone", (kept) => rm(join(kept, "extent.json"))],
    ["its extent is truncated", (kept) => truncate(join(kept, "extent.json"), 3)],
  ])("is not used when %s, and leaves nothing behind then", async (_, damage) => {
    const [data, place, copy] = [await fill(), await newFolder(), await newFolder()]
    await keepIn("key", data, [place])
    await damage(join(place, "key"))
    assert.isUndefined(await takeFrom("key", copy, [place]))
    assert.deepStrictEqual([await readdir(copy), await readdir(place)], [[], []])
  })

  it("is kept in the next place when the first can't be written", async () => {
    const [data, first, second] = [await fill(), await newFolder(), await newFolder()]
    await writeFile(join(first, "file"), "")
    await keepIn("key", data, [join(first, "file", "cache"), second])
    assert.deepStrictEqual(await readdir(second), ["key"])
  })
})

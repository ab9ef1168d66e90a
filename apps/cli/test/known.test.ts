/** When a start takes its databases as the last one left them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { embeddedPrefix, keepPasswords, newPasswords } from "../src/Provision/Roles.ts"
import { keepSchema } from "../src/Provision/Schema.ts"
import { knownUrls, type OwnDatabases } from "../src/Stack/Known.ts"
import type { Placed, Storage } from "../src/Stack/Storage.ts"

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stint-known-"))
})
afterEach(() => rm(home, { recursive: true }))

const superuser = { user: "postgres", password: "p".repeat(32) }
const place = (storage: Storage): Placed => ({ service: "hiring", manifest: { env: [] }, storage })
const server = (password = superuser.password) =>
  ({
    kind: "embedded",
    postgres: { home, host: "127.0.0.1", port: 5432, superuser: { ...superuser, password } },
  }) as unknown as OwnDatabases
const urls = (storage: Storage = { kind: "embedded" }, password?: string) =>
  knownUrls([place(storage)], [server(password)])

describe("the databases that a start finds", () => {
  it("are known by the scripts that they were made of, with the passwords of the home", async () => {
    const passwords = newPasswords(embeddedPrefix)
    await keepPasswords(home, passwords)
    await keepSchema(home, superuser)
    assert.deepStrictEqual(await urls(), {
      hiring: `postgres://stint_hiring:${passwords.stint_hiring}@127.0.0.1:5432/stint_hiring`,
    })
  })

  it("are looked at where the home has no passwords, or knows no scripts, or others", async () => {
    assert.isUndefined(await urls())
    await keepPasswords(home, newPasswords(embeddedPrefix))
    assert.isUndefined(await urls())
    await keepSchema(home, superuser)
    assert.isDefined(await urls())
    const path = join(home, "database-schema.json")
    await writeFile(path, (await readFile(path, "utf8")).replace(/[0-9a-f]{8}/, "00000000"))
    assert.isUndefined(await urls())
  })

  it("are looked at where a password is not the one of the last start", async () => {
    await keepPasswords(home, newPasswords(embeddedPrefix))
    await keepSchema(home, superuser)
    assert.isUndefined(await urls({ kind: "embedded" }, "q".repeat(32)))
    assert.isDefined(await urls())
    await keepPasswords(home, newPasswords(embeddedPrefix))
    assert.isUndefined(await urls())
  })

  it("are looked at where they were given", async () => {
    await keepPasswords(home, newPasswords(embeddedPrefix))
    await keepSchema(home, superuser)
    const given = { databaseUrl: "postgres://a@b/c", migrateUrl: "postgres://a@b/c" }
    assert.isUndefined(await urls({ kind: "given", urls: given }))
  })
})

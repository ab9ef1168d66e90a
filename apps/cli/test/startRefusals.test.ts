/** What `stint` refuses, and in which words. */
import { mkdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { openDevKey } from "../src/DevKey.ts"
import { services } from "../src/Provision.ts"
import { settingsOf } from "../src/Stack/Settings.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, newFolder } from "./support/launcher.ts"
import { place, refusal, refused } from "./support/stack.ts"

afterAll(cleanUp)

const exists = (path: string) => stat(path).then(() => true, () => false)

describe("stint start says in one sentence", () => {
  it("that STINT_PORT_BASE is no port", async () => {
    const says = /STINT_PORT_BASE is/
    assert.match(await refusal({ STINT_HOME: await newFolder(), STINT_PORT_BASE: "soon" }), says)
    // where it decides that
    for (const bad of ["65532", "0", "41.5", "-1"]) assert.throws(() => settingsOf({ STINT_PORT_BASE: bad }), says)
  })

  it("that a port is in use, before anything is made", async () => {
    const { base, env, home } = await place()
    const thief = createServer((socket) => socket.destroy()).listen(base + 3, "127.0.0.1")
    await new Promise((resolve) => thief.once("listening", resolve))
    try {
      assert.match(await refused(env), /Port \d+, which deliverables needs, is in use/)
    } finally {
      thief.close()
    }
    assert.isFalse(await exists(join(home, "postgres.json")))
  })

  it("that the home can't be written", async () => {
    const { env, home } = await place()
    await writeFile(join(home, "file"), "")
    assert.match(await refused({ ...env, STINT_HOME: join(home, "file", "home") }), /can't be written/)
  })

  it("that a file of the home is not what it should be, and what to do", async () => {
    const { env, home } = await place()
    await mkdir(join(home, "postgres.lock"))
    assert.match(await refused(env), /postgres\.lock is a folder/)
    await rmdir(join(home, "postgres.lock"))
    await writeFile(join(home, "postgres.json"), `{"user":"postgres","pass`)
    assert.match(await refused(env), /postgres\.json, .* is damaged: put back a copy/)
    await rm(join(home, "postgres.json"))

    // makes the home's databases as a start does
    assert.strictEqual((await launch(["db", "migrate"], env).end).status, 0)
    const spoil = async (name: string) => {
      const text = await readFile(join(home, name), "utf8")
      await writeFile(join(home, name), text.replaceAll(/"[\w-]{32}"/g, `"${"x".repeat(32)}"`))
      return () => writeFile(join(home, name), text)
    }
    const restore = await spoil("postgres.json")
    assert.match(await refused(env), /The password in \S+postgres\.json is not that of the database/)
    await restore()
    await spoil("database-roles.json")
    assert.match(await refused(env), /The passwords in \S+database-roles\.json are not those .*: remove that file/)
    await rm(join(home, "database-roles.json"))
    const healed = launch(["start", "--no-sample"], env)
    await healed.line(/^ready/)
    healed.signal("SIGINT")
    assert.strictEqual((await healed.end).status, 0)
  })

  it("that its path has a comma", async () => {
    const { env, home } = await place()
    assert.match(await refused({ ...env, STINT_HOME: join(home, "a,b") }), /has a comma in its path/)
  })

  it("that a Postgres does not answer", async () => {
    const { base, env, home } = await place()
    const urls = services.map((
      service,
    ) => [`${service.toUpperCase()}_DATABASE_URL`, `postgres://me:secret@127.0.0.1:${base}/x`])
    const text = await refused({ ...env, ...Object.fromEntries(urls) })
    assert.match(text, /^The Postgres of \w+ at 127\.0\.0\.1:\d+ does not answer[^\n]+\.$/)
    assert.notInclude(text, "secret")
    assert.isFalse(await exists(join(home, "postgres")))
  })

  it("that a url is half given, or none", async () => {
    const { env } = await place()
    assert.match(await refused({ ...env, HIRING_MIGRATE_URL: "postgres://me@127.0.0.1/x" }), /HIRING_DATABASE_URL/)
    assert.match(
      await refused({ ...env, HIRING_DATABASE_URL: "mysql://me:secret@127.0.0.1/x" }),
      /^HIRING_DATABASE_URL is no/,
    )
    assert.match(await refused({ ...env, STINT_JWKS_URL: "http://127.0.0.1:1/jwks" }), /CATALOG_TOKEN_FILE/)
  })
})

describe("the command line", () => {
  it.each([
    [["dance"], /no command "dance"/],
    [[], /which command/],
    [["start", "--fast"], /'--fast'/],
    [["start", "now"], /'now'/],
    [["token", "--role", "boss", "--subject", "me"], /--role/],
    [["token", "--role", "viewer"], /--subject/],
    [["token", "--role", "--subject", "me"], /'--role' argument is ambiguous\. stint --help/],
    [["token", "--role", "viewer", "--subject", "a b"], /--subject/],
    [["demo", "--within", "soon"], /--within/],
    [["demo", "--within", "60s"], /at least 80s/],
    [["token", "--role", "viewer", "--subject", "me", "--ttl", "soon"], /--ttl/],
    [["token", "--role", "viewer", "--subject", "me", "--ttl", "0h"], /--ttl/],
    [["token", "--role", "viewer", "--subject", "me", "--ttl", "25h"], /--ttl/],
    [["token", "--role", "operator", "--subject", "system"], /--subject system is the system's own name/],
    [["token", "--role", "service", "--subject", "hiring"], /--to catalog/],
    [["token", "--role", "viewer", "--subject", "me", "--to", "hiring"], /--to goes with --role service/],
    [["token", "revoke"], /--subject NAME/],
    [["token", "revoke", "--jti", "a", "--for-good"], /--for-good/],
    [["token", "revoke", "--subject", "me", "--issued-before", "soon"], /--issued-before/],
    [["keys"], /Say one of list, rotate, revoke/],
    [["keys", "revoke"], /Say revoke KID/],
    [["keys", "rotate", "--lead", "soon"], /--lead/],
  ])("refuses %j", async (args, says) => {
    const { err, out, status } = await invoke(args, { env: { STINT_HOME: await newFolder() } })
    assert.deepStrictEqual([status, out], [2, ""])
    assert.match(err, says)
    assert.match(err, /^stint: [^\n]+\n$/)
  })

  it.each([[["dance"]], [["start", "--fast"]]])("refuses %j as a process", async (args) => {
    const { status, text } = await launch(args, { STINT_HOME: await newFolder() }).end
    assert.strictEqual(status, 2)
    assert.match(text, /^stint: [^\n]+\n$/)
  })

  it("says which version it is", async () => {
    const { status, text } = await launch(["--version"]).end
    assert.strictEqual(status, 0)
    assert.match(text, /^\d+\.\d+\.\d+\n$/)
  })

  it("D16: a token is of a stack that there is: where none is, no key is made", async () => {
    const home = join(await newFolder(), "home")
    for (const args of [["--role", "viewer", "--subject", "me"], ["revoke", "--subject", "me"]]) {
      const { err, status } = await invoke(["token", ...args], { env: { STINT_HOME: home } })
      assert.strictEqual(status, 1)
      assert.match(err, /^stint: There is no stack in [^\n]+ start one with stint start/)
    }
    assert.isFalse(await exists(home))
  })

  it("tokens are signed with the key of their stack, and end when they should", async () => {
    const env = { STINT_HOME: join(await newFolder(), "home") }
    await openDevKey(env.STINT_HOME, {})
    const signed = async (...args: ReadonlyArray<string>) => {
      const { status, text } = await launch(["token", ...args], env).end
      assert.strictEqual(status, 0)
      return text.trim()
    }
    const [first, second] = await Promise.all([
      signed("--role", "viewer", "--subject", "me", "--ttl", "90s"),
      signed("--role", "operator", "--subject", "it"),
    ])
    const partOf = (token: string, index: number) =>
      JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(token.split(".")[index]!, { alphabet: "base64url" })))
    assert.strictEqual(partOf(first, 0).kid, partOf(second, 0).kid)
    const { exp, iat, role, sub } = partOf(first, 1)
    assert.deepStrictEqual({ role, sub, ttl: exp - iat }, { role: "viewer", sub: "me", ttl: 90 })
  })
})

import { Effect, Exit, Redacted, Scope } from "effect"
import { execFile } from "node:child_process"
import { mkdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, describe, inject, it } from "vitest"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { freePortBase } from "../../../tests/support/Stack.ts"
import { isPostmasterOf, pause, readPostmaster } from "../src/Postgres/Postmaster.ts"
import { services } from "../src/Provision.ts"
import { cleanUp, groupOf, launch, launchCommand, type Launcher, newFolder, until } from "./support/launcher.ts"

afterAll(cleanUp)

const exists = (path: string) => stat(path).then(() => true, () => false)

const place = async () => {
  const STINT_HOME = await newFolder()
  const base = await freePortBase()
  return { base, env: { STINT_HOME, STINT_PORT_BASE: String(base) }, home: STINT_HOME }
}

const tokenFor = async (env: Record<string, string>, role: string, subject: string): Promise<string> => {
  const { status, text } = await launch(["token", "--role", role, "--subject", subject], env).end
  assert.strictEqual(status, 0)
  return text.trim()
}

const get = async (url: string, token: string) => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  // deno-lint-ignore no-explicit-any
  return { status: response.status, body: await response.json() as any }
}

/** A start that is refused: exit status 1 and one sentence. */
const refusal = async (env: Record<string, string>, args = ["start", "--no-sample"]): Promise<string> => {
  const { status, text } = await launch(args, env).end
  assert.strictEqual(status, 1)
  assert.match(text, /^stint: [^\n]+[.)]\n$/)
  return text
}

const postgresOf = async (home: string) => (await readPostmaster(join(home, "postgres")))!.pid

const isGone = async (home: string, pid: number) => !(await isPostmasterOf(pid, join(home, "postgres")))

const noneLeft = ({ pid }: Launcher) => until("no process is left", async () => (await groupOf(pid)).length === 0)

describe("stint start", () => {
  it("says when it is up, restarts a service that dies, and ends on Ctrl-C", { timeout: 60_000 }, async () => {
    const { base, env, home } = await place()
    await writeFile(join(home, "other"), "mine")
    const stack = launch(["start", "--no-sample"], env)
    const ready = await stack.line(/^ready/)
    const before = stack.lines().slice(0, stack.lines().indexOf(ready))
    assert.deepStrictEqual(before.slice(-4).map((line) => line.split(" ")[0]), [...services])
    assert.isEmpty(before.filter((line) => /ready/i.test(line)))
    for (const [index, service] of services.entries()) {
      const url = `http://127.0.0.1:${base + index + 1}`
      assert.lengthOf(before.filter((line) => line.startsWith(service) && line.endsWith(url)), 1)
      assert.include(ready, url)
    }

    const operator = await tokenFor(env, "operator", "me")
    const { body, status } = await get(`http://127.0.0.1:${base + 1}/api/v1/agent-types`, operator)
    assert.strictEqual(status, 200)
    assert.lengthOf(body.items, 2)
    assert.strictEqual((await stat(join(home, "keys", "signing.jwk.json"))).mode & 0o777, 0o600)

    const { pid: victim } = (await groupOf(stack.pid)).find(({ command }) => command.includes("services/scheduler"))!
    process.kill(victim, "SIGKILL")
    assert.match(await stack.line(/^scheduler ended/), /by SIGKILL: starting it again in 0\.2 s$/)
    await stack.line(/^scheduler is back/)
    assert.lengthOf((await groupOf(stack.pid)).filter(({ command }) => command.includes("services/")), 4)

    const taken = await refusal({ ...env, STINT_HOME: await newFolder() })
    assert.include(taken, `Port ${base + 1}, which catalog needs, is in use`)
    const { text: twice } = await launch(["start"], env).end
    const holder = (await groupOf(stack.pid)).find(({ command }) => command.includes("main.ts start"))!.pid
    assert.include(twice, `is in use: a stint of ${home} runs as process ${holder};`)
    assert.match(await refusal({ ...env, STINT_PORT_BASE: String(await freePortBase()) }), /Another stint .* is using/)

    const postgres = await postgresOf(home)
    stack.signal("SIGINT")
    const { status: ended, text } = await stack.end
    assert.strictEqual(ended, 0)
    assert.notMatch(text, /starting it again(?! in 0\.2 s\nscheduler is back)/)
    await noneLeft(stack)
    assert.isTrue(await isGone(home, postgres))
  })

  it("leaves no service behind when it is killed; the next one adopts Postgres", { timeout: 60_000 }, async () => {
    const { env, home } = await place()
    const first = launch(["start", "--no-sample"], env)
    await first.line(/^ready/)
    const postgres = await postgresOf(home)
    const launcher = (await groupOf(first.pid)).find(({ command }) => command.includes("main.ts start"))!
    process.kill(launcher.pid, "SIGKILL")
    const second = launch(["start", "--no-sample"], env)
    await second.line(/^ready/)
    await noneLeft(first)
    assert.strictEqual(await postgresOf(home), postgres)

    // A service that does not end is not waited for when Ctrl-C comes twice
    const { pid: stuck } = (await groupOf(second.pid)).find(({ command }) => command.includes("services/hiring"))!
    process.kill(stuck, "SIGSTOP")
    second.signal("SIGINT")
    await second.line(/^Ending/)
    await pause(600)
    second.signal("SIGINT")
    assert.strictEqual((await second.end).status, 130)
    await noneLeft(second)
    assert.isTrue(await isGone(home, postgres))
  })

  it("of two at once on the same ports believes its own services alone", { timeout: 60_000 }, async () => {
    const { env } = await place()
    const both = [launch(["start", "--no-sample"], env), launch(["start"], { ...env, STINT_HOME: await newFolder() })]
    const outcomes = await Promise.all(
      both.map((stack) =>
        Promise.race([
          stack.line(/^ready/),
          stack.end.then(({ status, text }) => {
            assert.strictEqual(status, 1)
            assert.match(text, /^stint: Port \d+, which \w+ needs, (is in use|was taken)[^\n]+\.$/m)
            return "ended"
          }),
        ])
      ),
    )
    // Each may have taken a port that the other needed
    assert.isAtMost(outcomes.filter((outcome) => outcome !== "ended").length, 1)
    for (const stack of both) {
      assert.notMatch(stack.lines().join("\n"), /starting it again/)
      if (await Promise.race([stack.end.then(() => false), pause(0).then(() => true)])) stack.signal("SIGINT")
    }
    assert.deepStrictEqual(
      (await Promise.all(both.map(({ end }) => end))).map(({ status }) => status),
      outcomes.map((outcome) => outcome === "ended" ? 1 : 0),
    )
  })

  it("ends with a sentence when its home is removed under it", { timeout: 60_000 }, async () => {
    const { env, home } = await place()
    const stack = launch(["start", "--no-sample"], env)
    await stack.line(/^ready/)
    const postgres = await postgresOf(home)
    await rm(home, { recursive: true, force: true })
    process.kill(postgres, "SIGKILL")
    const { status, text } = await stack.end
    assert.strictEqual(status, 1)
    assert.match(text, /\nstint: The data folder \S+ is gone, [^\n]+\.\n$/)
    assert.notInclude(text, "Uncaught")
    await noneLeft(stack)
  })

  it("ends in order when the program above it is killed", { timeout: 60_000 }, async () => {
    const { env, home } = await place()
    const stack = launch(["start", "--no-sample"], env)
    await stack.line(/^ready/)
    const postgres = await postgresOf(home)
    process.kill(stack.pid, "SIGKILL")
    await noneLeft(stack)
    assert.isTrue(await isGone(home, postgres))
  })

  it("stays when only the shell ends that npm was started from", { timeout: 60_000 }, async () => {
    const { env } = await place()
    // As npm does for a script that says `exec`: a program that is no shell is the parent
    const npm = `require("node:child_process").spawn("node", ["apps/cli/bin/stint.js", "start", "--no-sample"],` +
      ` { stdio: "inherit" }).on("exit", (code) => process.exit(code))`
    const stack = launchCommand(["sh", "-c", `node -e '${npm}' & wait`], { ...env, npm_lifecycle_event: "start" })
    await stack.line(/^ready/)
    process.kill(stack.pid, "SIGKILL")
    // Longer than it takes to look once
    await pause(1_200)
    assert.lengthOf((await groupOf(stack.pid)).filter(({ command }) => command.includes("services/")), 4)
    const above = (await groupOf(stack.pid)).find(({ command }) => command.startsWith("node -e"))!
    process.kill(above.pid, "SIGKILL")
    await noneLeft(stack)
  })

  it("makes a sample on an empty home, once, and ends when npm is killed", { timeout: 60_000 }, async () => {
    const { base, env: { STINT_PORT_BASE }, home: folder } = await place()
    const home = join(folder, "it's a home")
    const env = { STINT_HOME: home, STINT_PORT_BASE }
    // As npm does: a shell above the program, and something above the shell
    const npm = launchCommand(
      ["sh", "-c", "sh -c 'node apps/cli/bin/stint.js start; true'; true"],
      { ...env, npm_lifecycle_event: "start" },
    )
    await npm.line(/^sample: /)
    assert.include(await npm.line(/^ {2}TOKEN/), `STINT_HOME='${folder}/it'\\''s a home' npx stint token`)
    const token = await tokenFor(env, "customer", "sample-customer")
    const drafts = async () =>
      (await get(`http://127.0.0.1:${base + 3}/api/v1/deliverables?customer_id=sample-customer`, token)).body.items
    const types = async () =>
      new Set((await drafts()).map((draft: { payload: { type: string } }) => draft.payload.type))
    await until("both agents have drafted", async () => (await types()).size >= 2)
    process.kill(npm.pid, "SIGKILL")
    await noneLeft(npm)

    const again = launch(["start"], env)
    await again.line(/^ready/)
    const [, look] = /^sample: .* is at work here: (curl .*)$/.exec(await again.line(/^sample/))!
    const seen = await promisify(execFile)("sh", ["-c", look!], {
      cwd: fileURLToPath(new URL("../../../", import.meta.url)),
    })
    assert.isAtLeast(JSON.parse(seen.stdout).items.length, 2)
    const { body } = await get(
      `http://127.0.0.1:${base + 2}/api/v1/subscriptions?customer_id=sample-customer`,
      token,
    )
    assert.lengthOf(body.items, 2)
    again.signal("SIGTERM")
    assert.lengthOf((await again.end).text.match(/^sample/gm)!, 1)
  })

  it("runs on databases of one's own, and starts no Postgres then", { timeout: 60_000 }, async () => {
    const { env, home } = await place()
    const scope = Scope.makeUnsafe()
    try {
      const urls: Record<string, string> = {}
      for (const service of services) {
        const { databaseUrl, migrateUrl } = await Effect.runPromise(Scope.provide(cloneDatabase(service), scope))
        urls[`${service.toUpperCase()}_DATABASE_URL`] = Redacted.value(databaseUrl)
        if (service !== "catalog") urls[`${service.toUpperCase()}_MIGRATE_URL`] = Redacted.value(migrateUrl)
      }
      const stack = launch(["start"], { ...env, ...urls })
      await stack.line(/^ready/)
      assert.match(await stack.line(/^warning/), /^warning: no .* is given for catalog: /)
      assert.isFalse(await exists(join(home, "postgres.json")))
      stack.signal("SIGINT")
      const { status, text } = await stack.end
      assert.strictEqual(status, 0)
      assert.notMatch(text, /^sample/m)
      for (const password of Object.values(inject("testServer").passwords)) assert.notInclude(text, password)
    } finally {
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  })
})

describe("stint start says in one sentence", () => {
  it("that STINT_PORT_BASE is no port", async () => {
    for (const bad of ["soon", "65532", "0", "41.5", "-1"]) {
      assert.match(await refusal({ STINT_HOME: await newFolder(), STINT_PORT_BASE: bad }), /STINT_PORT_BASE is/)
    }
  })

  it("that a port is in use, before anything is made", async () => {
    const { base, env, home } = await place()
    const thief = createServer().listen(base + 3, "127.0.0.1")
    await new Promise((resolve) => thief.once("listening", resolve))
    assert.match(await refusal(env), /Port \d+, which deliverables needs, is in use/)
    thief.close()
    assert.isFalse(await exists(join(home, "postgres.json")))
  })

  it("that the home can't be written", async () => {
    const { env, home } = await place()
    await writeFile(join(home, "file"), "")
    assert.match(await refusal({ ...env, STINT_HOME: join(home, "file", "home") }), /can't be written/)
  })

  it("that a file of the home is not what it should be, and what to do", { timeout: 60_000 }, async () => {
    const { env, home } = await place()
    await mkdir(join(home, "postgres.lock"))
    assert.match(await refusal(env), /postgres\.lock is a folder/)
    await rmdir(join(home, "postgres.lock"))
    await writeFile(join(home, "postgres.json"), `{"user":"postgres","pass`)
    assert.match(await refusal(env), /postgres\.json, .* is damaged: put back a copy/)
    await rm(join(home, "postgres.json"))

    const first = launch(["start", "--no-sample"], env)
    await first.line(/^ready/)
    first.signal("SIGINT")
    await first.end
    const spoil = async (name: string) => {
      const text = await readFile(join(home, name), "utf8")
      await writeFile(join(home, name), text.replaceAll(/"[\w-]{32}"/g, `"${"x".repeat(32)}"`))
      return () => writeFile(join(home, name), text)
    }
    const restore = await spoil("postgres.json")
    assert.match(await refusal(env), /The password in \S+postgres\.json is not that of the database/)
    await restore()
    await spoil("database-roles.json")
    assert.match(await refusal(env), /The passwords in \S+database-roles\.json are not those .*: remove that file/)
    await rm(join(home, "database-roles.json"))
    const healed = launch(["start", "--no-sample"], env)
    await healed.line(/^ready/)
    healed.signal("SIGINT")
    assert.strictEqual((await healed.end).status, 0)
  })

  it("that its path has a comma", async () => {
    const { env, home } = await place()
    assert.match(await refusal({ ...env, STINT_HOME: join(home, "a,b") }), /has a comma in its path/)
  })

  it("that a Postgres does not answer", async () => {
    const { base, env, home } = await place()
    const urls = services.map((
      service,
    ) => [`${service.toUpperCase()}_DATABASE_URL`, `postgres://me:secret@127.0.0.1:${base}/x`])
    const { status, text } = await launch(["start"], { ...env, ...Object.fromEntries(urls) }).end
    assert.strictEqual(status, 1)
    assert.match(text, /^stint: The Postgres of \w+ at 127\.0\.0\.1:\d+ does not answer[^\n]+\.$/m)
    assert.notInclude(text, "secret")
    assert.isFalse(await exists(join(home, "postgres")))
  })

  it("that a url is half given, or none", async () => {
    const { env } = await place()
    assert.match(await refusal({ ...env, HIRING_MIGRATE_URL: "postgres://me@127.0.0.1/x" }), /HIRING_DATABASE_URL/)
    assert.match(
      await refusal({ ...env, HIRING_DATABASE_URL: "mysql://me:secret@127.0.0.1/x" }),
      /^stint: HIRING_DATABASE_URL is no/,
    )
    assert.match(await refusal({ ...env, STINT_JWKS_URL: "http://127.0.0.1:1/jwks" }), /HIRING_TOKEN_FILE/)
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
    [["token", "--role", "viewer", "--subject", "me", "--ttl", "soon"], /--ttl/],
    [["token", "--role", "viewer", "--subject", "me", "--ttl", "0h"], /--ttl/],
  ])("refuses %j", async (args, says) => {
    const { status, text } = await launch(args, { STINT_HOME: await newFolder() }).end
    assert.strictEqual(status, 2)
    assert.match(text, says)
    assert.match(text, /^stint: [^\n]+\n$/)
  })

  it("says which version it is", async () => {
    const { status, text } = await launch(["--version"]).end
    assert.strictEqual(status, 0)
    assert.match(text, /^\d+\.\d+\.\d+\n$/)
  })

  it("makes the key with the first token, and tokens end when they should", async () => {
    const env = { STINT_HOME: join(await newFolder(), "home") }
    const [first, second] = await Promise.all([tokenFor(env, "viewer", "me"), tokenFor(env, "service", "it")])
    const partOf = (token: string, index: number) =>
      JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(token.split(".")[index]!, { alphabet: "base64url" })))
    assert.strictEqual(partOf(first, 0).kid, partOf(second, 0).kid)
    const { status, text } = await launch(["token", "--role", "viewer", "--subject", "me", "--ttl", "90s"], env).end
    assert.strictEqual(status, 0)
    const { exp, iat, role, sub } = partOf(text.trim(), 1)
    assert.deepStrictEqual({ role, sub, ttl: exp - iat }, { role: "viewer", sub: "me", ttl: 90 })
  })
})

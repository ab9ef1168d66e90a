import { Effect, Exit, Redacted, Scope } from "effect"
import { execFile } from "node:child_process"
import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, describe, inject, it } from "vitest"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { freePortBase } from "../../../tests/support/Stack.ts"
import { services } from "../src/Provision.ts"
import { until } from "../../../tests/support/Until.ts"
import { cleanUp, groupOf, launch, launchCommand, newFolder } from "./support/launcher.ts"
import { isGone, noneLeft, place, postgresOf, refused, tokenFor } from "./support/stack.ts"

afterAll(cleanUp)

const exists = (path: string) => stat(path).then(() => true, () => false)

const get = async (url: string, token: string) => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  // deno-lint-ignore no-explicit-any
  return { status: response.status, body: await response.json() as any }
}

describe("stint start", () => {
  it("says when it is up, restarts a service that dies, and ends on Ctrl-C", async () => {
    const { base, env, home } = await place()
    await writeFile(join(home, "other"), "mine")
    const stack = launch(["start", "--no-sample"], env)
    const ready = await stack.line(/^ready/)
    const before = stack.own().slice(0, stack.own().indexOf(ready))
    assert.deepStrictEqual(
      before.filter((line) => /^(postgres|databases|services) /.test(line)).map((line) => line.split(/ +/, 2).join(" "))
        .filter((step) => step !== "postgres preparing"),
      // what an empty home copies is at the schema of this program already
      ["postgres starting", "services starting"],
    )
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
    assert.lengthOf(body.items, 3)
    assert.strictEqual((await stat(join(home, "keys", "signing.jwk.json"))).mode & 0o777, 0o600)

    const { pid: victim } = (await groupOf(stack.pid)).find(({ command }) => command.includes("services/scheduler"))!
    process.kill(victim, "SIGKILL")
    assert.match(await stack.line(/^scheduler ended/), /by SIGKILL: starting it again in 0\.2 s$/)
    await stack.line(/^scheduler is back/)
    assert.lengthOf((await groupOf(stack.pid)).filter(({ command }) => command.includes("services/")), 4)

    const taken = await refused({ ...env, STINT_HOME: await newFolder() })
    assert.include(taken, `Port ${base + 1}, which catalog needs, is in use`)
    const { text: twice } = await launch(["start"], env).end
    const holder = (await groupOf(stack.pid)).find(({ command }) => command.includes("main.mjs start"))!.pid
    assert.include(twice, `is in use: a stint of ${home} runs as process ${holder};`)
    assert.match(await refused({ ...env, STINT_PORT_BASE: String(await freePortBase()) }), /Another stint .* is using/)

    const postgres = await postgresOf(home)
    stack.signal("SIGINT")
    const { status: ended } = await stack.end
    assert.strictEqual(ended, 0)
    assert.notMatch(stack.own().join("\n"), /starting it again(?! in 0\.2 s\nscheduler is back)/)
    await noneLeft(stack)
    assert.isTrue(await isGone(home, postgres))
  })

  it("makes a sample on an empty home, once, and ends when npm is killed", async () => {
    const { base, env: { STINT_PORT_BASE }, home: folder } = await place()
    const home = join(folder, "it's a home")
    const env = { STINT_HOME: home, STINT_PORT_BASE }
    // As npm does: a shell above the program, and something above the shell
    const npm = launchCommand(
      ["sh", "-c", "sh -c 'node apps/cli/bin/stint.js start; true'; true"],
      { ...env, npm_lifecycle_event: "start" },
    )
    const [, shown] = /\n(sample: .*?)```/s.exec(await readFile("README.md", "utf8"))!
    await npm.line(/\/scheduler\/runs$/)
    assert.strictEqual(
      npm.own().slice(npm.own().findIndex((line) => line.startsWith("sample: "))).join("\n"),
      shown!.trim().replaceAll(/127\.0\.0\.1:410(\d)/g, (_, n) => `127.0.0.1:${base + Number(n)}`)
        .replaceAll("npx stint", `STINT_HOME='${folder}/it'\\''s a home' npx stint`),
    )
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
    const customers = await get(`http://127.0.0.1:${base + 2}/api/v1/customers`, token)
    assert.deepStrictEqual(customers.body.items.map((one: { customer_id: string }) => one.customer_id), [
      "sample-customer",
    ])
    again.signal("SIGTERM")
    assert.lengthOf((await again.end).text.match(/^sample/gm)!, 1)
  })

  it("runs on databases of one's own, and starts no Postgres then", async () => {
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

/** Where commands ask, and as whom; and the logs of all services as one. */
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import * as body from "./support/bodies.ts"
import { tokenOf } from "./support/fakeServices.ts"
import { invoke } from "./support/invoke.ts"

describe("where, and as whom", () => {
  const answers = { "catalog.agentTypes.list": () => body.page(body.agentType) }

  it("login tries a token, keeps it for its owner alone and for its address alone; logout forgets it", async () => {
    const config = await mkdtemp(join(tmpdir(), "stint-login-"))
    const env = { XDG_CONFIG_HOME: config, STINT_HOME: config }
    const path = join(config, "stint/login.json")
    try {
      const bad = await invoke(["login", "--url", "http://stint.test"], { env, answers, stdin: "a.b.c\n" })
      assert.deepStrictEqual([bad.status, await stat(path).catch(() => "none")], [5, "none"])
      const token = tokenOf("viewer", "vera")
      const done = await invoke(["login", "--url", "https://stint.test/"], { env, answers, stdin: `${token}\n` })
      assert.strictEqual(done.status, 0, done.err)
      assert.include(done.err, "Signed in at https://stint.test as vera (viewer), until 2100-01-01T00:00:00.000Z.")
      assert.strictEqual((await stat(path)).mode & 0o777, 0o600)
      assert.strictEqual((await stat(join(config, "stint"))).mode & 0o777, 0o700)
      const places: Array<string> = []
      const fetch = ((input: URL, init: RequestInit) => {
        places.push(`${new URL(input).host} ${new Headers(init.headers).get("authorization")}`)
        return Promise.resolve(Response.json({ items: [], next_cursor: null }))
      }) as unknown as typeof globalThis.fetch
      assert.strictEqual((await invoke(["types", "list"], { env, fetch })).status, 0)
      const elsewhere = await invoke(["types", "list", "--url", "https://other.test"], { env, fetch })
      assert.strictEqual(elsewhere.status, 2)
      assert.include(elsewhere.err, "No token for https://other.test: say stint login --url https://other.test")
      assert.deepStrictEqual(places, [`stint.test Bearer ${token}`])
      assert.strictEqual((await invoke(["logout"], { env })).status, 0)
      assert.strictEqual(await stat(path).catch(() => "none"), "none")
      const out = await invoke(["types", "list"], { env, fetch })
      assert.strictEqual(out.status, 1)
      assert.include(out.err, "There is no stack in")
      await writeFile(path, "{")
      assert.include((await invoke(["types", "list"], { env, fetch })).err, "is damaged: stint logout removes it")
    } finally {
      await rm(config, { recursive: true })
    }
  })

  it("refuses what is no address, no token, or both of two", async () => {
    for (
      const [line, words] of [
        ["login", "Say --url URL"],
        ["login --url stint.test", '"stint.test" is no address'],
        ["login --url https://stint.test --token x", "That is no token"],
        ["types list --token a.b.c --as viewer", "Say --token or --as, not both."],
        ["types list --as king", '--as "king": say one of customer, operator, viewer, service.'],
        ["types list --as customer", "Say --as customer:ID"],
      ] as const
    ) {
      const { err, status } = await invoke(line.split(" "), { env: { XDG_CONFIG_HOME: "/nowhere" } })
      assert.deepStrictEqual([status, err.includes(words)], [2, true], err)
    }
  })

  it("says that nothing answers, and that an answer is not of its kind", async () => {
    const fetch = (() => Promise.reject(new TypeError("refused"))) as unknown as typeof globalThis.fetch
    const away = await invoke(["types", "list"], { fetch })
    assert.strictEqual(away.status, 1)
    assert.include(
      away.err,
      "catalog does not answer at http://stint.test. stint doctor --url http://stint.test says more.",
    )
    const odd = await invoke(["types", "list"], { answers: { "catalog.agentTypes.list": () => ({ items: 1 }) } })
    assert.strictEqual(odd.status, 1)
    assert.include(odd.err, "catalog answers what this stint does not understand.")
  })
})

describe("audit", () => {
  it("merges the logs of the four services, the latest first", async () => {
    const answers = {
      "catalog.actionLog.list": () => body.page(body.actionLine("publish", "2026-03-03T09:00:00.000Z")),
      "hiring.actionLog.list": () => body.page(body.actionLine("activate")),
      "deliverables.actionLog.list": () => body.page(),
      "scheduler.actionLog.list": () => body.page(body.actionLine("pause", "2026-03-02T09:00:00.000Z")),
    }
    const { out } = await invoke(["audit", "list", "--json"], { answers })
    const found = JSON.parse(out).items.map((line: Record<string, string>) => [line.service, line.action])
    assert.deepStrictEqual(found, [["catalog", "publish"], ["scheduler", "pause"], ["hiring", "activate"]])
    assert.match(
      (await invoke(["audit", "list", "--only", "pause"], { answers })).out,
      /^2026-03-02T09:00:00Z +scheduler/,
    )
  })
})

/** `.env.example` and docs/configuration.md name every setting that a program here reads, once, with what it means. */
import { assert, describe, it } from "@effect/vitest"
import { settingsOf } from "@stint/cli/Stack/Settings"
import { audience } from "@stint/domain/Tokens"
import { PORT_BASE } from "@stint/edge/Ports"
import { PLANNER } from "@stint/scheduler/Queue/Repo"
import { spawnSync } from "node:child_process"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { configurationPage, namesRead, readSettings, wholes } from "../scripts/configuration.ts"

const textOf = (path: string) => readFile(new URL(`../${path}`, import.meta.url), "utf8")

const settings = await readSettings()
const values: Readonly<Record<string, string>> = Object.fromEntries(settings.map(({ name, value }) => [name, value]))

describe(".env.example", () => {
  it("names every setting, and none that nothing reads", () => {
    assert.deepStrictEqual(Object.keys(values).toSorted(), [...namesRead].toSorted())
    assert.strictEqual(Object.keys(values).length, settings.length)
  })

  it("says in one line before each what it means, and in no more", async () => {
    for (const { about, name } of settings) assert.match(about, /^\S.{10,}/, name)
    const lines = (await textOf(".env.example")).split("\n")
    for (const [i, line] of lines.entries()) {
      if (/^# (?!--)/.test(line) && i > 2) assert.match(lines[i + 1]!, /^[A-Z]/, line)
    }
  })

  it("gives the defaults, so that a copy of it changes nothing", () => {
    assert.strictEqual(values.STINT_PORT_BASE, String(PORT_BASE))
    assert.strictEqual(values.STINT_JWT_AUDIENCE, audience)
    const { env: _, ...copied } = settingsOf(values)
    const { env: __, ...none } = settingsOf({})
    assert.deepStrictEqual(copied, none)
  })

  it("can be loaded by a shell, as its first lines say", () => {
    const path = fileURLToPath(new URL("../.env.example", import.meta.url))
    const { stderr, stdout } = spawnSync("env", ["-i", "sh", "-c", `set -a; . ${path}; set +a; /usr/bin/env`])
    assert.strictEqual(String(stderr), "")
    const loaded = new Map(String(stdout).split("\n").map((line) => line.split(/=(.*)/) as [string, string]))
    for (const { name, value } of settings) assert.strictEqual(loaded.get(name), value)
  })

  it("the numbers and flags in it are those in the code", async () => {
    // one that is read in two places has the same numbers in both
    for (const { name, otherwise, ...range } of wholes) {
      assert.strictEqual(values[name], String(otherwise), name)
      assert.deepInclude(wholes.find((it) => it.name === name), { otherwise, ...range }, name)
    }
    assert.isAtLeast(new Set(wholes.map(({ name }) => name)).size, 7)
    const texts = await textOf("packages/edge/src/Persistence.ts")
    assert.include(
      await textOf("apps/gateway/src/Sessions/Oidc.ts"),
      `Config.withDefault("${values.STINT_OIDC_SCOPE}")`,
    )
    assert.include(await textOf("packages/edge/src/Logs.ts"), `Config.withDefault("${values.STINT_LOG}")`)
    assert.include(texts, `Config.withDefault("${values.PERSISTENCE_MODE}")`)
    assert.include(texts, `Config.withDefault("${values.USE_AGENT_TYPE_DB}")`)
  })
})

describe("docs/deploy-sql.md", () => {
  it("names what a connection begins with, which PgBouncer has to ignore", async () => {
    const [, parameters] = /startupParameters: \{([^}]+)\}/.exec(await textOf("packages/edge/src/Pg.ts"))!
    const names = [...parameters!.matchAll(/^ +(\w+):/gm)].map(([, name]) => name).filter((name) => name !== "timezone")
    const [, ignored] = /^ignore_startup_parameters = (.*)$/m.exec(await textOf("docs/deploy-sql.md"))!
    assert.deepStrictEqual(ignored!.split(","), [...names, ...Object.keys(PLANNER)])
  })
})

describe("docs/configuration.md", () => {
  it("has every setting; scripts/configuration.ts writes it", async () => {
    assert.strictEqual(await textOf("docs/configuration.md"), await configurationPage())
  })
})

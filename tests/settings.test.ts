/** `.env.example` names every setting that a program here reads, once, with one line of meaning. */
import { assert, describe, it } from "@effect/vitest"
import { audience } from "@stint/domain/Tokens"
import { PORT_BASE } from "@stint/edge/Ports"
import { manifestOf } from "@stint/cli/Stack/Launch"
import { serviceNames, settingsOf } from "@stint/cli/Stack/Settings"
import { readdir, readFile } from "node:fs/promises"

const root = new URL("../", import.meta.url)
const lines = (await readFile(new URL(".env.example", root), "utf8")).split("\n")
const pairs = lines.flatMap((line) => {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? []
  return name === undefined ? [] : [[name, value!] as const]
})
const values: Readonly<Record<string, string>> = Object.fromEntries(pairs)

/** No settings: what the supervisor says to a service, what the runtime finds itself, and npm's own. */
const others = new Set([
  "STINT_SUPERVISED",
  "STINT_INSTANCE",
  "STINT_PARENT",
  "STINT_PROGRAMS",
  "PATH",
  "HOME",
  "XDG_CACHE_HOME",
  "DENO_DIR",
  "NO_COLOR",
  "TERM",
])

/** The settings that source texts name: what is read from an environment, and constants of these shapes. */
const named = async (folder: string): Promise<ReadonlyArray<string>> => {
  const files = (await readdir(new URL(folder, root), { recursive: true })).filter((name) => /\.tsx?$/.test(name))
  const texts = await Promise.all(files.map((name) => readFile(new URL(`${folder}${name}`, root), "utf8")))
  return texts.flatMap((text) => [
    ...[...text.matchAll(/\b(?:env|mine)\.([A-Z][A-Z0-9_]+)\b/g)].map(([, name]) => name!),
    ...[...text.matchAll(/\benv\.get\("([A-Z0-9_]+)"\)/g)].map(([, name]) => name!),
    ...[...text.matchAll(/\bConfig\.\w+\("([A-Z0-9_]+)"/g)].map(([, name]) => name!),
    ...[...text.matchAll(/\bwhole\("([A-Z0-9_]+)"/g)].map(([, name]) => name!),
    ...[...text.matchAll(/\bSTINT_[A-Z0-9_]*[A-Z0-9]\b/g)].map(([name]) => name),
  ])
}

const read = new Set([
  ...(await Promise.all([...serviceNames, "gateway" as const].map(manifestOf))).flatMap(({ env }) => env),
  ...(await Promise.all(
    [...serviceNames.map((service) => `services/${service}/src/`), "packages/edge/src/", "apps/gateway/src/"].map(
      named,
    ),
  ))
    .flat(),
  ...await named("apps/cli/src/"),
  ...serviceNames.map((service) => `${service.toUpperCase()}_MIGRATE_URL`),
  ...serviceNames.map((service) => `${service.toUpperCase()}_TOKEN_FILE`),
  "STINT_TEST_DATABASE_URL",
].filter((name) => !others.has(name)))

describe(".env.example", () => {
  it("names every setting, and none that nothing reads", () => {
    assert.deepStrictEqual(Object.keys(values).toSorted(), [...read].toSorted())
    assert.strictEqual(Object.keys(values).length, pairs.length)
  })

  it("says in one line before each what it means", () => {
    for (const [i, line] of lines.entries()) {
      if (/^[A-Z]/.test(line)) assert.match(lines[i - 1]!, /^# \S.{10,}/, line)
    }
  })

  it("gives the defaults, so that a copy of it changes nothing", () => {
    assert.strictEqual(values.STINT_PORT_BASE, String(PORT_BASE))
    assert.strictEqual(values.STINT_JWT_AUDIENCE, audience)
    const { env: _, ...copied } = settingsOf(values)
    const { env: __, ...none } = settingsOf({})
    assert.deepStrictEqual(copied, none)
  })

  it("the numbers and flags in it are those in the code", async () => {
    const texts = (await Promise.all(
      [
        "packages/edge/src/Pg.ts",
        "services/scheduler/src/Engine.ts",
        "services/scheduler/src/Health.ts",
        "packages/edge/src/Persistence.ts",
      ].map((path) => readFile(new URL(path, root), "utf8")),
    )).join("\n")
    assert.include(texts, `whole("STINT_PG_POOL", 2, 1_000, ${values.STINT_PG_POOL})`)
    assert.include(texts, `whole("STINT_PG_POOL_TTL", 0, 86_400, ${values.STINT_PG_POOL_TTL})`)
    assert.include(texts, `whole("STINT_MAX_RUNNING", 1, 100_000, ${values.STINT_MAX_RUNNING})`)
    assert.include(texts, `whole("STINT_LATENESS_OBJECTIVE", 1, 86_400, ${values.STINT_LATENESS_OBJECTIVE})`)
    assert.include(texts, `whole("STINT_RETRIES_PER_SECOND", 1, 100_000, ${values.STINT_RETRIES_PER_SECOND})`)
    const gateway = (await Promise.all(
      ["Sessions.ts", "Sessions/Oidc.ts"].map((path) => readFile(new URL(`apps/gateway/src/${path}`, root), "utf8")),
    )).join("\n")
    assert.include(gateway, `whole("STINT_SESSION_SECONDS", 60, 2_592_000, ${values.STINT_SESSION_SECONDS})`)
    assert.include(gateway, `Config.withDefault("${values.STINT_OIDC_SCOPE}")`)
    assert.include(texts, `Config.withDefault("${values.PERSISTENCE_MODE}")`)
    assert.include(texts, `Config.withDefault("${values.USE_AGENT_TYPE_DB}")`)
  })
})

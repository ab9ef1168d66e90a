/**
 * `npm run openapi`: the OpenAPI document of each service passes Redocly's linter and Spectral without a warning, and
 * openapi-typescript makes clients of them that type-check a customer's way (`client/journey.ts`). The tools have an install of
 * their own: `npm ci --prefix tests/openapi --ignore-scripts`.
 */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { OpenApi } from "effect/http-api"
import { access, mkdir, rm, writeFile } from "node:fs/promises"
import process from "node:process"
import { stripVTControlCharacters } from "node:util"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const generated = `${here}client/generated`

const documents = {
  catalog: OpenApi.fromApi(CatalogApi),
  hiring: OpenApi.fromApi(HiringApi),
  deliverables: OpenApi.fromApi(DeliverablesApi),
  scheduler: OpenApi.fromApi(SchedulerApi),
}

/** Runs a program of the tools here; what it printed, and whether it ended well. */
const run = async (program: string, ...args: ReadonlyArray<string>) => {
  const { code, stderr, stdout } = await new Deno.Command(program, {
    args: [...args],
    cwd: here,
    env: { NO_COLOR: "1", CI: "true", REDOCLY_TELEMETRY: "off" },
  }).output()
  const text = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr)
  return { ok: code === 0, text: stripVTControlCharacters(text).trim() }
}

const tool = (name: string) => `node_modules/${name}`

/** What is used of Spectral. */
interface Spectral {
  setRuleset(ruleset: unknown): void
  run(document: string): Promise<
    ReadonlyArray<
      {
        readonly code: string | number
        readonly message: string
        readonly path: ReadonlyArray<string | number>
      }
    >
  >
}

/** Spectral with its rules for OpenAPI: what Scalar's linter is as well, without the 400 packages of its command line. */
const openSpectral = async (): Promise<Spectral> => {
  // of an install that may not be there: the type check does without
  const [core, rulesets] = await Promise.all(
    ["core", "rulesets"].map((name) => import(`${here}${tool(`@stoplight/spectral-${name}/dist/index.js`)}`)),
  )
  const spectral: Spectral = new core.default.Spectral()
  spectral.setRuleset(rulesets.default.oas)
  return spectral
}
let spectral: Promise<Spectral> | undefined

/** A check: the faults that it found, or undefined. */
const checks: ReadonlyArray<
  readonly [string, () => Promise<string | undefined>]
> = [
  ["Redocly's linter", async () => {
    const files = Object.keys(documents).map((service) => `client/generated/${service}.json`)
    const { ok, text } = await run(
      "node",
      tool("@redocly/cli/bin/cli.js"),
      "lint",
      ...files,
      "--format=stylish",
    )
    return ok ? undefined : text
  }],
  ...Object.entries(documents).map(([service, document]) =>
    [`${service}: Spectral, as Scalar's linter runs it`, async () => {
      const found = await (await (spectral ??= openSpectral())).run(
        JSON.stringify(document),
      )
      if (found.length === 0) return undefined
      return found.map(({ code, message, path }) => `${path.join(".")}: ${message} (${code})`).join("\n")
    }] as const
  ),
  ["a generated client type-checks a customer's way", async () => {
    const { astToString, default: generate } = await import(
      `${here}${tool("openapi-typescript/dist/index.mjs")}`
    )
    for (const [service, document] of Object.entries(documents)) {
      // it writes into what it is given
      await writeFile(
        `${generated}/${service}.ts`,
        astToString(await generate(structuredClone(document))),
      )
    }
    // the repository's own compiler: that of this install is openapi-typescript's
    const { ok, text } = await run(
      "node",
      "../../node_modules/typescript/bin/tsc",
      "--singleThreaded",
      "-p",
      "client",
    )
    return ok ? undefined : text
  }],
]

if (!(await access(`${here}node_modules`).then(() => true, () => false))) {
  console.error(
    "openapi: the tools are not installed: npm ci --prefix tests/openapi --ignore-scripts",
  )
  process.exit(1)
}
await rm(generated, { recursive: true, force: true })
await mkdir(generated, { recursive: true })
for (const [service, document] of Object.entries(documents)) {
  await writeFile(
    `${generated}/${service}.json`,
    JSON.stringify(document, null, 2),
  )
}
const only = process.argv.slice(2)
let failed = 0
const asked = checks.filter(([name]) => only.every((word) => name.includes(word)))
for (const [name, check] of asked) {
  const wrong = await check()
  if (wrong !== undefined) failed++
  console.log(
    wrong === undefined ? `ok      ${name}` : `FAILED  ${name}\n${wrong}\n`,
  )
}
console.log(`${asked.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 && asked.length > 0 ? 0 : 1)

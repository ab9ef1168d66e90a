/**
 * `npm run openapi`: the OpenAPI document of each service passes Redocly's and Scalar's linters without a warning, and
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
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
  return { ok: code === 0, text: stripVTControlCharacters(text).trim() }
}

const tool = (name: string) => `node_modules/${name}`

/** A check: the faults that it found, or undefined. */
const checks: ReadonlyArray<readonly [string, () => Promise<string | undefined>]> = [
  ...Object.keys(documents).flatMap((service) => {
    const file = `client/generated/${service}.json`
    return [
      [`${service}: Redocly's linter`, async () => {
        const { ok, text } = await run("node", tool("@redocly/cli/bin/cli.js"), "lint", file, "--format=stylish")
        return ok ? undefined : text
      }],
      [`${service}: Scalar's linter`, async () => {
        // It wants a Node that is newer than the one that may be here; the pinned Deno is one
        const { ok, text } = await run(
          Deno.execPath(),
          "run",
          "-A",
          tool("@scalar/cli/index.js"),
          "document",
          "lint",
          file,
        )
        return ok && /No issues found/.test(text) && !/^(Rule|Severity):/m.test(text) ? undefined : text
      }],
    ] as const
  }),
  ["a generated client type-checks a customer's way", async () => {
    for (const service of Object.keys(documents)) {
      const file = `client/generated/${service}`
      const made = await run("node", tool("openapi-typescript/bin/cli.js"), `${file}.json`, "--output", `${file}.ts`)
      if (!made.ok) return made.text
    }
    const { ok, text } = await run("node", tool("typescript/bin/tsc"), "-p", "client")
    return ok ? undefined : text
  }],
]

if (!(await access(`${here}node_modules`).then(() => true, () => false))) {
  console.error("openapi: the tools are not installed: npm ci --prefix tests/openapi --ignore-scripts")
  process.exit(1)
}
await rm(generated, { recursive: true, force: true })
await mkdir(generated, { recursive: true })
for (const [service, document] of Object.entries(documents)) {
  await writeFile(`${generated}/${service}.json`, JSON.stringify(document, null, 2))
}
const only = process.argv.slice(2)
let failed = 0
const asked = checks.filter(([name]) => only.every((word) => name.includes(word)))
for (const [name, check] of asked) {
  const wrong = await check()
  if (wrong !== undefined) failed++
  console.log(wrong === undefined ? `ok      ${name}` : `FAILED  ${name}\n${wrong}\n`)
}
console.log(`${asked.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 && asked.length > 0 ? 0 : 1)

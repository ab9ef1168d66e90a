/** `npm run check`: format, lint, types, import rules, layout rules and what schema scripts may do. It runs all of them and prints every fault. */
import { access } from "node:fs/promises"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { expandViolations, readUpScripts } from "./expand.ts"
import { importViolations } from "./imports.ts"
import { layoutViolations } from "./layout.ts"
import { readSources, type Violation } from "./sources.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** A part of the check: the text of its faults, or undefined when there are none. */
type Part = () => Promise<string | undefined>

const command = (program: string, ...args: ReadonlyArray<string>) => async (): Promise<string | undefined> => {
  const { code, stderr, stdout } = await new Deno.Command(program, {
    args: [...args],
    cwd: root,
    env: { RUST_BACKTRACE: "0", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  }).output()
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
  return code === 0 ? undefined : text.trim() || `it ended with exit status ${code}`
}

/** Lists the files and the command that formats them, in place of the formatter's long diff. */
const format: Part = async () => {
  const text = await command(Deno.execPath(), "fmt", "--check")()
  if (text === undefined) return undefined
  const files = [...text.matchAll(/^from (.+):$/gm)].map(([, path]) => path!.replace(root, ""))
  return files.length === 0 ? text : `${files.join("\n")}\nnot formatted: node scripts/deno.js fmt`
}

const listed = (broken: ReadonlyArray<Violation>): string | undefined =>
  broken.length === 0 ? undefined : broken.map(({ file, line, rule }) => `${file}:${line}: ${rule}`).join("\n")

const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url))

/** One checker: four, which is its default, each infer the types of Effect's that they meet anew, for three times the CPU. */
const types = (...args: ReadonlyArray<string>) => command("node", compiler, "--noEmit", "--singleThreaded", ...args)

const parts: Readonly<Record<string, Part>> = {
  format,
  lint: command(Deno.execPath(), "lint", "--quiet"),
  types: types(),
  // the console runs in a browser: other globals, and JSX
  "console's types": types("-p", "apps/console"),
  // the peers' programs import packages that only the bench installs
  ...(await access(`${root}bench/node_modules`).then(() => true, () => false)
    ? { "bench's types": types("-p", "bench") }
    : {}),
  imports: async () => listed((await readSources(root)).flatMap(importViolations)),
  layout: async () => listed(layoutViolations(await readSources(root))),
  schemas: async () => listed((await readUpScripts(root)).flatMap(expandViolations)),
}

const results = await Promise.all(
  Object.entries(parts).map(async ([name, part]) => {
    const began = performance.now()
    const wrong = await part()
    return { name, wrong, seconds: ((performance.now() - began) / 1000).toFixed(1) }
  }),
)
for (const { name, seconds, wrong } of results) {
  if (wrong !== undefined) console.log(`${wrong}\n`)
  console.log(`${name.padEnd(16)}${wrong === undefined ? "ok" : "FAILED"} (${seconds} s)`)
}
process.exit(results.every(({ wrong }) => wrong === undefined) ? 0 : 1)

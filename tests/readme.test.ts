/** The README's tour, run as it stands: every `sh tour` block in one shell, against a stack of its own. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { proofs } from "./proofs/proofs.ts"
import { type Stack, startStack } from "./support/Stack.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Each block of the tour, with the output that the README shows below it. */
const tourOf = (readme: string) =>
  [...readme.matchAll(/```sh tour\n(.*?)```(?:\n\n```text\n(.*?)```)?/gs)].map(([, code, shown]) => ({
    code: code!,
    shown: shown?.trim(),
  }))

describe("the README", () => {
  let stack: Stack
  beforeAll(async () => void (stack = await startStack({ STINT_BOUNDS: "" })), 60_000)
  afterAll(() => stack?.stop(), 60_000)

  it("shows what npm start prints", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8")
    const [, shown] = /npm start\n```\n\n```text\n(.*?)```/s.exec(readme)!
    const lines = (text: string) =>
      // A home that is not the first one begins with a copy; the sample is left out here; services have lines of their own
      text.trim().split("\n").filter((line) => !/^(postgres +preparing|sample:| )|^\w+ +\|/.test(line))
    const here = shown!.replaceAll(
      /(127\.0\.0\.1:|port )410(\d)/g,
      (_, before, n) => `${before}${stack.base + Number(n)}`,
    )
      .replace("data in .stint", `data in ${stack.home}`)
    assert.deepStrictEqual(lines(stack.output()), lines(here))
  })

  it("has a tour that prints what it says", async () => {
    const blocks = tourOf(await readFile(join(root, "README.md"), "utf8"))
    assert.isTrue(blocks.length >= 7)
    const script = blocks.map(({ code }) => `${code}\necho '---block---'`).join("\n")
      .replaceAll(/127\.0\.0\.1:410(\d)/g, (_, n) => `127.0.0.1:${stack.base + Number(n)}`)
      .replaceAll("npx stint", "node apps/cli/bin/stint.js")
    const file = join(stack.home, "tour.sh")
    await mkdir(stack.home, { recursive: true })
    await writeFile(file, `set -euo pipefail\n${script}\n`)
    const output = await new Promise<string>((resolve, reject) => {
      const shell = spawn("bash", [file], { cwd: root, env: { ...process.env, STINT_HOME: stack.home } })
      let text = ""
      let errors = ""
      shell.stdout.on("data", (chunk) => text += chunk)
      shell.stderr.on("data", (chunk) => errors += chunk)
      shell.once("close", (code) => code === 0 ? resolve(text) : reject(new Error(`exit ${code}\n${text}\n${errors}`)))
    })
    const printed = output.split("---block---").map((text) => text.trim())
    for (const [n, { shown }] of blocks.entries()) if (shown !== undefined) assert.strictEqual(printed[n], shown)
  })

  it("has a row for every proof, and a proof for every row", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8")
    const table = readme.slice(readme.indexOf("| promise"), readme.indexOf("The limits:"))
    const rows = [...table.matchAll(/^\|.*\| `(\w+)` +\|.*\|$/gm)].map(([, name]) => name)
    assert.deepStrictEqual([...rows].sort(), proofs.map(({ name }) => name).sort())
  })

  it("names tests and files that are there", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8")
    const paths = [...readme.matchAll(/`((?:packages|services|apps|tests|sql|bench|docs)\/[\w./-]+\.(?:ts|md|sql))`/g)]
    assert.isTrue(paths.length > 4)
    for (const [, path] of paths) if (!path!.includes("NAME")) await readFile(join(root, path!))
  })
})

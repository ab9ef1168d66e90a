/** The README and docs/: their tours run as they stand, every `sh tour` block of a page in one shell, and what they name is there. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { proofs } from "./proofs/proofs.ts"
import { type Stack, startStack } from "./support/Stack.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** A page of ours. */
const page = (path: string) => readFile(join(root, path), "utf8")

/** Each block of a tour, with the output that the page shows below it. */
const tourOf = (text: string) =>
  [...text.matchAll(/```sh tour\n(.*?)```(?:\n\n```text\n(.*?)```)?/gs)].map(([, code, shown]) => ({
    code: code!,
    shown: shown?.trim(),
  }))

describe("the README and docs", () => {
  let stack: Stack
  beforeAll(async () => void (stack = await startStack({ STINT_BOUNDS: "" })), 60_000)
  afterAll(() => stack?.stop(), 60_000)

  it("shows what npm start prints", async () => {
    const readme = await page("README.md")
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

  it.each([["README.md", 4], ["docs/tour.md", 7]])("the tour of %s prints what it says", async (path, atLeast) => {
    const blocks = tourOf(await page(path))
    assert.isTrue(blocks.length >= atLeast)
    const script = blocks.map(({ code }) => `${code}\necho '---block---'`).join("\n")
      .replaceAll(/127\.0\.0\.1:410(\d)/g, (_, n) => `127.0.0.1:${stack.base + Number(n)}`)
      .replaceAll("npx stint", "node apps/cli/bin/stint.js")
    const file = join(stack.home, `${path.replaceAll("/", "-")}.sh`)
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
    const text = await page("docs/guarantees.md")
    const table = text.slice(text.indexOf("| promise"), text.indexOf("The limits:"))
    const rows = [...table.matchAll(/^\|.*\| `(\w+)` +\|.*\|$/gm)].map(([, name]) => name)
    assert.deepStrictEqual([...rows].sort(), proofs.map(({ name }) => name).sort())
  })

  it("fits on a few screens", async () => {
    assert.isAtMost((await page("README.md")).split("\n").length, 200)
  })

  it("names tests and files that are there, and so does every page", async () => {
    const pages = [
      "README.md",
      ...(await readdir(join(root, "docs"))).filter((it) => it.endsWith(".md")).map((it) => `docs/${it}`),
    ]
    let named = 0
    for (const path of pages) {
      const text = await page(path)
      const quoted = [...text.matchAll(/`((?:packages|services|apps|tests|sql|bench|docs)\/[\w./-]+\.(?:ts|md|sql))`/g)]
        .map(([, name]) => name!).filter((name) => !/NAME|SERVICE/.test(name))
      const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to]) => join(dirname(path), to!))
      for (const name of [...quoted, ...linked]) {
        named++
        assert.isTrue(existsSync(join(root, name)), `${path} names ${name}`)
      }
    }
    assert.isTrue(named > 40)
  })
})

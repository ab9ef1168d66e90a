/** What the first view loads, by the built files alone: a browser tells the same in tests/browser/screens.test.ts. */
import { buildConsole, consoleState } from "@stint/cli/Pages"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { assert, beforeAll, describe, it } from "vitest"

/** The most script that the first view may have, compressed, in bytes. */
const FIRST_VIEW = 200_000

const dist = (path: string) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url))

/** The scripts that a script loads before it runs, and it itself; by their names. */
const withImports = (name: string, known = new Set<string>()): Set<string> => {
  if (known.has(name)) return known
  known.add(name)
  const script = readFileSync(dist(`assets/${name}`), "utf8")
  for (const [, imported] of script.matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g)) withImports(imported!, known)
  return known
}

describe("the first view of the console", () => {
  beforeAll(async () => {
    if (consoleState() === "stale") assert.isUndefined(await buildConsole())
  }, 120_000)

  it("has at most 200 kB of compressed script, and nothing of charts, Markdown and forms", () => {
    const entry = /<script type="module"[^>]* src="\/assets\/([\w-]+\.js)"/.exec(
      readFileSync(dist("index.html"), "utf8"),
    )
    // beside what every page has, the screen that a customer comes to
    const inbox = readdirSync(dist("assets")).filter((name) => /^Inbox-[\w-]+\.js$/.test(name))
    assert.lengthOf(inbox, 1)
    const scripts = [...[entry![1]!, ...inbox].reduce((known, name) => withImports(name, known), new Set<string>())]
    const sizes = scripts.map((name) =>
      [name, gzipSync(readFileSync(dist(`assets/${name}`)), { level: 9 }).length] as const
    )
    const all = sizes.reduce((sum, [, size]) => sum + size, 0)
    assert.isAtMost(all, FIRST_VIEW, sizes.map(([name, size]) => `${name} ${size}`).join(", "))
    assert.isAbove(all, FIRST_VIEW / 4)
    assert.deepStrictEqual(scripts.filter((name) => /^(Chart|Markdown|Fields|Palette)-/.test(name)), [])
  })
})

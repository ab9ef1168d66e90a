/** docs/requirement.md holds: each story has its place in it, and what it names is there. */
import { assert, describe, it } from "@effect/vitest"
import { access, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Every story that the requirement names. */
const stories = [
  ...["0.1", "0.2", "0.3", "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5"].map((n) => `AGP1-DB-${n}`),
  ...["3.1", "3.2", "3.3", "3.4", "3.5", "4.1", "4.2", "5.1", "5.2", "5.3"].map((n) => `AGP1-DB-${n}`),
  ...["1.1", "1.2", "1.3", "1.4", "1.5", "1.6"].map((n) => `AGP2-SCHED-${n}`),
]

const text = await readFile(join(root, "docs/requirement.md"), "utf8")
const sections = text.split(/^##+ /m).filter((section) => /^AGP/.test(section)).map((section) => ({
  story: section.slice(0, section.indexOf(":")),
  files: [...section.matchAll(/`([\w./-]+\/[\w./-]+|\.env\.example)`/g)].map(([, file]) => file!),
  // the formatter may break a title's line
  tests: [...section.matchAll(/^ {2}- `([^`]+)`:\s+"([^]*?)"$/gm)].map(([, file, title]) => ({
    file: file!,
    title: title!.replace(/\s+/g, " "),
  })),
  commands: [...section.matchAll(/^npm (test|run test:system) -- (\S+) -t "(.*)"$/gm)].map((
    [, script, path, pattern],
  ) => ({
    script: script!,
    path: path!,
    pattern: pattern!,
  })),
}))

/** Whether a test, or a suite, of this name stands in a file. */
const hasTitle = (source: string, title: string) =>
  [`"${title}"`, `\`${title}\``].some((quoted) => source.includes(quoted))

/** The source of a test file, or of all in a folder. */
const sourceOf = async (path: string): Promise<string> => {
  if (path.endsWith(".ts")) return await readFile(join(root, path), "utf8")
  const names = (await readdir(join(root, path))).filter((name) => name.endsWith(".test.ts"))
  return (await Promise.all(names.map((name) => readFile(join(root, path, name), "utf8")))).join("\n")
}

describe("docs/requirement.md", () => {
  it("has every story once, each with its files, its tests and a command", () => {
    assert.deepStrictEqual(sections.map(({ story }) => story), stories)
    for (const { commands, files, story, tests } of sections) {
      assert.isTrue(files.length > 0 && tests.length > 0 && commands.length > 0, story)
    }
  })

  it("names files that are there", async () => {
    const named = new Set([...text.matchAll(/`([\w./-]+\.(?:ts|sql|md|json))`/g)].map(([, file]) => file!))
    assert.isAbove(named.size, 80)
    for (const file of [...named, ...sections.flatMap(({ files }) => files)]) await access(join(root, file))
  })

  it("names tests that are there", async () => {
    for (const { story, tests } of sections) {
      for (const { file, title } of tests) {
        assert.isTrue(hasTitle(await sourceOf(file), title), `${story}: ${file} has no test "${title}"`)
      }
    }
  })

  it("gives commands whose every part names a test", async () => {
    for (const { commands, story } of sections) {
      for (const { path, pattern, script } of commands) {
        assert.strictEqual(script, /^(apps|tests\/system)\//.test(path) ? "run test:system" : "test", path)
        const source = await sourceOf(path)
        for (const part of pattern.split("|")) {
          assert.isTrue(
            source.includes(part),
            `${story}: nothing in ${path} is "${part}"`,
          )
        }
      }
    }
  })
})

/** The bundled programs: which of them runs, and when the sources run instead. On a copy of this project. */
import { execFile } from "node:child_process"
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { root } from "../src/Home.ts"

const run = promisify(execFile)
const services = ["catalog", "hiring", "deliverables", "scheduler"]

let copy: string
const place = () => join(copy, "node_modules/.cache/stint-programs")
const mainTs = () => join(copy, "apps/cli/src/main.ts")

/** The folder that `programs` answers with, as bin/stint.js asks. */
const make = async (canMake = true): Promise<string> => {
  const module = JSON.stringify(join(copy, "apps/cli/bin/programs.js"))
  const code = `console.log(await (await import(${module})).programs(${canMake}))`
  const { stdout } = await run("node", ["--input-type=module", "-e", code], { env: { ...process.env, TMPDIR: copy } })
  return stdout.trim()
}

const find = () => make(false)

/** What `stint --help` says first. */
const help = async (): Promise<string> => {
  const env = { ...process.env, TMPDIR: copy }
  const { stdout } = await run("node", [join(copy, "apps/cli/bin/stint.js"), "--help"], { env })
  return stdout.split("\n")[0]!
}

const edit = async (from: string, to: string): Promise<void> => {
  const text = await readFile(mainTs(), "utf8")
  assert.include(text, from)
  await writeFile(mainTs(), text.replace(from, to))
}

const programOf = (folder: string): Promise<string> => readFile(join(folder, "apps/cli/src/main.mjs"), "utf8")

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "stint-programs-test-"))
  for (
    const name of [
      "apps/cli",
      "apps/gateway",
      "packages",
      "services",
      "sql",
      "package.json",
      "package-lock.json",
      "deno.json",
    ]
  ) {
    await cp(join(root, name), join(copy, name), { recursive: true })
  }
  await mkdir(join(copy, "node_modules/@stint"), { recursive: true })
  for (const name of await readdir(join(root, "node_modules"))) {
    if (name === "@stint" || name === ".cache") continue
    await symlink(join(root, "node_modules", name), join(copy, "node_modules", name))
  }
  for (const name of ["packages/domain", "packages/edge", "apps/cli", "apps/gateway"]) {
    await symlink(join(copy, name), join(copy, "node_modules/@stint", name.split("/")[1]!))
  }
  for (const name of await readdir(join(copy, "services"))) {
    await symlink(join(copy, "services", name), join(copy, "node_modules/@stint", name))
  }
})
afterAll(() => rm(copy, { recursive: true, force: true }))
beforeEach(async () => {
  await rm(place(), { recursive: true, force: true })
  await cp(join(root, "apps/cli/src/main.ts"), mainTs())
})

describe("the bundle of the programs", () => {
  it("is made once, and used by whoever comes later; two that make one at once disturb nobody", async () => {
    const both = await Promise.all([make(), make()])
    for (const folder of both) assert.strictEqual(await programOf(folder), await programOf(both[0]))
    assert.include(both, await make())
    assert.match(await help(), /^Usage: stint/)
    assert.deepStrictEqual((await readdir(place())).filter((name) => name.startsWith("new-")), [])
  })

  it("is left by npm ci with the databases of a new home and its compiled code, which are made once", async () => {
    const folder = await make()
    const cache = join(copy, "node_modules/.cache/stint")
    const module = JSON.stringify(join(copy, "apps/cli/bin/warmUp.js"))
    const code = `await (await import(${module})).warmUp(${JSON.stringify(folder)})`
    const warmUp = () => run("node", ["--input-type=module", "-e", code], { env: { ...process.env, TMPDIR: copy } })
    await warmUp()
    assert.match((await readdir(cache)).join(), /^stack-[^,]+$/)
    const compiled = (await readdir(join(folder, "deno"))).filter((name) => name.startsWith("v8_code_cache"))
    const kept = (await Promise.all(compiled.map((name) => readFile(join(folder, "deno", name), "latin1")))).join("")
    for (const name of ["apps/cli", "apps/gateway", ...services.map((service) => `services/${service}`)]) {
      assert.include(kept, `${name}/src/main.mjs`)
    }
    await rm(cache, { recursive: true })
    await warmUp()
    assert.notInclude(await readdir(join(copy, "node_modules/.cache")), "stint")
  })

  it("holds what a program uses of the modules that it imports through an index", async () => {
    const folder = await make()
    for (const service of services) {
      const program = await readFile(join(folder, `services/${service}/src/main.mjs`), "utf8")
      assert.notMatch(program, /\b(Effect|Schema|Layer|HttpApi|SqlClient|PgClient|Model|CircuitBreaker)_exports\b/)
    }
  })

  it("is not used once a source is another, and the next start makes a new one", async () => {
    const first = await make()
    await edit("Usage: stint <command>", "Usage: edited <command>")
    assert.match(await help(), /^Usage: edited/)
    const second = await make()
    assert.notStrictEqual(second, first)
    assert.match(await help(), /^Usage: edited/)
    // and the way back finds the first one again
    await edit("Usage: edited <command>", "Usage: stint <command>")
    assert.strictEqual(await make(), first)
    assert.match(await help(), /^Usage: stint/)
  })

  it("is not used when it was changed, cut short, or never finished", async () => {
    const spoils: ReadonlyArray<(folder: string) => Promise<void>> = [
      (folder) => writeFile(join(folder, "apps/cli/src/main.mjs"), `console.log("spoilt")`),
      (folder) => truncate(join(folder, "services/scheduler/src/main.mjs"), 100),
      (folder) => rm(join(folder, "services/catalog/src/main.mjs")),
      (folder) => rm(join(folder, "made.json")),
      (folder) => truncate(join(folder, "made.json"), 100),
    ]
    const folder = await make()
    const whole = join(copy, "whole")
    await cp(folder, whole, { recursive: true })
    for (const spoil of spoils) {
      await spoil(folder)
      assert.strictEqual(await find(), "undefined")
      assert.match(await help(), /^Usage: stint/)
      await rm(folder, { recursive: true })
      await cp(whole, folder, { recursive: true })
      assert.strictEqual(await find(), folder)
    }
    await spoils[0]!(folder)
    assert.notStrictEqual(await make(), folder)
  })

  it("is not used from a folder that others can write", async () => {
    const folder = await make()
    await writeFile(join(folder, "apps/cli/src/main.mjs"), `console.log("planted")`)
    await chmod(place(), 0o777)
    assert.match(await help(), /^Usage: stint/)
    assert.notInclude(await make(), place())
  })

  it("is done without where it can't be kept, and where the sources can't be bundled", async () => {
    await writeFile(place(), "a file in its place")
    const aside = join(copy, `stint-programs-${Deno.uid()}`)
    await rm(aside, { recursive: true, force: true })
    await writeFile(aside, "and here")
    assert.strictEqual(await make(), "undefined")
    assert.match(await help(), /^Usage: stint/)
    await rm(place())
    await rm(aside)
    await edit(`import process from "node:process"`, `import process from "node:process"\nimport "./absent.ts"`)
    assert.strictEqual(await make(), "undefined")
    assert.deepStrictEqual(await readdir(place()), [])
  })

  it("names the sources in a stack", async () => {
    // After a turn: while modules are evaluated there are no stacks (bin/bundle.js)
    await edit(
      "Deno.exit(await stint(",
      `await Promise.resolve()\nif (Deno.args[0] === "keys") throw new Error("a fault")\n$&`,
    )
    await make()
    const bin = join(copy, "apps/cli/bin/stint.js")
    const { stderr } = await run("node", [bin, "keys"], { env: { ...process.env, NO_COLOR: "1" } }).then(
      () => assert.fail("it failed"),
      (error) => error,
    )
    assert.match(stderr, /a fault[\s\S]*apps\/cli\/src\/main\.ts:\d+/)
    assert.notInclude(stderr, ".mjs")
  })
})

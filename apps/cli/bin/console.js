// The console's pages: built by `npm ci`, or by the first start after their sources changed.
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { denoBinary } from "./deno.js"
import { factsOf, isAsItWas } from "./stamps.js"

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../")
const home = join(root, "apps/console")
const dist = join(home, "dist")

/** Where a build says what it was made of; the front door serves no name that begins so. */
const mark = join(dist, ".built")

/** What pages are made of: the console and the contracts, from the root, and the versions of all packages. */
const sources = ["apps/console", "packages/domain/src"]
const notSources = new Set(["dist", "node_modules", "README.md"])

const filesBelow = (folder) =>
  fs.readdirSync(root + folder, { withFileTypes: true })
    .filter(({ name }) => !notSources.has(name) && !name.startsWith("dist."))
    .flatMap((entry) => entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`])

const sourceFiles = () => [...sources.flatMap(filesBelow), "package-lock.json"]

/** What the pages are made of now, by path. */
const factsNow = () => Object.fromEntries(sourceFiles().map((path) => [path, factsOf(root + path)]))

/** What they were made of; undefined when there are none. */
const madeOf = () => {
  try {
    return JSON.parse(fs.readFileSync(mark, "utf8"))
  } catch {
    return undefined
  }
}

const isFresh = (made) => {
  const files = sourceFiles()
  return files.length === Object.keys(made).length && files.every((path) => {
    const facts = made[path]
    return facts !== undefined && isAsItWas(root + path, facts)
  })
}

/** Whether the tools are here: an installation that only runs leaves them out. */
const canBuild = () => {
  try {
    createRequire(join(home, "package.json")).resolve("vite/package.json")
    return true
  } catch {
    return false
  }
}

/** How the pages stand: `built`, `stale` (they can be built), or `without` (they can't). */
export const consoleState = () => {
  const made = madeOf()
  if (made !== undefined && isFresh(made)) return "built"
  if (canBuild()) return "stale"
  return made === undefined ? "without" : "built"
}

/** Builds them, which takes a few seconds; undefined when it is done, else what went wrong. Who reads them meanwhile has the old ones. */
export const buildConsole = async () => {
  const facts = factsNow()
  const made = `${dist}.${randomUUID()}`
  const vite = ["run", "-A", "npm:vite", "build", "--logLevel", "warn", "--outDir", made, "--emptyOutDir"]
  try {
    const said = await new Promise((resolve, reject) => {
      const child = spawn(denoBinary(), vite, {
        cwd: home,
        stdio: ["ignore", "pipe", "pipe"],
        // a test's NODE_ENV would build React as its developers have it
        env: { ...process.env, NODE_ENV: "production", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      })
      let text = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => text += chunk)
      child.once("error", reject)
      child.once("close", (code) => resolve(code === 0 ? undefined : text.trim().split("\n").slice(-3).join(" ")))
    })
    if (said !== undefined) return said
    fs.writeFileSync(join(made, ".built"), JSON.stringify(facts))
    const old = `${dist}.${randomUUID()}`
    if (fs.existsSync(dist)) fs.renameSync(dist, old)
    fs.renameSync(made, dist)
    fs.rmSync(old, { recursive: true, force: true })
    return undefined
  } catch (error) {
    return String(error)
  } finally {
    fs.rmSync(made, { recursive: true, force: true })
  }
}

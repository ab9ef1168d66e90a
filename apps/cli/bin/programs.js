// The programs of the stack, bundled: a process then loads a few files instead of eight hundred, and their compiled code.
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { factsOf, isAsItWas } from "./stamps.js"

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, "../../../")

/** The files beside the sources that a bundle follows from. */
const makers = ["programs.js", "stamps.js", "bundle.js"]

/** How many bundles are kept, each some 45 MB: a branch that is switched to and fro does not make its own anew each time. */
const KEPT = 4

const userId = process.getuid?.() ?? 0

/** Where bundles may be kept, in the order of preference: with the project, else for this user alone. */
const defaultPlaces = () => [
  join(root, "node_modules", ".cache", "stint-programs"),
  join(tmpdir(), `stint-programs-${userId}`),
]

/** Whether nobody but us (or root) can have put anything there: what is there is run. */
const isOurs = (place) => {
  const info = fs.lstatSync(place)
  return info.isDirectory() && [0, userId].includes(info.uid) && (info.mode & 0o022) === 0
}

/** Whether a bundle is whole, and made from the files that are here now. (Two thousand times `join` takes as long as to look.) */
const isFresh = (folder) => {
  const made = JSON.parse(fs.readFileSync(join(folder, "made.json"), "utf8"))
  return made.root === root &&
    Object.entries(made.outputs).every(([path, facts]) => isAsItWas(`${folder}/${path}`, facts)) &&
    Object.entries(made.inputs).every(([path, facts]) => isAsItWas(`${root}${path}`, facts))
}

/** The last used first. */
const bundlesIn = (place) =>
  fs.readdirSync(place).filter((name) => name.startsWith("made-")).map((name) => join(place, name))
    .map((folder) => ({ folder, usedAt: fs.statSync(folder).mtimeMs })).sort((a, b) => b.usedAt - a.usedAt)
    .map(({ folder }) => folder)

const attempt = (work) => {
  try {
    return work()
  } catch {
    return undefined
  }
}

const find = (places) => {
  for (const place of places) {
    if (!attempt(() => isOurs(place))) continue
    const folder = attempt(() => bundlesIn(place).find((folder) => attempt(() => isFresh(folder))))
    if (folder === undefined) continue
    attempt(() => fs.utimesSync(folder, new Date(), new Date()))
    return folder
  }
}

/** Every `package.json` between a file and the root says how imports are resolved. */
const packagesOf = (paths) => {
  const found = new Set(["node_modules/.package-lock.json", "package-lock.json"])
  for (const path of paths) {
    for (let folder = dirname(path);; folder = dirname(folder)) {
      found.add(join(folder, "package.json"))
      if (folder === ".") break
    }
  }
  return [...found].filter((path) => fs.existsSync(join(root, path)))
}

/** Makes a bundle; nobody sees it before it is whole. Throws when a source changed meanwhile. */
const makeIn = async (place) => {
  const unfinished = join(place, `new-${process.pid}-${crypto.randomUUID()}`)
  // The clock of files may be some milliseconds behind
  const began = BigInt(Date.now() - 20) * 1_000_000n
  try {
    fs.mkdirSync(unfinished, { mode: 0o700 })
    const { bundle } = await import("./bundle.js")
    const { inputs, outputs } = await bundle(unfinished)
    const files = [...inputs, ...packagesOf(inputs), ...makers.map((name) => relative(root, join(here, name)))]
    const made = {
      root,
      inputs: Object.fromEntries(files.map((path) => [path, factsOf(join(root, path))])),
      outputs: Object.fromEntries(outputs.map((path) => [path, factsOf(join(unfinished, path))])),
    }
    const changed = files.find((path) => fs.statSync(join(root, path), { bigint: true }).ctimeNs >= began)
    if (changed !== undefined) throw new Error(`${changed} changed meanwhile`)
    fs.writeFileSync(join(unfinished, "made.json"), JSON.stringify(made))
    const folder = join(place, `made-${crypto.randomUUID()}`)
    fs.renameSync(unfinished, folder)
    return folder
  } finally {
    fs.rmSync(unfinished, { recursive: true, force: true })
  }
}

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === "EPERM"
  }
}

/** Removes what a killed maker left, and all but the bundles that were used last. A stack that runs on one does without. */
const tidy = (place) => {
  for (const folder of bundlesIn(place).slice(KEPT)) fs.rmSync(folder, { recursive: true, force: true })
  for (const name of fs.readdirSync(place)) {
    const maker = Number(/^new-(\d+)-/.exec(name)?.[1])
    if (maker > 0 && !isAlive(maker)) fs.rmSync(join(place, name), { recursive: true, force: true })
  }
}

const make = async (places) => {
  let failure
  for (const place of places) {
    try {
      fs.mkdirSync(place, { recursive: true, mode: 0o700 })
      if (!isOurs(place)) continue
      const folder = await makeIn(place)
      attempt(() => tidy(place))
      return folder
    } catch (error) {
      failure = error
    }
  }
  throw failure ?? new Error(`neither ${places.join(" nor ")} is this user's alone`)
}

/**
 * The folder of the bundled programs, made from the files that are here now: `<folder>/services/catalog/src/main.mjs` and so
 * on. With `canMake` it is made where there is none, which takes a second or two. Undefined when there is none, or it can't
 * be made: then programs run from their sources. Never fails.
 */
export const programs = async (canMake, places = defaultPlaces()) => {
  const found = find(places)
  if (found !== undefined || !canMake) return found
  return await make(places).catch(() => undefined)
}

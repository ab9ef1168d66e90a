// The programs of the stack, bundled: a process then loads a few files instead of eight hundred, and their compiled code.
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))

/** How many bundles are kept, each some 25 MB: a branch that is switched to and fro does not make its own anew each time. */
const KEPT = 4

const entries = [
  "apps/cli/src/main.ts",
  "apps/gateway/src/main.ts",
  ...["catalog", "hiring", "deliverables", "scheduler"].map((name) => `services/${name}/src/main.ts`),
]

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

/** What changes whenever a file is written or replaced. */
const stampOf = (path) => {
  const { ctimeNs, ino, mtimeNs, size } = fs.statSync(path, { bigint: true })
  return [size, mtimeNs, ctimeNs, ino].join()
}

const digestOf = (path) => createHash("sha256").update(fs.readFileSync(path)).digest("base64")

const factsOf = (path) => ({ stamp: stampOf(path), digest: digestOf(path) })

/** Whether a file is as it was: by its stamp, else by its content, since a copy of it is as good. */
const isAsItWas = (path, { digest, stamp }) => {
  try {
    return stampOf(path) === stamp || digestOf(path) === digest
  } catch {
    return false
  }
}

/** Whether a bundle is whole, and made from the files that are here now. */
const isFresh = (folder) => {
  const made = JSON.parse(fs.readFileSync(join(folder, "made.json"), "utf8"))
  return made.root === root &&
    Object.entries(made.outputs).every(([path, facts]) => isAsItWas(join(folder, path), facts)) &&
    Object.entries(made.inputs).every(([path, facts]) => isAsItWas(join(root, path), facts))
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

/** The program of the npm package `esbuild` for this machine; found without the package's postinstall having run. */
const esbuild = () => {
  const require = createRequire(import.meta.url)
  const home = dirname(require.resolve(`@esbuild/${process.platform}-${process.arch}/package.json`))
  return join(home, ...process.platform === "win32" ? ["esbuild.exe"] : ["bin", "esbuild"])
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

const bundle = (folder) => {
  const meta = join(folder, "meta.json")
  execFileSync(esbuild(), [
    ...entries,
    "--bundle",
    "--inject:apps/cli/bin/bundleStart.js",
    "--splitting",
    "--format=esm",
    "--platform=node",
    "--tsconfig-raw={}",
    "--outbase=.",
    `--outdir=${folder}`,
    "--out-extension:.js=.mjs",
    "--legal-comments=none",
    // Stacks name the sources; their text stays where it is
    "--sourcemap",
    "--sources-content=false",
    // Code that asks where it stands has to get an answer: a file of apps/cli/src
    `--define:import.meta.url=${JSON.stringify(pathToFileURL(join(root, entries[0])).href)}`,
    `--metafile=${meta}`,
    "--log-level=error",
  ], { cwd: root, stdio: ["ignore", "ignore", "pipe"] })
  const { inputs, outputs } = JSON.parse(fs.readFileSync(meta, "utf8"))
  fs.rmSync(meta)
  return {
    inputs: Object.keys(inputs),
    outputs: Object.keys(outputs).map((path) => relative(folder, join(root, path))),
  }
}

/** Makes a bundle; nobody sees it before it is whole. Throws when a source changed meanwhile. */
const makeIn = (place) => {
  const unfinished = join(place, `new-${process.pid}-${crypto.randomUUID()}`)
  // The clock of files may be some milliseconds behind
  const began = BigInt(Date.now() - 20) * 1_000_000n
  try {
    fs.mkdirSync(unfinished, { mode: 0o700 })
    const { inputs, outputs } = bundle(unfinished)
    const files = [...inputs, ...packagesOf(inputs), relative(root, fileURLToPath(import.meta.url))]
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

const make = (places) => {
  let failure
  for (const place of places) {
    try {
      fs.mkdirSync(place, { recursive: true, mode: 0o700 })
      if (!isOurs(place)) continue
      const folder = makeIn(place)
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
export const programs = (canMake, places = defaultPlaces()) => {
  const found = find(places)
  if (found !== undefined || !canMake) return found
  return attempt(() => make(places))
}

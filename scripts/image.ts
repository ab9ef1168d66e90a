/**
 * Lists the files of the image: those that .dockerignore lets through, and the packages that `npm ci --omit=dev` installs
 * without those that the Dockerfile removes. `node scripts/deno.js run -A scripts/image.ts` prints them; with a folder as
 * its argument it copies them there, as they are under /app in the image.
 */
import { cp, mkdir, readdir, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

/** A pattern of .dockerignore as a RegExp: `*` and `?` match within a folder, `**` across folders. */
const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${
      text.replaceAll(
        /\*\*\/?|[*?]|[.+^${}()|[\]\\]/g,
        (found) => found.startsWith("**") ? ".*" : found === "*" ? "[^/]*" : found === "?" ? "[^/]" : `\\${found}`,
      )
    }$`,
  )

/** Whether .dockerignore lets a file through: the last line decides that matches the file or a folder above it. */
export const lets = (ignore: string): (path: string) => boolean => {
  const rules = ignore.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ through: line.startsWith("!"), pattern: patternOf(line.replace(/^!/, "").replace(/\/$/, "")) }))
  return (path) => {
    const parts = path.split("/")
    const above = parts.map((_, n) => parts.slice(0, n + 1).join("/"))
    return rules.findLast(({ pattern }) => above.some((one) => pattern.test(one)))?.through ?? true
  }
}

/** The files below a folder, as paths from the root, without .git, node_modules and .stint. */
const below = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found = await Promise.all(
    entries.filter(({ name }) => ![".git", "node_modules", ".stint"].includes(name)).map((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? below(path) : [path]
    }),
  )
  return found.flat().toSorted()
}

/** The files of the repository that are sent to the builder. */
export const contextFiles = async (): Promise<ReadonlyArray<string>> =>
  (await below("")).filter(lets(await readFile(join(root, ".dockerignore"), "utf8")))

/** The folders of node_modules that the Dockerfile removes. */
const removed = async (): Promise<ReadonlyArray<string>> => {
  const [, list = ""] = /rm -rf ((?:node_modules\/\S+\s*)+)/.exec(await readFile(join(root, "Dockerfile"), "utf8")) ??
    []
  return list.trim().split(/\s+/)
}

/** The folders of node_modules that are in the image. */
export const packageFolders = async (): Promise<ReadonlyArray<string>> => {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>
  }
  const gone = await removed()
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path.startsWith("node_modules/") && dev !== true)
    .map(([path]) => path)
    .filter((path) => !gone.some((one) => path === one || path.startsWith(`${one}/`)))
}

/** Copies the files of /app into a folder. Optional packages of other platforms are left out, as npm does. */
export const makeImageFolder = async (folder: string): Promise<void> => {
  for (const path of [...await contextFiles(), ...await packageFolders()]) {
    const to = join(folder, path)
    await mkdir(dirname(to), { recursive: true })
    await cp(join(root, path), to, { recursive: true, verbatimSymlinks: true }).catch((error) => {
      if (!(path.startsWith("node_modules/") && error.code === "ENOENT")) throw error
    })
  }
}

if (import.meta.main) {
  const [folder] = Deno.args
  if (folder !== undefined) await makeImageFolder(folder)
  else console.log([...await contextFiles(), ...await packageFolders()].join("\n"))
}

/** The program of a release beside this one: its files as they were committed, in a folder that can run them. */
import { spawnSync } from "node:child_process"
import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** A release that was taken out of the history. */
export interface Release {
  readonly folder: string
  remove(): Promise<void>
}

/** Runs a command to its end, and answers with what it printed; throws with what it complained of. */
const run = (cwd: string, program: string, ...args: ReadonlyArray<string>): string => {
  const { status, stderr, stdout } = spawnSync(program, [...args], { cwd, encoding: "utf8", maxBuffer: 1e9 })
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`)
  return stdout
}

/** What a lock file installs: each package of a registry with its version. */
const installed = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const { packages } = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"))
  const all = Object.entries(
    packages as Readonly<Record<string, { readonly link?: boolean; readonly version?: string }>>,
  )
  return new Map(
    all.filter(([path, { link }]) => path.startsWith("node_modules/") && !link).map(([path, { version = "" }]) => [
      path,
      version,
    ]),
  )
}

/** Links to the packages of this program, and to the release's own for those of the workspace. */
const linkPackages = async (folder: string): Promise<void> => {
  const target = join(folder, "node_modules")
  await mkdir(join(target, "@stint"), { recursive: true })
  for (const name of (await readdir(join(root, "node_modules"))).filter((name) => name !== "@stint")) {
    await symlink(join(root, "node_modules", name), join(target, name))
  }
  for (const group of ["packages", "services", "apps"]) {
    for (const name of await readdir(join(folder, group))) {
      const manifest = join(folder, group, name, "package.json")
      if (!(await access(manifest).then(() => true, () => false))) continue
      await symlink(join(folder, group, name), join(target, JSON.parse(await readFile(manifest, "utf8")).name))
    }
  }
}

/**
 * Takes a commit out of the history of this repository, into a folder of its own. It shares the installed packages where it
 * wants the same versions, else it installs its own. Throws where the history does not go back so far.
 */
export const releaseOf = async (commit: string, name: string): Promise<Release> => {
  const known = spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: root })
  if (known.status !== 0) {
    throw new Error(
      `The history here does not have ${name} (${commit}), which is run beside this program: clone it whole, or git fetch --unshallow.`,
    )
  }
  const folder = await mkdtemp(join(tmpdir(), `stint-${name}-`))
  run(root, "git", "archive", "--output", join(folder, "release.tar"), commit)
  run(folder, "tar", "-xf", "release.tar")
  await rm(join(folder, "release.tar"))
  const [theirs, ours] = await Promise.all([installed(folder), installed(root)])
  if ([...theirs].every(([path, version]) => ours.get(path) === version)) await linkPackages(folder)
  else run(folder, "npm", "ci", "--omit=dev")
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

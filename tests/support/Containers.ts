/**
 * The command lines of docker-compose.yml, run outside containers: in a folder that holds what the image does, with the
 * environment that a container has, and nothing else. Names of hosts and folders become this machine's.
 */
import { spawn } from "node:child_process"
import { mkdir, readFile, symlink } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { type ComposeService, parseCompose } from "../../scripts/compose.ts"
import { makeImageFolder } from "../../scripts/image.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The text of docker-compose.yml. */
export const composeText = (): Promise<string> => readFile(join(root, "docker-compose.yml"), "utf8")

/** A process of a command line. */
export interface Run {
  readonly output: () => string
  /** Its exit status, once it has ended; null when a signal ended it. */
  readonly ended: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

/** Where things are on this machine. */
export interface Place {
  /** A folder that this keeps to itself. */
  readonly folder: string
  readonly portBase: number
  readonly postgresPort: number
}

/** A machine without containers that runs what they would. */
export interface Containers {
  readonly services: Readonly<Record<string, ComposeService>>
  /** What /app is in the image, and what /var/lib/stint is. */
  readonly app: string
  readonly data: string
  /** Runs a service's command line, or another one in its place; `portBase` when it is a further replica. */
  run(service: string, command?: ReadonlyArray<string>, portBase?: number): Run
}

/** Makes the image's folder, with `deno` and `stint` on the path as the Dockerfile puts them. */
export const makeContainers = async ({ folder, portBase, postgresPort }: Place): Promise<Containers> => {
  const app = join(folder, "app")
  const data = join(folder, "data")
  const bin = join(folder, "bin")
  await makeImageFolder(app)
  for (
    const path of [
      bin,
      join(folder, "deno"),
      ...["vault", "superuser", "services", "journal"].map((n) => join(data, n)),
    ]
  ) {
    await mkdir(path, { recursive: true })
  }
  await symlink(Deno.execPath(), join(bin, "deno"))
  await symlink(join(app, "docker", "stint"), join(bin, "stint"))
  const { services } = parseCompose(await composeText())
  const local = (base: number) => (text: string) =>
    // a variable that nobody sets
    text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1").replaceAll("/var/lib/stint", data).replaceAll("/app/", `${app}/`)
      .replaceAll("postgres:5432", `127.0.0.1:${postgresPort}`)
      // its own port is the replica's, those of the others are not
      .replaceAll(/0\.0\.0\.0:410(\d)/g, (_, n) => `127.0.0.1:${base + Number(n)}`)
      .replaceAll(/\b[a-z]+:410(\d)/g, (_, n) => `127.0.0.1:${portBase + Number(n)}`)
      .replace(/^410(\d)$/, (_, n) => String(base + Number(n)))
      .replace(/^0\.0\.0\.0$/, "127.0.0.1")
  return {
    services,
    app,
    data,
    run: (name, command, base = portBase) => {
      const service = services[name]!
      const here = local(base)
      const words = [...command === undefined ? service.entrypoint ?? [] : [], ...command ?? service.command].map(here)
      const child = spawn(words[0]!, words.slice(1), {
        cwd: app,
        env: {
          PATH: `${bin}:/usr/bin:/bin`,
          DENO_DIR: join(folder, "deno"),
          DENO_NO_UPDATE_CHECK: "1",
          NO_COLOR: "1",
          ...Object.fromEntries(Object.entries(service.environment ?? {}).map(([key, value]) => [key, here(value)])),
          STINT_PORT_BASE: String(base),
        },
        stdio: ["ignore", "pipe", "pipe"],
      })
      let output = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk)
      return {
        output: () => output,
        ended: new Promise((resolve, reject) => child.once("close", resolve).once("error", reject)),
        // Not child.kill(): under Deno a process that it was used on has no exit status
        signal: (name) => {
          if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, name)
        },
      }
    },
  }
}

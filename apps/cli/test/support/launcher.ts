/** `stint` as a person starts it: in a process group of its own, with what it says line by line. */
import { spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { until } from "../../../../tests/support/Until.ts"
import { endPostmaster, readPostmaster } from "../../src/Postgres/Postmaster.ts"

const root = fileURLToPath(new URL("../../../../", import.meta.url))
const shim = join(root, "apps/cli/bin/stint.js")

/** A launcher that was started. */
export interface Launcher {
  /** Its process id, and that of its group. */
  readonly pid: number
  lines(): ReadonlyArray<string>
  /** The same without those of the services, which may come at any time: on a busy machine one may say that another is away. */
  own(): ReadonlyArray<string>
  /** Waits for a line; fails when all that the program said is read, and it is not there, or after two minutes. */
  line(pattern: RegExp): Promise<string>
  /** The exit status, and all that was said. */
  readonly end: Promise<{ readonly status: number | null; readonly text: string }>
  /** Sends a signal to the whole group, as a terminal does. */
  signal(name: NodeJS.Signals): void
}

const groups: Array<number> = []
const folders: Array<string> = []

/** A new folder for a home; `cleanUp` removes it. */
export const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "stint-start-"))
  folders.push(folder)
  return folder
}

/** Variables of this process that would reach the stack. */
const foreign = /^(STINT_|npm_)|_(DATABASE|MIGRATE)_URL$/

/** The environment of this process without them. */
export const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || foreign.test(name) ? [] : [[name, value]]
    ),
  )

/** Starts `command` with an environment that holds nothing of ours but `env`. */
export const launchCommand = (
  command: readonly [string, ...ReadonlyArray<string>],
  env: Readonly<Record<string, string>>,
): Launcher => {
  const [program, ...args] = command
  const child = spawn(program, args, {
    cwd: root,
    detached: true,
    env: { ...ownEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  groups.push(child.pid!)
  let text = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => text += chunk)
  let closed = false
  child.once("close", () => closed = true)
  const lines = () => text.split("\n").slice(0, -1)
  return {
    pid: child.pid!,
    lines,
    own: () => lines().filter((line) => !/^\w+ +\|/.test(line)),
    line: async (pattern) => {
      const look = () => lines().find((line) => pattern.test(line))
      await until(
        `a line like ${pattern}, or the end`,
        () => look() !== undefined || closed,
        () => text,
      )
      const found = look()
      if (found === undefined) throw new Error(`no line like ${pattern} in:\n${text}`)
      return found
    },
    end: new Promise((resolve) => child.once("close", (status) => resolve({ status, text }))),
    signal: (name) => void process.kill(-child.pid!, name),
  }
}

/** Starts `stint` with these arguments. */
export const launch = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}): Launcher =>
  launchCommand(["node", shim, ...args], env)

/** The living processes of a launcher's group: pid and command line. */
export const groupOf = async (
  group: number,
): Promise<ReadonlyArray<{ readonly pid: number; readonly command: string }>> => {
  const found = await Promise.all(
    (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "")
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      if (Number(pgrp) !== group || state === "Z") return []
      return [{
        pid: Number(name),
        command: (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " "),
      }]
    }),
  )
  return found.flat()
}

/** Ends all that was started here and removes the folders. */
export const cleanUp = async (): Promise<void> => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, "SIGKILL")
    } catch { /* it has ended */ }
  }
  for (const folder of folders.splice(0)) {
    const data = join(folder, "postgres")
    const postmaster = await readPostmaster(data)
    if (postmaster !== undefined) await endPostmaster(postmaster.pid, data, 5_000, () => {})
    await rm(folder, { recursive: true, force: true })
  }
}

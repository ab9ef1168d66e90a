import { execFile } from "node:child_process"
import { readFile, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { platform } from "node:os"
import { basename } from "node:path"

/** What a running Postgres says of itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly socketDir: string
  /** Whether it accepts connections, in its own view. */
  readonly ready: boolean
}

/** Reads `postmaster.pid` of a data directory; undefined when there is none or it is half written. */
export const readPostmaster = async (data: string): Promise<Postmaster | undefined> => {
  const lines = (await readFile(`${data}/postmaster.pid`, "utf8").catch(() => "")).split("\n")
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3]), socketDir: lines[4] ?? "", ready: lines[7]?.trim() === "ready" }
}

/** The arguments of a process; empty when it is gone, or a zombie. */
const commandLine = async (pid: number): Promise<ReadonlyArray<string>> => {
  if (platform() === "linux") {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0")
  }
  const text = await new Promise<string>((resolve) =>
    execFile("ps", ["-o", "command=", "-p", String(pid)], (error, stdout) => resolve(error === null ? stdout : ""))
  )
  return text.trim().split(" ")
}

/**
 * Whether the process is the postmaster of this data directory: a process id alone proves nothing after a crash or
 * in a container, where it is soon another's.
 */
export const isPostmasterOf = async (pid: number, data: string): Promise<boolean> => {
  const [program, ...args] = await commandLine(pid)
  return basename(program ?? "") === "postgres" && `${args.join(" ")} `.startsWith(`-D ${data} `)
}

/** Whether a process of that id lives, whosoever it is. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { readonly code?: unknown }).code === "EPERM"
  }
}

/** A process id that no system gives out. */
const nobodysPid = 2_147_483_647

/**
 * Takes the process out of a pid file which names one that is not this directory's postmaster: Postgres would take any
 * living process of that id, even a zombie that nobody reaps, for one of its own and refuse to start. The rest of the
 * file stays, so that Postgres still sees whether processes of the former one hold its memory. A file without a process
 * id, which a power cut can leave, is removed. Only for the holder of the home's lock.
 */
export const freePidFile = async (data: string): Promise<void> => {
  const path = `${data}/postmaster.pid`
  const text = await readFile(path, "utf8").catch(() => undefined)
  if (text === undefined) return
  const found = await readPostmaster(data)
  if (found === undefined) return await rm(path, { force: true })
  if (!isAlive(found.pid) || await isPostmasterOf(found.pid, data)) return
  await writeFile(path, text.replace(/^\d+/, String(nobodysPid)))
}

const startupMessage = (): Uint8Array => {
  const fields = new TextEncoder().encode("user\0postgres\0database\0postgres\0\0")
  const message = new Uint8Array(8 + fields.length)
  const view = new DataView(message.buffer)
  view.setInt32(0, message.length)
  view.setInt32(4, 3 << 16)
  message.set(fields, 8)
  return message
}

/**
 * Asks a port as pg_isready does: a startup message without a password. `accepts` when it wants to authenticate us,
 * `busy` when it refuses (it starts, recovers or stops), `silent` when nothing comes within `timeout` milliseconds.
 */
export const probe = (port: number, timeout: number): Promise<"accepts" | "busy" | "silent"> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    const end = (answer: "accepts" | "busy" | "silent") => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end("silent"), timeout)
    socket.on("connect", () => socket.write(startupMessage()))
    socket.on("data", (chunk) => end(chunk[0] === "R".charCodeAt(0) ? "accepts" : "busy"))
    socket.on("error", () => end("silent"))
    socket.on("close", () => end("silent"))
  })

/** Waits some milliseconds. */
export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Waits until the postmaster is gone; false when `timeout` milliseconds were not enough. */
const untilGone = async (pid: number, data: string, timeout: number): Promise<boolean> => {
  for (const end = Date.now() + timeout; Date.now() < end; await pause(10)) {
    if (!(await isPostmasterOf(pid, data))) return true
  }
  return false
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch { /* it ended in the meantime */ }
}

/**
 * Ends a postmaster: SIGINT, the fast shutdown, which rolls back what is open and writes a checkpoint; after `timeout`
 * milliseconds SIGQUIT, after which the next start recovers from the log; at last SIGKILL.
 * Looks at the command line before each signal.
 */
export const endPostmaster = async (
  pid: number,
  data: string,
  timeout: number,
  log: (line: string) => void,
): Promise<void> => {
  for (const [name, wait] of [["SIGINT", timeout], ["SIGQUIT", 5_000], ["SIGKILL", 5_000]] as const) {
    if (!(await isPostmasterOf(pid, data))) return
    if (name !== "SIGINT") log(`Postgres (process ${pid}) does not stop: ${name}`)
    signal(pid, name)
    // One that was stopped hears nothing else
    signal(pid, "SIGCONT")
    if (await untilGone(pid, data, wait)) return
  }
}

import { execFile } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { platform } from "node:os"

/** A process: its id, its parent's, its arguments in one line. */
interface Process {
  readonly pid: number
  readonly parent: number
  readonly args: string
}

const ofProc = async (pid: number): Promise<Process | undefined> => {
  try {
    const [stat, args] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ])
    // A program's name stands in brackets and may hold any character, brackets too
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
    return { pid, parent, args: args.replaceAll("\0", " ") }
  } catch {
    return undefined
  }
}

const all = async (): Promise<ReadonlyArray<Process>> => {
  if (platform() === "linux") {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)
    return (await Promise.all(pids.map(ofProc))).filter((found) => found !== undefined)
  }
  const text = await new Promise<string>((resolve) =>
    execFile("ps", ["-A", "-o", "pid=,ppid=,command="], (error, stdout) => resolve(error === null ? stdout : ""))
  )
  return text.split("\n").flatMap((line) => {
    const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return args === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }]
  })
}

/** The descendant of a process whose arguments hold a text; undefined when there is none. No other process is looked at. */
export const descendantWith = async (ancestor: number, text: string): Promise<number | undefined> => {
  const processes = await all()
  const found = new Set([ancestor])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { parent, pid } of processes) if (found.has(parent)) found.add(pid)
  }
  return processes.find(({ args, pid }) => pid !== ancestor && found.has(pid) && args.includes(text))?.pid
}

/** CPU time of processes, from /proc: it takes a Linux. */
import { readdir, readFile } from "node:fs/promises"

/** Clock ticks a second of /proc/<pid>/stat: the same on every Linux that Deno and Node run on. */
const TICKS = 100

/** CPU seconds that all processes of the machine used so far. */
export const cpuOfMachine = async (): Promise<number> => {
  const [user, nice, system, , , irq, softirq] = (await readFile("/proc/stat", "utf8")).split("\n")[0]!
    .split(/\s+/).slice(1).map(Number)
  return (user! + nice! + system! + irq! + softirq!) / TICKS
}

const statOf = async (pid: number) => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
}

const childrenOf = async (parent: number) => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
    .map(Number)
  const parents = await Promise.all(
    pids.map(async (pid) => Number((await statOf(pid))[1])),
  )
  return pids.filter((_, i) => parents[i] === parent)
}

/** CPU seconds of a process so far, and of those of its children that ended. */
export const cpuOf = async (pid: number): Promise<number> => {
  const fields = await statOf(pid)
  return [11, 12, 13, 14].reduce((sum, n) => sum + Number(fields[n] ?? 0), 0) /
    TICKS
}

/** CPU seconds of a process and of all its children, as of a postmaster and its backends. */
export const cpuOfTree = async (pid: number): Promise<number> => {
  const all = await Promise.all([pid, ...await childrenOf(pid)].map(cpuOf))
  return all.reduce((sum, seconds) => sum + seconds, 0)
}

/**
 * How long `npm start` takes until it says that it is ready, and how much memory a service then has; beside it four bare services of
 * Effect, which tell machines apart.
 */
import { build, stop } from "esbuild"
import { spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { freePortBase } from "../../tests/support/Stack.ts"
import { cpuOf } from "../Cpu.ts"
import { median, roundedAll, table } from "../Figures.ts"

const ROUNDS = 5
/** How long a stack has nothing to do before its memory is read, in milliseconds. */
const IDLE_MS = 5_000
const GOALS = { cold_s: 3.5, warm_s: 1.2, mb: 70 }
const services = ["catalog", "hiring", "deliverables", "scheduler"]

/** One start. */
interface Start {
  readonly seconds: number
  /** CPU seconds of all its processes until it was ready, of those that ended as well. */
  readonly cpu: number
  /** Resident megabytes of each service. */
  readonly mb: Readonly<Record<string, number>>
}

/** The processes of a group, with their command lines. */
const groupOf = async (group: number) => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
    if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) !== group) return []
    return [{ pid: Number(pid), command: await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "") }]
  }))
  return found.flat()
}

const residentMb = async (pid: number): Promise<number> => {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? []
  return Number(kb) / 1024
}

/** Starts a stack in that home, waits until it is ready, and ends it. */
const startIn = async (home: string, base: number, looksAtMemory: boolean): Promise<Start> => {
  const began = performance.now()
  const child = spawn("node", ["apps/cli/bin/stint.js", "start", "--no-sample"], {
    detached: true,
    env: { ...process.env, STINT_HOME: home, STINT_PORT_BASE: String(base) },
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = new Promise((resolve) => child.once("exit", resolve))
  try {
    let ready = false
    for await (const line of createInterface({ input: child.stdout! })) {
      ready = line.startsWith("ready: ")
      if (ready) break
    }
    if (!ready) throw new Error("the stack ended before it was ready")
    const seconds = (performance.now() - began) / 1000
    const group = await groupOf(child.pid!)
    const cpu = (await Promise.all(group.map(({ pid }) => cpuOf(pid)))).reduce((sum, one) => sum + one, 0)
    if (!looksAtMemory) return { seconds, cpu, mb: {} }
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    const mb = await Promise.all(services.map(async (service) => {
      const { pid } = group.find(({ command }) => command.includes(`services/${service}/src/main.`))!
      return [service, await residentMb(pid)] as const
    }))
    return { seconds, cpu, mb: Object.fromEntries(mb) }
  } finally {
    try {
      process.kill(-child.pid!, "SIGTERM")
    } catch { /* it has ended */ }
    await ended
  }
}

/** Bundles the bare service into the folder, as the programs of a stack are. */
const bundleBare = async (folder: string): Promise<string> => {
  const outfile = join(folder, "bare.mjs")
  const entryPoints = [fileURLToPath(new URL("../peers/Bare.ts", import.meta.url))]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    minifyWhitespace: true,
    tsconfigRaw: "{}",
    logLevel: "silent",
  })
    .finally(stop)
  return outfile
}

/** Starts four bare services at once, and ends them when each has answered. */
const startBare = async (program: string, folder: string) => {
  const began = performance.now()
  const four = services.map(() =>
    spawn(Deno.execPath(), ["run", "--allow-net", "--unstable-no-legacy-abort", "--no-config", "--no-lock", program], {
      env: { ...process.env, DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    })
  )
  try {
    await Promise.all(four.map(async (child) => {
      for await (const port of createInterface({ input: child.stdout })) {
        return await (await fetch(`http://127.0.0.1:${port}/livez`)).text()
      }
      throw new Error("a bare service ended before it listened")
    }))
    const seconds = (performance.now() - began) / 1000
    const cpu = (await Promise.all(four.map(({ pid }) => cpuOf(pid!)))).reduce((sum, one) => sum + one, 0)
    return { seconds, cpu }
  } finally {
    for (const child of four) child.kill("SIGKILL")
  }
}

/** Cold starts, each in an empty home, and warm ones in a home that was; the median of each, after one that does not count. */
export const starts = async () => {
  const base = await freePortBase()
  const homes = await Promise.all(Array.from({ length: ROUNDS + 1 }, () => mkdtemp(join(tmpdir(), "stint-bench-"))))
  try {
    // The first one on this machine bundles the programs and prepares the databases that later empty homes copy
    const first = await startIn(homes[0]!, base, false)
    const program = await bundleBare(homes[0]!)
    await startBare(program, homes[0]!)
    const bare: Array<Omit<Start, "mb">> = []
    const cold: Array<Start> = []
    const warm: Array<Start> = []
    for (const home of homes.slice(1)) {
      cold.push(await startIn(home, base, false))
      warm.push(await startIn(home, base, true))
      bare.push(await startBare(program, homes[0]!))
    }
    const figures = roundedAll({
      first_s: first.seconds,
      cold_s: median(cold.map(({ seconds }) => seconds)),
      warm_s: median(warm.map(({ seconds }) => seconds)),
      cold_cpu_s: median(cold.map(({ cpu }) => cpu)),
      warm_cpu_s: median(warm.map(({ cpu }) => cpu)),
      bare_s: median(bare.map(({ seconds }) => seconds)),
      bare_cpu_s: median(bare.map(({ cpu }) => cpu)),
      mb: Object.fromEntries(services.map((service) => [service, median(warm.map(({ mb }) => mb[service]!))])),
      goals: GOALS,
    })
    console.log(
      `\nstarts: until ready, seconds; medians of ${ROUNDS}; the first on this machine may bundle and prepare`,
    )
    const ofBare = (seconds: number) => `${(seconds / figures.bare_s).toFixed(1)} x`
    console.log(table([
      ["", "is", "goal", "CPU", "of bare"],
      [
        "cold, an empty home",
        String(figures.cold_s),
        String(GOALS.cold_s),
        String(figures.cold_cpu_s),
        ofBare(figures.cold_s),
      ],
      ["warm", String(figures.warm_s), String(GOALS.warm_s), String(figures.warm_cpu_s), ofBare(figures.warm_s)],
      ["four bare services of Effect", String(figures.bare_s), "", String(figures.bare_cpu_s), ofBare(figures.bare_s)],
      ...services.map((service) => [`${service}, MB`, String(figures.mb[service]), String(GOALS.mb), "", ""]),
    ]))
    return figures
  } finally {
    for (const home of homes) await rm(home, { recursive: true, force: true })
  }
}

#!/usr/bin/env node
// Runs apps/cli/src/main.ts under the pinned Deno: as its parent, so that signals and the exit status pass through.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { constants } from "node:os"
import { fileURLToPath } from "node:url"
import { denoBinary } from "./deno.js"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const flags = ["run", "--allow-all", "--no-prompt", "--cached-only", "--no-remote"]

let deno
try {
  deno = denoBinary()
} catch (error) {
  console.error(`stint: ${error.message}`)
  process.exit(1)
}
const child = spawn(deno, [...flags, main, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
})
child.on("error", (error) => {
  console.error(`stint: ${deno} can't be run: ${error.message}`)
  process.exit(1)
})
child.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))

/** The process that a process was started by; undefined where there is no /proc. */
const parentOf = (pid) => {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
  } catch {
    return undefined
  }
}

// npm runs a script through a shell, which outlives a killed npm: then nobody would end this program any more
if (process.env.npm_lifecycle_event !== undefined) {
  const above = () => [process.ppid, parentOf(process.ppid)].join()
  const before = above()
  setInterval(() => above() === before || child.kill("SIGTERM"), 500).unref()
}

#!/usr/bin/env node
// Runs apps/cli/src/main.ts under the pinned Deno: as its parent, so that signals and the exit status pass through.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundledFlags } from "./bundledFlags.js"
import { consoleState } from "./console.js"
import { denoBinary } from "./deno.js"
import { programs } from "./programs.js"

// What starts a stack is worth the second that bundling takes
const startsStack = ["start", "demo"].includes(process.argv[2])
const bundle = await programs(startsStack)
const main = bundle === undefined
  ? fileURLToPath(new URL("../src/main.ts", import.meta.url))
  : join(bundle, "apps/cli/src/main.mjs")
const flags = ["run", "--allow-all", "--no-prompt", "--cached-only", "--no-remote"]
if (bundle !== undefined) flags.push(...bundledFlags)

let deno
try {
  deno = denoBinary()
} catch (error) {
  console.error(`stint: ${error.message}`)
  process.exit(1)
}
const child = spawn(deno, [...flags, main, ...process.argv.slice(2)], {
  stdio: "inherit",
  // Its own parent, so that it notices our death, which a SIGKILL leaves us no time to tell
  env: {
    ...process.env,
    DENO_NO_UPDATE_CHECK: "1",
    STINT_PARENT: String(process.pid),
    // Compiled code is kept beside the bundle, and goes away with it
    STINT_PROGRAMS: bundle ?? "",
    // Node looks at files four times as fast as Deno's shims of it
    STINT_CONSOLE_STATE: startsStack ? consoleState() : "",
    ...bundle === undefined ? {} : { DENO_DIR: process.env.DENO_DIR || join(bundle, "deno") },
  },
})
child.on("error", (error) => {
  console.error(`stint: ${deno} can't be run: ${error.message}`)
  process.exit(1)
})
child.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))

/** A file of a process under /proc; empty where there is none. */
const procFile = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8")
  } catch {
    return ""
  }
}

const parentOf = (pid) => /^PPid:\s*(\d+)$/m.exec(procFile(pid, "status"))?.[1]

/** Whether a process is a shell that was given its commands as npm gives them. */
const isScriptShell = (pid) => /^([^\0]*\/)?\w*sh\0-c\0/.test(procFile(pid, "cmdline"))

// A killed npm ends nobody. It is our parent where its script says `exec`, and that parent's parent where npx put a shell
// between; whoever stands above npm may end as he likes: `nohup npm start &`
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = isScriptShell(process.ppid) ? process.ppid : undefined
  const above = () => [process.ppid, shell && parentOf(shell)].join()
  const before = above()
  setInterval(() => above() === before || child.kill("SIGTERM"), 500).unref()
}

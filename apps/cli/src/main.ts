/** `stint` as a process. */
import process from "node:process"
import { commands } from "./commands/All.ts"
import { standardIo } from "./Io.ts"
import { stint } from "./Stint.ts"

const usage = `Usage: stint <command> [flags]

${Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(13)}${about}`).join("\n")}

stint <command> --help says what a command takes; stint --version says which stint this is; docs/cli.md is the manual.`

/** How soon the death of the program that started this one is noticed, in milliseconds. */
const ORPHAN_MS = 500

/** Tells this process to end once bin/stint.js is gone, as a signal would: nobody could end it in order any more. */
const endWithParent = (): void => {
  const parent = Number(Deno.env.get("STINT_PARENT"))
  Deno.env.delete("STINT_PARENT")
  if (!Number.isInteger(parent) || parent === 0) return
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return
    clearInterval(timer)
    process.kill(Deno.pid, "SIGTERM")
  }, ORPHAN_MS)
}

endWithParent()
Deno.exit(await stint(Deno.args, standardIo(), usage))

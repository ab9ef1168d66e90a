#!/usr/bin/env node
// Runs the pinned Deno with the given arguments, passing signals on: the npm package's own wrapper orphans it on SIGTERM.
import { spawn } from "node:child_process"
import { denoBinary } from "../apps/cli/bin/deno.js"

const child = spawn(denoBinary(), process.argv.slice(2), { stdio: "inherit" })
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
child.on("exit", (code, signal) => process.exit(signal === null ? code ?? 1 : 1))

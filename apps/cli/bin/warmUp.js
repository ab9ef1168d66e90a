// What the first start makes besides the bundle: the databases that a new home copies, and the compiled code of the programs.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundledFlags } from "./bundledFlags.js"
import { denoBinary } from "./deno.js"

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../")

/** In the order in which a start waits for them. */
const mains = [
  ...["scheduler", "deliverables", "hiring", "catalog"].map((name) => `services/${name}/src/main.mjs`),
  "apps/gateway/src/main.mjs",
]

/** Runs a program until it ends, whatever comes of it. */
const run = (program, args, given = {}) =>
  new Promise((resolve) => {
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", ...given }
    const child = spawn(program, args, { cwd: root, env, stdio: "ignore" })
    child.on("error", resolve)
    child.on("exit", resolve)
  })

/** Runs each program of a bundle, which refuses a port that is none: Deno has kept its compiled code by then. */
const load = async (bundle) => {
  const given = { DENO_DIR: join(bundle, "deno"), STINT_PORT_BASE: "0" }
  const flags = ["run", "--allow-env", "--no-prompt", ...bundledFlags]
  for (const main of mains) await run(denoBinary(), [...flags, join(bundle, main)], given)
  await run(process.execPath, [join(root, "apps/cli/bin/stint.js"), "start"], given)
}

/** Makes them once for a bundle. What can't be made is left to the first start. */
export const warmUp = async (bundle) => {
  if (fs.existsSync(join(bundle, "deno"))) return
  const makeDatabases = ["run", "--allow-all", "--no-prompt", "--cached-only", "--no-remote", "apps/cli/src/prepare.ts"]
  await Promise.all([run(denoBinary(), makeDatabases), load(bundle)])
}

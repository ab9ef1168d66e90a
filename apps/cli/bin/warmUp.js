// What the first start makes besides the bundle: the databases that a new home copies, and the compiled code of the programs.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundledFlags } from "./bundledFlags.js"
import { denoBinary } from "./deno.js"

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../")

/** The services and the front door, in the order in which a start waits for them. */
const services = [
  ...["scheduler", "deliverables", "hiring", "catalog"].map((name) => `services/${name}`),
  "apps/gateway",
]

/** What a program sees of this environment: no setting of a stack. */
const seen = ["HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME"]

/** Runs a program of Deno until it ends, whatever comes of it. */
const run = (args, given = {}) =>
  new Promise((resolve) => {
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => seen.includes(name)))
    const child = spawn(denoBinary(), ["run", "--allow-all", "--no-prompt", "--cached-only", "--no-remote", ...args], {
      cwd: root,
      env: { ...own, DENO_NO_UPDATE_CHECK: "1", ...given },
      stdio: "ignore",
    })
    child.on("error", resolve)
    child.on("exit", resolve)
  })

/** Has each program refuse what it is given: a port that is none, or a home in a file. */
const load = async (bundle, DENO_DIR) => {
  const ofProgram = (name) => [...bundledFlags, "--preload", "apps/cli/bin/stay.js", join(bundle, name, "src/main.mjs")]
  for (const name of services) await run(ofProgram(name), { DENO_DIR, STINT_PORT_BASE: "0" })
  await run([...ofProgram("apps/cli"), "start"], { DENO_DIR, STINT_HOME: join(bundle, "made.json", "home") })
}

/** Makes both once for a bundle. What can't be made is left to the first start. */
export const warmUp = async (bundle) => {
  const DENO_DIR = join(bundle, "deno")
  if (fs.existsSync(DENO_DIR)) return
  await Promise.all([run(["apps/cli/src/prepare.ts"]), load(bundle, DENO_DIR)])
}

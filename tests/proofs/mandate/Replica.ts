/** A second deliverables over the databases of a stack: started as the launcher starts its one, killed, and started again. */
import { jwksFileOf, revokedFileOf } from "@stint/cli/DevKey/Store"
import { root } from "@stint/cli/Home"
import { programs } from "@stint/cli/Programs"
import { launchOf, manifestOf } from "@stint/cli/Stack/Launch"
import { serviceTokenFileOf } from "@stint/cli/Stack/ServiceTokens"
import { settingsOf } from "@stint/cli/Stack/Settings"
import { PORTS } from "@stint/edge/Ports"
import { type ChildProcess, spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { freePortBase } from "../../support/Stack.ts"
import { UNHURRIED } from "../../support/Unhurried.ts"
import type { Ground } from "../Ground.ts"
import { type Attack, until } from "../Proof.ts"

/** The other replica. */
export interface Other {
  /** Where it answers. */
  readonly url: string
  /** SIGKILL; it is started again and waited for. */
  kill(): Promise<void>
}

/** Starts it; it ends with the attack. */
export const startOther = async ({ stack, superuser }: Ground, { defer }: Attack): Promise<Other> => {
  const manifest = await manifestOf("deliverables")
  const { port } = JSON.parse(await readFile(join(stack.home, "postgres.json"), "utf8"))
  const bundle = await programs(false)
  const bundled = bundle === undefined ? {} : { STINT_PROGRAMS: bundle, DENO_DIR: join(bundle, "deno") }
  const password = crypto.randomUUID()
  const role = "stint_deliverables_other"
  await superuser.sql("postgres", `create role ${role} login in role stint_deliverables password '${password}'`)
  const portBase = await freePortBase()
  const urlOf = (service: "catalog" | "hiring" | "scheduler") => `http://127.0.0.1:${stack.base + PORTS[service]}`
  const settings = settingsOf({
    ...Deno.env.toObject(),
    ...bundled,
    STINT_HOME: stack.home,
    STINT_PORT_BASE: String(portBase),
    STINT_BOUNDS: UNHURRIED,
    CATALOG_URL: urlOf("catalog"),
    HIRING_URL: urlOf("hiring"),
    SCHEDULER_URL: urlOf("scheduler"),
  })
  const launch = launchOf(settings, "deliverables", manifest, {
    databaseHost: `127.0.0.1:${port}`,
    jwksFile: jwksFileOf(stack.home),
    revokedFile: revokedFileOf(stack.home),
    tokenFile: serviceTokenFileOf(stack.home, "deliverables"),
  })
  const url = `http://127.0.0.1:${portBase + PORTS.deliverables}`
  let child: ChildProcess | undefined
  const start = async () => {
    const started = spawn(Deno.execPath(), [...launch.args], { cwd: root, env: { ...launch.env }, stdio: "pipe" })
    child = started
    for (const stream of [started.stdout, started.stderr]) stream.on("data", () => {})
    // held open: its end is our death to the service, which then ends as well
    started.stdin.on("error", () => {})
    const database = `postgres://${role}:${password}@127.0.0.1:${port}/stint_deliverables`
    started.stdin.write(`${JSON.stringify({ DELIVERABLES_DATABASE_URL: database })}\n`)
    await until("the other replica is ready", async () => (await fetch(`${url}/readyz`)).ok)
  }
  const end = async () => {
    const ending = child
    if (ending === undefined) return
    child = undefined
    const ended = new Promise((resolve) => ending.once("exit", resolve))
    ending.kill("SIGKILL")
    await ended
  }
  defer(end)
  await start()
  return {
    url,
    kill: async () => {
      await end()
      await start()
    },
  }
}

/** Any host of fetch handlers can run a service: here `deno serve`, with the permissions of the service's manifest. */
import { root } from "@stint/cli/Home"
import { launchOf, manifestOf } from "@stint/cli/Stack/Launch"
import { serviceNames, settingsOf } from "@stint/cli/Stack/Settings"
import { PORTS } from "@stint/edge/Ports"
import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { freePortBase } from "../support/Stack.ts"

/** No database is there: a service answers while it waits for one. */
const NO_DATABASE = "127.0.0.1:1"

describe("deno serve runs the handler of", () => {
  let home: string
  let portBase: number
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stint-handlers-"))
    await writeFile(join(home, "token"), "token")
    portBase = await freePortBase()
  })
  afterAll(() => rm(home, { recursive: true, force: true }))

  it.each(serviceNames)("%s", async (service) => {
    const settings = settingsOf({ ...Deno.env.toObject(), STINT_HOME: home, STINT_PORT_BASE: String(portBase) })
    const { args: [, ...args], env } = launchOf(settings, service, await manifestOf(service), {
      databaseHost: NO_DATABASE,
      jwksFile: undefined,
      revokedFile: undefined,
      tokenFile: join(home, "token"),
    })
    const { STINT_SUPERVISED: _, ...alone } = env
    const port = portBase + PORTS[service]
    const child = spawn(
      Deno.execPath(),
      [
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        String(port),
        ...args.slice(0, -1),
        `services/${service}/src/handler.ts`,
      ],
      {
        cwd: root,
        env: {
          ...alone,
          STINT_JWKS: `{"keys":[]}`,
          [`${service.toUpperCase()}_DATABASE_URL`]: `postgres://nobody:none@${NO_DATABASE}/none`,
        },
        stdio: "pipe",
      },
    )
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk)
    const ended = new Promise<undefined>((resolve) => child.once("exit", () => resolve(undefined)))
    try {
      const asked = (async () => {
        while (child.exitCode === null) {
          const answer = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined)
          if (answer !== undefined) return answer
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })()
      const answer = await Promise.race([asked, ended])
      assert.deepStrictEqual([answer?.status, await answer?.json()], [200, { status: "alive" }], output)
      const contract = await fetch(`http://127.0.0.1:${port}/openapi.json`)
      assert.deepInclude(await contract.json() as object, { openapi: "3.1.0" })
    } finally {
      child.kill("SIGKILL")
      await ended
    }
  })
})

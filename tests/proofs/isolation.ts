/**
 * What a service could do if its code were an attacker's: a program of ours in its place, under exactly its permissions;
 * and its database role, at the doors of all other databases.
 *
 * Would catch: a permission too many in the launcher, a right to connect that was not taken from everyone.
 */
import { PgClient } from "@effect/sql-pg"
import { jwksFileOf, revokedFileOf } from "@stint/cli/DevKey/Store"
import { root } from "@stint/cli/Home"
import { services } from "@stint/cli/Provision"
import { launchOf, manifestOf } from "@stint/cli/Stack/Launch"
import { serviceTokenFileOf } from "@stint/cli/Stack/ServiceTokens"
import { settingsOf } from "@stint/cli/Stack/Settings"
import { postgresWords } from "@stint/edge/Pg/SqlErrors"
import { Effect, Redacted } from "effect"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { standOn } from "./Ground.ts"
import { judge, type Proof } from "./Proof.ts"

/** What the program tries; each must be refused. `HOME_FOLDER` is the stack's, with everybody's secrets. */
const probe = `const tries = {
  "read a password of the home": () => Deno.readTextFile("HOME_FOLDER/postgres.json"),
  "read the signing key's folder": () => Array.fromAsync(Deno.readDir("HOME_FOLDER")),
  "read a file of the machine": () => Deno.readTextFile("/etc/hostname"),
  "write a file": () => Deno.writeTextFile("HOME_FOLDER/left-behind", "x"),
  "start a program": () => new Deno.Command("true").output(),
  "call a server of the world": () => fetch("http://192.0.2.1/"),
  "connect to another port of this machine": () => Deno.connect({ port: 22 }),
  "listen on another port": () => Promise.resolve(Deno.listen({ port: 0 })),
  "read all of the environment": () => Promise.resolve(Deno.env.toObject()),
  "load a library": () => Promise.resolve(Deno.dlopen("libc.so.6", {})),
}
const done = []
for (const [what, attempt] of Object.entries(tries)) {
  try { await attempt(); done.push(what) } catch (error) { if (error.name !== "NotCapable") done.push(what + ": " + error) }
}
console.log(JSON.stringify({ tried: Object.keys(tries).length, done }))`

export const isolation: Proof = {
  name: "isolation",
  promise: "A service reaches its own database and the services that it calls, and nothing else.",
  attacks:
    "Each service's role at every other database; a program of ours under each service's permissions, at files, " +
    "programs, the network and the environment.",
  seconds: { quick: 7, full: 7 },
  attack: async (attack) => {
    const { is, violations } = judge()
    const { stack } = await standOn(attack)
    const { home } = stack
    const { port } = JSON.parse(await readFile(join(home, "postgres.json"), "utf8"))
    const passwords = JSON.parse(await readFile(join(home, "database-roles.json"), "utf8"))
    let doors = 0
    for (const service of services) {
      /** Whether it does, or in whose words it does not. */
      const enters = (database: string): Promise<string> => {
        const url = Redacted.make(
          `postgres://stint_${service}:${passwords[`stint_${service}`]}@127.0.0.1:${port}/${database}`,
        )
        return Effect.runPromise(
          Effect.flatMap(PgClient.PgClient, (sql) => sql`select 1`).pipe(
            Effect.provide(PgClient.layer({ url, maxConnections: 1, connectTimeout: "60 seconds" })),
            Effect.match({ onSuccess: () => "enters", onFailure: postgresWords }),
          ),
        )
      }
      const own = await enters(`stint_${service}`)
      if (own !== "enters") violations.push(`${service} does not enter its own database: ${own}`)
      for (
        const other of [
          "postgres",
          "template1",
          ...services.filter((s) => s !== service).map((s) => `stint_${s}`),
        ]
      ) {
        doors++
        const words = await enters(other)
        if (!words.includes("permission denied")) violations.push(`${service} at ${other}: ${words}`)
      }
    }

    const folder = await mkdtemp(join(tmpdir(), "stint-probe-"))
    attack.defer(() => rm(folder, { recursive: true, force: true }))
    const program = join(folder, "probe.ts")
    await writeFile(program, probe.replaceAll("HOME_FOLDER", home))
    const settings = settingsOf({ ...Deno.env.toObject(), STINT_HOME: home, STINT_PORT_BASE: String(stack.base) })
    let tried = 0
    for (const service of services) {
      const manifest = await manifestOf(service)
      const launch = launchOf(settings, service, manifest, {
        databaseHost: `127.0.0.1:${port}`,
        jwksFile: jwksFileOf(home),
        revokedFile: revokedFileOf(home),
        tokenFile: serviceTokenFileOf(home, service),
      })
      const { stderr, stdout } = await new Deno.Command(Deno.execPath(), {
        args: [...launch.args.slice(0, -1), program],
        env: launch.env,
        clearEnv: true,
        cwd: root,
      }).output()
      const text = new TextDecoder().decode(stdout)
      if (text === "") throw new Error(new TextDecoder().decode(stderr))
      const told = JSON.parse(text)
      tried += told.tried
      for (const what of told.done) violations.push(`${service} may ${what}`)
    }
    is("programs tried", tried, 10 * services.length)
    return { figures: { doors, tried }, violations }
  },
}

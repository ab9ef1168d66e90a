/** Each wrong setting that a person can make: one clear sentence, and an exit status that is not 0. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { parsePgUrl } from "@stint/edge/Pg/Url"
import { Effect, Redacted } from "effect"
import { mkdir, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { freePortBase } from "../../../tests/support/Stack.ts"
import { bundledFlags } from "../bin/bundledFlags.js"
import { programs } from "../src/Programs.ts"
import { type Databases, makeDatabases } from "./support/databases.ts"
import { cleanUp, launch, launchCommand, newFolder } from "./support/launcher.ts"
import { isStep, refused } from "./support/stack.ts"

const secret = "hunter2"

let migrated: Databases
let empty: Databases
let folder: string
let portBase: string
let bundle: string
beforeAll(async () => {
  bundle = (await programs(true))!
  ;[migrated, empty, folder] = await Promise.all([makeDatabases("migrated"), makeDatabases("empty"), newFolder()])
  await writeFile(join(folder, "token"), "token")
  portBase = String(await freePortBase())
})
afterAll(async () => {
  await cleanUp()
  await Promise.all([migrated.release(), empty.release()])
})

type Env = Readonly<Record<string, string>>

/** Adds a row that no program knows. */
const makeNewer = (env: Env) =>
  Effect.runPromise(
    Effect.flatMap(PgClient.PgClient, (sql) => sql`insert into schema_ledger (name) values ('990_future')`).pipe(
      Effect.provide(PgClient.layer(connectionOf(Redacted.make(env.CATALOG_MIGRATE_URL!)))),
    ),
  )

const changed = (text: string, change: (url: URL) => void): string => {
  const url = new URL(text)
  change(url)
  return String(url)
}

/** The program says this, in one line, and ends with a status that is not 0; a password is not in it. */
const expectRefusal = async (run: ReturnType<typeof launchCommand>, says: RegExp) => {
  const { status, text } = await run.end
  const said = text.split("\n").filter((line) => line !== "" && !/listens on|WARN/.test(line) && !isStep(line))
  assert.deepStrictEqual([status, said.length], [1, 1], text)
  assert.match(said[0]!, says)
  assert.notInclude(text, secret)
  const { password } = parsePgUrl(migrated.env.CATALOG_DATABASE_URL!)
  assert.notInclude(text, password!)
}

describe("a service that is started alone", () => {
  const own = () => ({
    STINT_PORT_BASE: portBase,
    STINT_JWKS: '{"keys":[]}',
    STINT_SERVICE_TOKEN_FILE: join(folder, "token"),
  })
  /** From the bundle: a process loads its sources for seconds. */
  const alone = (service: string, env: Env) => {
    const program = join(bundle, `services/${service}/src/main.mjs`)
    return launchCommand(
      [Deno.execPath(), "run", "--allow-all", ...bundledFlags, program],
      { ...own(), DENO_DIR: join(bundle, "deno"), ...env },
    )
  }
  const its = (change: (url: URL) => void) => ({
    CATALOG_DATABASE_URL: changed(migrated.env.CATALOG_DATABASE_URL!, change),
  })

  const cases: ReadonlyArray<readonly [what: string, service: string, env: () => Env, says: RegExp]> = [
    ["no url", "catalog", () => ({}), /^catalog: CATALOG_DATABASE_URL is not set$/],
    [
      "a bad url",
      "catalog",
      () => ({ CATALOG_DATABASE_URL: `postgres//ann:${secret}@h/db` }),
      /^catalog: CATALOG_DATABASE_URL is no Postgres url: it must be like postgres:\/\/user:password@host:5432\/database$/,
    ],
    [
      "a wrong password",
      "catalog",
      () => its((url) => url.password = secret),
      /^catalog: its database can't be used: password authentication failed for user "stint_\w+"$/,
    ],
    [
      "a missing database",
      "catalog",
      () => its((url) => url.pathname = "/nowhere"),
      /^catalog: its database can't be used: database "nowhere" does not exist$/,
    ],
    [
      "an older schema",
      "catalog",
      () => ({ CATALOG_DATABASE_URL: empty.env.CATALOG_DATABASE_URL! }),
      /^catalog: the schema of its database is older than this program, it lacks 010_agent_type_definitions, .*: run stint db migrate --service catalog first$/,
    ],
    [
      "a flag that is neither",
      "hiring",
      () => ({ PERSISTENCE_MODE: "maybe" }),
      /^hiring: PERSISTENCE_MODE must be db or memory$/,
    ],
    [
      "a flag that is neither",
      "deliverables",
      () => ({ DELIVERABLE_PERSISTENCE_MODE: "Memory" }),
      /^deliverables: DELIVERABLE_PERSISTENCE_MODE must be db or memory$/,
    ],
    [
      "a flag that is neither",
      "scheduler",
      () => ({ SCHEDULER_PERSISTENCE_MODE: "disk" }),
      /^scheduler: SCHEDULER_PERSISTENCE_MODE must be db or memory$/,
    ],
    [
      "a flag that is neither",
      "catalog",
      () => ({ USE_AGENT_TYPE_DB: "yes" }),
      /^catalog: USE_AGENT_TYPE_DB must be true or false$/,
    ],
    [
      "a pool without room",
      "catalog",
      () => ({ ...migrated.env, STINT_PG_POOL: "1" }),
      /^catalog: STINT_PG_POOL is 1: it must be a whole number of connections from 2 to 1000$/,
    ],
    [
      "a pool that is no number",
      "catalog",
      () => ({ ...migrated.env, STINT_PG_POOL: "many" }),
      /^catalog: STINT_PG_POOL can't be read: expected a string representing a finite number$/,
    ],
    ...(["catalog", "hiring", "deliverables", "scheduler"] as const).map((service) =>
      [
        "a bound that is none",
        service,
        () => ({ ...migrated.env, STINT_BOUNDS: "list_item=5" }),
        new RegExp(`^${service}: STINT_BOUNDS names list_item, which is no bound; bounds are body_bytes, `),
      ] as const
    ),
    [
      "keys that are none",
      "hiring",
      () => ({ ...migrated.env, STINT_JWKS: "{" }),
      /^hiring: STINT_JWKS must be a JSON Web Key Set, as JSON$/,
    ],
    [
      "no keys",
      "hiring",
      () => ({ ...migrated.env, STINT_JWKS: "" }),
      /^hiring: STINT_JWKS is not set$/,
    ],
    [
      "keys at no url",
      "hiring",
      () => ({ ...migrated.env, STINT_JWKS_URL: "keys" }),
      /^hiring: STINT_JWKS_URL /,
    ],
    [
      "a token that can't be read",
      "hiring",
      () => ({ ...migrated.env, STINT_SERVICE_TOKEN_FILE: join(folder, "gone") }),
      /^hiring: STINT_SERVICE_TOKEN_FILE can't be read: No such file or directory/,
    ],
    [
      "a neighbour at no url",
      "hiring",
      () => ({ ...migrated.env, CATALOG_URL: "catalog:4101" }),
      /^hiring: CATALOG_URL /,
    ],
    [
      "a port that is none",
      "hiring",
      () => ({ ...migrated.env, STINT_PORT_BASE: "high" }),
      /^hiring: STINT_PORT_BASE must be a port from 1 to 65531$/,
    ],
  ]
  it("catalog: no url, from its sources", () =>
    expectRefusal(
      launchCommand([Deno.execPath(), "run", "--allow-all", "services/catalog/src/main.ts"], own()),
      /^catalog: CATALOG_DATABASE_URL is not set$/,
    ))

  for (const [what, service, env, says] of cases) {
    it(`${service}: ${what}`, () => expectRefusal(alone(service, env()), says))
  }

  it("catalog: a newer schema", async () => {
    const newer = await makeDatabases("migrated")
    await makeNewer(newer.env)
    await expectRefusal(
      alone("catalog", newer.env),
      /^catalog: the schema of its database is newer than this program \(\S+\), which does not know 990_future$/,
    )
    await newer.release()
  })

  it("catalog: a port in use", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(Number(portBase) + 1, "127.0.0.1", resolve))
    try {
      await expectRefusal(alone("catalog", migrated.env), /^catalog: port \d+ is in use; /)
    } finally {
      server.close()
    }
  })

  it("catalog: a database that is merely away is waited for, and /readyz says so", async () => {
    const away = alone("catalog", its((url) => url.port = "1"))
    await away.line(/waits for its database: .*ECONNREFUSED/)
    const ready = await fetch(`http://127.0.0.1:${Number(portBase) + 1}/readyz`)
    const { checks } = await ready.json() as { checks: Record<string, string> }
    assert.deepStrictEqual([ready.status, checks.database], [503, "the database does not answer"])
    away.signal("SIGTERM")
    assert.notInclude((await away.end).text, parsePgUrl(migrated.env.CATALOG_DATABASE_URL!).password!)
  })
})

describe("stint start", () => {
  const place = async (env: Env) => ({ STINT_HOME: await newFolder(), STINT_PORT_BASE: portBase, ...env })
  /** What it says; a password is not in it. */
  const said = async (env: Env) => {
    const text = await refused(await place(env))
    assert.notInclude(text, secret)
    assert.notInclude(text, parsePgUrl(migrated.env.CATALOG_DATABASE_URL!).password!)
    return text
  }
  const its = (change: (url: URL) => void): Env => ({
    ...migrated.env,
    CATALOG_DATABASE_URL: changed(migrated.env.CATALOG_DATABASE_URL!, change),
    CATALOG_MIGRATE_URL: changed(migrated.env.CATALOG_MIGRATE_URL!, change),
  })

  it("a bad url", async () =>
    await expectRefusal(
      launch(["start", "--no-sample"], await place({ HIRING_DATABASE_URL: `mysql://ann:${secret}@h/db` })),
      /^stint: HIRING_DATABASE_URL is no Postgres url: .*\.$/,
    ))
  it("a wrong password", async () =>
    assert.match(await said(its((url) => url.password = secret)), /catalog.*password authentication failed/))
  it("a missing database", async () =>
    assert.match(await said(its((url) => url.pathname = "/nowhere")), /database "nowhere" does not exist\.$/))
  it("a newer schema", async () => {
    const newer = await makeDatabases("migrated")
    await makeNewer(newer.env)
    assert.match(
      await said(newer.env),
      /^catalog: the schema is newer than this program \(\S+\), .*990_future\.$/,
    )
    await newer.release()
  })
  it("a port in use", async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(Number(portBase) + 2, "127.0.0.1", resolve))
    try {
      assert.match(await said(migrated.env), /port.* in use/i)
    } finally {
      server.close()
    }
  })
  it("a key that is none, or can't be read", async () => {
    const [garbage, blocked] = [await newFolder(), await newFolder()]
    await Promise.all([garbage, blocked].map((home) => mkdir(join(home, "keys"))))
    await writeFile(join(garbage, "keys", "signing.jwk.json"), "no key")
    await mkdir(join(blocked, "keys", "signing.jwk.json"))
    assert.match(
      await said({ ...migrated.env, STINT_HOME: garbage }),
      /^\S+ holds no private key: remove it, and a new one is made\.$/,
    )
    assert.match(await said({ ...migrated.env, STINT_HOME: blocked }), /^The key \S+ can't be read: .*\.$/)
  })
  it("a flag that is neither", async () => {
    const run = launch(["start", "--no-sample"], await place({ ...migrated.env, PERSISTENCE_MODE: "maybe" }))
    const { status, text } = await run.end
    assert.strictEqual(status, 1)
    assert.match(text, /^stint: .*hiring: PERSISTENCE_MODE must be db or memory\.?$/m)
  })
})

/** `stint db` as an operator calls it, against databases of its own. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { serviceNames } from "@stint/cli/Stack/Settings"
import { Effect, Redacted } from "effect"
import { readdir, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { type Databases, makeDatabases } from "./support/databases.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, newFolder } from "./support/launcher.ts"

let databases: Databases
beforeAll(async () => {
  databases = await makeDatabases("empty")
})
afterAll(async () => {
  await cleanUp()
  await databases.release()
})

/** In this process; `started` in one of its own, as a person starts it. */
const db = async (args: string, env: Readonly<Record<string, string>> = databases.env) => {
  const { err, out, status } = await invoke(["db", ...args.split(" ")], { env })
  const text = out + err
  return { status, text, lines: text.trim().split("\n") }
}
const started = async (args: string, env: Readonly<Record<string, string>> = databases.env) => {
  const { status, text } = await launch(["db", ...args.split(" ")], env).end
  return { status, text, lines: text.trim().split("\n") }
}

const asOwner = (service: string, ...statements: ReadonlyArray<string>) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      for (const statement of statements) yield* sql.unsafe(statement).unprepared
    }).pipe(
      Effect.provide(
        PgClient.layer(connectionOf(Redacted.make(databases.env[`${service.toUpperCase()}_MIGRATE_URL`]!))),
      ),
    ),
  )

describe("stint db", () => {
  it("a dry run says what would be applied, and changes nothing", async () => {
    const before = await db("migrate --dry-run")
    assert.strictEqual(before.status, 0)
    assert.include(before.text, "catalog      would apply 010_agent_type_definitions")
    const { status, text } = await db("status --service catalog")
    assert.strictEqual(status, 0)
    assert.include(text, "applied: none")
    const verified = await db("verify --service catalog")
    assert.strictEqual(verified.status, 1)
    assert.include(verified.text, "table agent_type_definitions: missing")
  })

  it("migrates all four; then there is nothing to do, and every check is ok", async () => {
    const first = await started("migrate")
    assert.deepStrictEqual([first.status, first.lines.length], [0, 4])
    const again = await db("migrate")
    assert.deepStrictEqual(again.lines.map((line) => line.slice(13)), Array(4).fill("nothing to do"))
    const { lines, status } = await db("verify")
    assert.deepStrictEqual([status, lines.filter((line) => !/: ok$|checks are ok$/.test(line))], [0, []])
  })

  it("verify names each difference", async () => {
    const role = databases.runtimeRole.catalog
    await asOwner(
      "catalog",
      "alter table agent_type_definitions alter column version drop not null",
      "alter table agent_type_definitions alter column updated_at type timestamp",
      "alter table agent_type_definitions add column stray integer default 7",
      "drop index ix_agent_type_definitions_agent_type_id",
      "alter table agent_type_definitions drop constraint ck_agent_type_definitions_payload",
      "comment on column agent_type_definitions.id is 'other words'",
      "create table left_over (id int)",
      `revoke insert on agent_type_definitions from "${role}"`,
      `grant delete on agent_type_definitions to "${role}"`,
    )
    const { lines, status } = await db("verify --service catalog")
    assert.strictEqual(status, 1)
    assert.match(lines.at(-1)!, /9 of \d+ checks differ$/)
    const differing = lines.slice(0, -1).filter((line) => !line.endsWith(": ok")).map((line) => line.slice(13))
      .toSorted()
    assert.deepStrictEqual(
      differing,
      [
        "column agent_type_definitions.stray: extra, no script makes it: integer default 7",
        "column agent_type_definitions.updated_at: is timestamp without time zone not null; expected timestamp with time zone not null",
        "column agent_type_definitions.version: is character varying; expected character varying not null",
        "column left_over.id: extra, no script makes it: integer",
        "comment agent_type_definitions.id: is other words; expected Unique identifier: {agent_type_id}@{version}.",
        "constraint agent_type_definitions.ck_agent_type_definitions_payload: missing: expected CHECK ((jsonb_typeof(payload) = 'object'::text))",
        "grant table agent_type_definitions: is delete, select; expected insert, select",
        "index ix_agent_type_definitions_agent_type_id: missing: expected CREATE INDEX ix_agent_type_definitions_agent_type_id ON public.agent_type_definitions USING btree (agent_type_id)",
        "table left_over: extra, no script makes it: kept",
      ].map((line) => line.startsWith("9 of") ? differing.find((it) => / of \d+ checks differ/.test(it))! : line)
        .toSorted(),
    )
  })

  it("down wants a yes, has a dry run, stops where it is told, and leaves the ledger alone at most", async () => {
    const refused = await started("down --service hiring")
    assert.strictEqual(refused.status, 2)
    assert.include(refused.text, "--yes")
    const planned = await db("down --dry-run --service hiring --to 011_hired_agents_and_goals")
    assert.match(planned.text, /would take back .*020_idempotency_keys\n$/)
    const unknown = await db("down --yes --service hiring --to 999_nowhere")
    assert.deepStrictEqual([unknown.status, unknown.text.trim()], [
      1,
      "stint: hiring: 999_nowhere is not applied here.",
    ])
    const done = await db("down --yes --service hiring --to 011_hired_agents_and_goals")
    assert.match(done.text, /took back .*020_idempotency_keys\n$/)
    assert.strictEqual((await db("migrate --service hiring")).status, 0)
    assert.strictEqual((await db("verify --service hiring")).status, 0)
    assert.strictEqual((await db("down --yes --service scheduler")).status, 0)
    assert.match((await db("status --service scheduler")).text, /applied: none/)
    assert.strictEqual((await db("migrate --service scheduler")).status, 0)
  })

  it("seeds once, and again without a change; not where the tables are missing", async () => {
    const env = await makeDatabases("migrated")
    const bare = await makeDatabases("empty")
    try {
      const refused = await db("seed", bare.env)
      assert.deepStrictEqual([refused.status, refused.lines.length], [1, 1])
      assert.match(refused.text, /^stint: .*relation "agent_type_definitions" does not exist\.$/m)
      const first = await db("seed", env.env)
      assert.deepStrictEqual([first.status, first.lines.every((line) => line.endsWith(": published"))], [0, true])
      const again = await db("seed", env.env)
      assert.deepStrictEqual([again.status, again.lines.every((line) => line.endsWith(": there already"))], [0, true])
    } finally {
      await env.release()
      await bare.release()
    }
  })

  it("works on the embedded databases of a home where no url is given, and leaves nothing running", async () => {
    const home = await newFolder()
    const { lines, status } = await started("migrate", { STINT_HOME: home })
    assert.deepStrictEqual([status, lines.length], [0, 4])
    assert.strictEqual((await started("verify", { STINT_HOME: home })).status, 0)
  })

  it("wrong usage is exit status 2", async () => {
    for (
      const args of [
        "",
        "fly",
        "migrate now",
        "migrate --service nobody",
        "status --yes",
        "verify --dry-run",
        "down --yes --to 010_subscriptions",
        "seed --service hiring",
        "migrate --fast",
      ]
    ) {
      const { lines, status } = await db(args)
      assert.deepStrictEqual([status, lines.length], [2, 1], `${args}: ${lines.join("\n")}`)
    }
  })

  it("a database that fails has its sentence, and the others have their turn", async () => {
    const [first, ...others] = serviceNames
    const env = { ...databases.env, CATALOG_MIGRATE_URL: "postgres://ann:hunter2@127.0.0.1:1/none" }
    const { lines, status, text } = await started("status", env)
    assert.strictEqual(status, 1)
    assert.include(text, `stint: The Postgres of ${first} at`)
    assert.notInclude(text, "hunter2")
    for (const service of others) assert.isTrue(lines.some((line) => line.startsWith(service)), service)
  })
})

describe("D16: commands that ask a home which is not there", () => {
  const nothing = async (args: string) => {
    const home = join(await newFolder(), "none")
    const { err: text, out, status } = await invoke(args.split(" "), { env: { STINT_HOME: home } })
    assert.deepStrictEqual([status, out, text.trimEnd().split("\n").length], [1, "", 1], text)
    assert.isFalse(await stat(home).then(() => true, () => false), `${args} made a home`)
    return text
  }
  for (
    const args of [
      "db ping",
      "db status",
      "db verify",
      "db seed",
      "db down --yes",
      "db down --dry-run",
      "db migrate --dry-run",
      "retention",
      "retention --dry-run --service hiring",
    ]
  ) {
    it(`stint ${args} says that there is no Postgres, and makes none`, async () => {
      assert.match(await nothing(args), /^stint: There is no Postgres in .*\/none: stint start makes one\. /)
    })
  }

  it.each(["explain --goal GOI-1", "simulate --stored"])(
    "stint %s says that there is no stack, and makes no key",
    async (args) => {
      assert.match(await nothing(args), /^stint: There is no stack in .*\/none: /)
    },
  )

  it("a home whose data is gone is said, and stays as it is", async () => {
    const home = await newFolder()
    await writeFile(join(home, "postgres.json"), JSON.stringify({ user: "postgres", password: "x" }))
    const { status, text } = await launch(["db", "ping"], { STINT_HOME: home }).end
    assert.strictEqual(status, 1)
    assert.match(text, /There is no Postgres in /)
    assert.deepStrictEqual(await readdir(home), ["postgres.json"])
  })
})

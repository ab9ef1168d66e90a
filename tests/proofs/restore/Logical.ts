/** Hiring's database copied row by row into another cluster, whose transaction ids are younger: what a dump and its restore do. */
import { startThrowaway } from "@stint/cli/Postgres/Throwaway"
import { adminClient, newPasswords, provision, type Server } from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { migrate } from "@stint/edge/Migrator"
import { Effect, Redacted } from "effect"
import { setGoal } from "../../support/Customer.ts"
import { farSchedule } from "../../support/FarTimes.ts"
import { startStack } from "../../support/Stack.ts"
import type { Ground } from "../Ground.ts"
import { type Attack, type judge, until } from "../Proof.ts"

const customer = "acme"
const as = `customer:${customer}` as const

/** Uses up so many transaction ids: those of the copied rows are ahead of all that the new cluster gives for long. */
const BURNT = 50_000
const burn = `do $$ begin for i in 1..${BURNT} loop
  begin perform pg_current_xact_id(); exception when division_by_zero then null; end; end loop; end $$`

/** Every table but the ledgers, as JSON, and where each sequence is. */
const dumpOf = async ({ superuser }: Ground) => {
  const tables = await superuser.sql<{ name: string }>(
    "hiring",
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname !~ '^schema_'",
  )
  const rows: Array<{ readonly table: string; readonly json: string }> = []
  for (const { name } of tables) {
    const { json } = await superuser.row("hiring", `select coalesce(json_agg(t), '[]')::text as json from ${name} t`)
    rows.push({ table: name, json })
  }
  const { last } = await superuser.row("hiring", "select last_value::int as last from hiring_outbox_seq_seq")
  return { rows, last }
}

/** Makes a younger cluster with hiring's database, its schema and these rows; the settings by which a stack uses it. */
const restoreInto = async (server: Server, { last, rows }: Awaited<ReturnType<typeof dumpOf>>) => {
  const { hiring } = await Effect.runPromise(provision(server, "stint", newPasswords("stint")))
  const files = await readScripts("hiring")
  await Effect.runPromise(
    migrate({ service: "hiring", url: hiring.migrateUrl, runtimeRole: hiring.runtimeRole, files }),
  )
  await Effect.runPromise(
    Effect.gen(function* () {
      const sql = yield* adminClient(server, hiring.database)
      yield* sql`set session_replication_role = replica`
      for (const { json, table } of rows) {
        yield* sql.unsafe(`delete from ${table}`)
        yield* sql.unsafe(`insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`, [
          json,
        ])
      }
      yield* sql`select setval('hiring_outbox_seq_seq', ${last})`
    }).pipe(Effect.scoped),
  )
  return {
    HIRING_DATABASE_URL: Redacted.value(hiring.databaseUrl),
    HIRING_MIGRATE_URL: Redacted.value(hiring.migrateUrl),
  }
}

/** Copies hiring, starts the stack on the copy, and judges that what is asked then runs; how many changes were asked. */
export const copyToYounger = async (
  ground: Ground,
  hire: string,
  { defer, say }: Attack,
  { is, that }: ReturnType<typeof judge>,
): Promise<number> => {
  const { stack, superuser } = ground
  await superuser.sql("hiring", burn)
  const before = await stack.call("hiring", "GET", `/api/v1/hired-agents/${hire}`, { as })
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  // A change whose transaction id is ahead of all that the new cluster gives
  await setGoal(hiring, customer, hire, {
    goal_template_id: "trading.guardrail_report.v1",
    frequency: "monthly",
    settings: { schedule: farSchedule() },
  })
  await until("the feed is followed", async () => {
    const { n } = await superuser.row("hiring", "select count(*)::int as n from goal_instances")
    return (await superuser.row("scheduler", "select count(*)::int as n from projected_goals")).n === n
  }, 30_000)
  const dump = await dumpOf(ground)
  await superuser.close()
  await stack.stop({ keepHome: true })
  const younger = await startThrowaway({ name: "restored", log: () => {} })
  defer(() => younger.stop())
  const env = await restoreInto({ host: younger.host, port: younger.port, ...younger.superuser }, dump)
  const starting = startStack(env, stack.home)
  defer(async () => await (await starting.catch(() => undefined))?.stop())
  const copy = await starting
  say("hiring was copied into a younger cluster, and the stack runs on it")
  const { json } = await copy.call("hiring", "GET", `/api/v1/hired-agents/${hire}`, { as })
  is("the hire after the copy", json.updated_at, before.json.updated_at)
  const changes = 5
  for (let n = 0; n < changes; n++) {
    const asked = (method: string, path: string, send = {}) => copy.call("hiring", method, path, send)
    const goal = await setGoal(asked, customer, hire, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "monthly",
      settings: { schedule: farSchedule() },
    })
    const path = `/api/v1/hired-agents/${hire}/goals/${goal.goal_instance_id}/run`
    await copy.call("hiring", "POST", path, { as, body: {} })
    await until("what is asked of the copy runs", async () => {
      const runs = await copy.call(
        "scheduler",
        "GET",
        `/api/v1/scheduler/runs?goal_instance_id=${goal.goal_instance_id}`,
        { as },
      )
      return runs.json.items?.[0]?.status === "completed"
    }, 20_000)
  }
  const metrics = await (await fetch(`http://127.0.0.1:${copy.base + 2}/metrics`)).text()
  const refused = [...metrics.matchAll(/stint_hiring_feed_cursors_refused_total\{[^}]*\} (\d+)/g)]
    .reduce((sum, [, n]) => sum + Number(n), 0)
  // Each of the two followers may begin again once
  that(refused <= 2, `${refused} cursors were refused on the copy: the followers begin again and again`)
  return changes
}

/**
 * The audit trail, attacked by SQL: as the service's own role and as the owner of the schema.
 *
 * Would catch: a right too many, a trigger too few.
 */
import { PgClient } from "@effect/sql-pg"
import { services } from "@stint/cli/Provision"
import { postgresWords } from "@stint/edge/Pg/SqlErrors"
import { Effect, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { pastDeadlocks, patiently } from "../support/Until.ts"
import { drained, fallDue, freshSlot, makeGoals, standOn } from "./Ground.ts"
import { judge, type Proof } from "./Proof.ts"

/** What nobody may do to an action log. */
const onLog = (service: string) => [
  `update ${service}_action_log set operator = 'otto'`,
  `delete from ${service}_action_log`,
  `truncate ${service}_action_log`,
]

/** What nobody may do to what: on rows that are there, but for the log of deliverables. */
const attempts: Readonly<Record<string, ReadonlyArray<string>>> = {
  catalog: onLog("catalog"),
  hiring: onLog("hiring"),
  scheduler: onLog("scheduler"),
  deliverables: [
    ...onLog("deliverables"),
    "update approvals set decision = 'rejected'",
    "delete from approvals",
    "truncate approvals cascade",
    "delete from deliverables",
    "truncate deliverables cascade",
    "update deliverables set payload = '{}'",
    "update deliverables set customer_id = 'globex'",
    "update executions set body = '{}', content_sha256 = encode(sha256('{}'), 'hex')",
    "update executions set delivery_id = 'DLV-x'",
    `update executions set target = '{"target": "webhook", "url": "http://127.0.0.1:1/", "secret_ref": "x"}'`,
    "update executions set state = 'pending', delivered_at = null, next_attempt_at = now()",
    "delete from executions",
    "insert into approvals select 'APR-x', deliverable_id, 'globex', decision, notes, now(), content_sha256 from approvals",
    "delete from delivery_action_log",
  ],
}

/** Whose draft is approved and executed. */
const customer = "audited"

/** Postgres' words for a refusal. */
const REFUSED = /permission denied|is refused|is not allowed|is kept as|is not of the customer|is delivered/

export const audit: Proof = {
  name: "audit",
  promise: "Action log, approvals and deliverables can't be altered or erased.",
  attacks: "UPDATE, DELETE and TRUNCATE by each service's role, and by the owner of its schema.",
  seconds: { quick: 9, full: 9 },
  attack: async (attack) => {
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { stack, superuser } = ground
    const goals = await makeGoals(ground, customer, 1)
    await fallDue(ground, goals, freshSlot())
    await drained(ground)
    const [made] = await superuser.sql(
      "deliverables",
      `select deliverable_id as id from deliverables where customer_id = '${customer}'`,
    )
    const review = await patiently(() =>
      stack.call("deliverables", "POST", `/api/v1/deliverables/${made.id}/review`, {
        as: `customer:${customer}`,
        body: { decision: "approved" },
      })
    )
    is("a review", review.status, 200)
    const executed = await patiently(() =>
      stack.call("deliverables", "POST", `/api/v1/deliverables/${made.id}/execute`, {
        as: `customer:${customer}`,
        body: { approval_id: review.json.approval_id },
        headers: { "idempotency-key": "audit" },
      })
    )
    is("an execution", executed.status, 200)
    const paused = await stack.call("scheduler", "POST", "/api/v1/scheduler/pause", {
      as: "operator:olga",
      body: { reason: "a line in the log" },
    })
    is("a pause", paused.status, 200)
    attack.defer(() => stack.call("scheduler", "POST", "/api/v1/scheduler/resume", { as: "operator:olga", body: {} }))
    const counts = async () =>
      JSON.stringify([
        ...await Promise.all((["catalog", "hiring", "scheduler"] as const).map((name) =>
          superuser.row(
            name,
            `select count(*)::int, md5(string_agg(l::text, '' order by l::text)) as lines from ${name}_action_log l`,
          )
        )),
        await superuser.row(
          "deliverables",
          "select md5(string_agg(a::text, '' order by a::text)) as approvals from approvals a",
        ),
        await superuser.row(
          "deliverables",
          "select md5(string_agg(e::text, '' order by e::text)) as executions from executions e",
        ),
        await superuser.row(
          "deliverables",
          "select md5(string_agg(d::text, '' order by d::text)) as contents from deliverables d",
        ),
        await superuser.row("deliverables", "select count(*)::int as deliverables from deliverables"),
      ])
    const before = await counts()
    const { port } = JSON.parse(await readFile(join(stack.home, "postgres.json"), "utf8"))
    const passwords = JSON.parse(await readFile(join(stack.home, "database-roles.json"), "utf8"))
    let refused = 0
    for (const service of services) {
      for (const role of [`stint_${service}`, `stint_${service}_owner`]) {
        const url = Redacted.make(`postgres://${role}:${passwords[role]}@127.0.0.1:${port}/stint_${service}`)
        for (const statement of attempts[service]!) {
          const answer = await pastDeadlocks(() =>
            Effect.runPromise(
              Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement).unprepared).pipe(
                Effect.match({ onSuccess: () => "", onFailure: postgresWords }),
                Effect.provide(PgClient.layer({ url, maxConnections: 1, connectTimeout: "60 seconds" })),
              ),
            )
          )
          if (REFUSED.test(answer)) refused++
          else violations.push(`${role} may: ${statement} (${answer})`)
        }
      }
    }
    that(await counts() === before, "the audit trail is not what it was")
    return {
      figures: { attempts: 2 * Object.values(attempts).flat().length, refused },
      violations,
    }
  },
}

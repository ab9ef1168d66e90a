/** D24: deliverables of before 0.3.0 are in the lists by agent type. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { AgentTypeId } from "@stint/domain/Ids"
import { readable } from "@stint/edge/Paging"
import { Effect, Layer } from "effect"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { fill } from "../src/Agents.ts"
import { AgentsRepo } from "../src/Agents/Repo.ts"
import { Hiring } from "../src/Clients.ts"
import { DeliverablesRepo } from "../src/Deliverables/Repo.ts"

/** Deliverables as a program of 0.2.0 stores them: 450 hires with three each, and one hire with 1,200. */
const insert = (sql: PgClient.PgClient) =>
  sql`insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
      idempotency_key, customer_id, scheduled_time, approval_required, created_at, updated_at, deleted_at)
    select 'DEL-' || n, case when n <= 1350 then 'HAI-' || n % 450 else 'HAI-large' end, 'GOI-1', 't', 't',
      jsonb_build_object('type', 'generic_deliverable_v1', 'draft_only', true, 'goal_template_id', 't',
        'goal_instance_id', 'GOI-1', 'body', 'b', 'intent_action', 'publish'),
      'key-' || n, 'c', now(), true, '2026-01-01'::timestamptz + n * interval '1 second', now(),
      case when n = 3 then now() end
    from generate_series(1, 2550) n`

/** Hiring, which knows all hires but HAI-7, in lookups of at most 1,000. */
const asked: Array<number> = []
const hiring = Layer.succeed(Hiring, {
  trial: () => Effect.die("not asked"),
  changes: () => Effect.die("not asked"),
  feedCursor: Effect.die("not asked"),
  lookup: ({ hired_instance_ids = [] }) => {
    asked.push(hired_instance_ids.length)
    const hires = hired_instance_ids.filter((id) => id !== "HAI-7").map((hired_instance_id) => ({
      hired_instance_id,
      agent_id: hired_instance_id === "HAI-large" ? "large.v1" : "small.v1",
    }))
    return Effect.succeed({ goals: [], hires } as never)
  },
})

describe("the agent type of deliverables of before", () => {
  it.live(
    "D24: is filled in from their hires, in batches, and nothing else of them changes",
    () =>
      Effect.gen(function* () {
        const { databaseUrl, migrateUrl } = yield* cloneDatabase("deliverables")
        const service = (url: typeof databaseUrl) => PgClient.layer({ url, maxConnections: 1 })
        const owned = <A, E>(use: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
          Effect.provide(Effect.flatMap(PgClient.PgClient, use), service(migrateUrl))
        yield* owned(insert)
        const state = owned((sql) =>
          sql<{ agent_id: string | null; n: number; same: boolean }>`
          select agent_id, count(*)::int as n, bool_and(version = 1 and updated_at = scheduled_time) as same
          from deliverables group by agent_id order by agent_id nulls last`
        )
        const runtime = Layer.mergeAll(AgentsRepo.layer, DeliverablesRepo.layer).pipe(
          Layer.provide(service(databaseUrl)),
        )
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* fill, 2_546)
          // of HAI-7 hiring knows nothing; the fourth was deleted
          assert.deepStrictEqual(yield* state, [
            { agent_id: "large.v1", n: 1_200, same: true },
            { agent_id: "small.v1", n: 1_346, same: true },
            { agent_id: null, n: 4, same: true },
          ])
          assert.deepStrictEqual(asked, [200, 200, 51])
          const { list } = yield* DeliverablesRepo
          const any = {
            customer_id: null,
            goal_instance_id: null,
            hired_instance_id: null,
            review_status: null,
            execution_status: null,
            expiring: false,
          }
          const found = yield* list({
            ...any,
            agent_id: AgentTypeId.make("large.v1"),
            from: null,
            to: null,
            search: null,
            after: null,
            limit: 2,
          })
          assert.deepStrictEqual(readable(found).map(({ deliverable_id }) => deliverable_id), ["DEL-2550", "DEL-2549"])
          assert.strictEqual(yield* fill, 0, "the next pass finds nothing to fill")
          assert.deepStrictEqual(asked.slice(3), [1])
        }).pipe(Effect.provide([runtime, hiring]))
        // any other write counts as before
        yield* owned((sql) => sql`update deliverables set review_notes = 'n' where deliverable_id = 'DEL-1'`)
        const [row] = yield* owned((sql) =>
          sql<{ version: number }>`
        select version from deliverables where deliverable_id = 'DEL-1'`
        )
        assert.strictEqual(row!.version, 2)
      }).pipe(Effect.scoped),
  )
})

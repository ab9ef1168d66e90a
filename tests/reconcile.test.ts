/** `stint db reconcile` on databases that were restored to different moments: what it tells, and what it mends. */
import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Difference } from "@stint/cli/Db/Reconcile/Compare"
import { reconcileWith } from "@stint/cli/Db/Reconcile"
import { Effect, ManagedRuntime, Redacted } from "effect"
import { withDatabase } from "./support/Database.ts"

const services = ["hiring", "scheduler", "deliverables", "catalog"] as const
type Service = typeof services[number]

const open = async (service: Service) => {
  const database = await withDatabase(service)
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(database.ownerUrl), maxConnections: 2 }))
  return {
    sql: await runtime.runPromise(PgClient.PgClient),
    end: async () => {
      await runtime.dispose()
      await database.release()
    },
  }
}

describe("stint db reconcile", () => {
  let databases: Record<Service, Awaited<ReturnType<typeof open>>>
  beforeAll(async () => {
    databases = Object.fromEntries(
      await Promise.all(services.map(async (service) => [service, await open(service)] as const)),
    ) as typeof databases
  })
  afterAll(async () => {
    await Promise.all(Object.values(databases).map(({ end }) => end()))
  })

  const run = (service: Service, statement: string) =>
    // deno-lint-ignore no-explicit-any
    Effect.runPromise(databases[service].sql.unsafe<any>(statement).unprepared)
  const reconcile = async (dryRun: boolean) => {
    const said: Array<string> = []
    const clients = Object.fromEntries(services.map((service) => [service, databases[service].sql])) as never
    const { left } = await Effect.runPromise(reconcileWith(clients, dryRun, (line) => void said.push(line)))
    return { left: left.map(({ id, kind }: Difference) => `${kind} ${id}`).sort(), said: said.join("\n") }
  }

  /** A hire with goals, in hiring and in the scheduler's projection. */
  const hire = async (goals: ReadonlyArray<string>) => {
    await run(
      "hiring",
      `insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
        current_period_start, current_period_end, created_at, updated_at)
      values ('SUB-1', 'garden.v1', 'acme', 'monthly', 'active', now(), now(), now() + interval '1 month', now(), now())`,
    )
    await run(
      "hiring",
      `insert into hired_agents (hired_instance_id, subscription_id, agent_id, customer_id,
        definition_version, configured, finalized_at, created_at, updated_at)
      values ('HAI-1', 'SUB-1', 'garden.v1', 'acme', '1.0.0', true, now(), now(), now())`,
    )
    await run(
      "scheduler",
      `insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version,
      changed_at) values ('HAI-1', 'acme', 'garden.v1', 'UTC', true, 1, now())`,
    )
    for (const id of goals) {
      await run(
        "hiring",
        `insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency,
        settings, created_at, updated_at)
        values ('${id}', 'HAI-1', 't', 'daily', '{"schedule": {"at": "09:00"}}', now(), now())`,
      )
      await run(
        "scheduler",
        `insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version,
        changed_at, enabled, frequency, schedule) values ('${id}', 'HAI-1', 'acme', 1, now(), true, 'daily', '{"at": "09:00"}')`,
      )
    }
    await run(
      "catalog",
      `insert into agent_type_definitions (id, agent_type_id, version, payload, created_at, updated_at)
      values ('garden.v1@1.0.0', 'garden.v1', '1.0.0', '{}', now(), now())`,
    )
  }
  const slot = (n: number) => `2026-11-0${n}T09:00:00.000Z`
  const completed = async (goal: string, n: number) => {
    await run(
      "scheduler",
      `insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
        scheduled_time, created_at, status, completed_at, closed_at, idempotency_key)
      values ('SCH-${goal}-${n}', '${goal}', 'HAI-1', 'acme', '${
        slot(n)
      }', now(), 'completed', now(), now(), '${goal}:${slot(n)}')`,
    )
    await run(
      "scheduler",
      `insert into goal_runs (run_id, goal_instance_id, idempotency_key, status, started_at, completed_at,
        deliverable_id, scheduled_run_id)
      values ('RUN-${goal}-${n}', '${goal}', '${goal}:${
        slot(n)
      }', 'completed', now(), now(), 'DEL-${goal}-${n}', 'SCH-${goal}-${n}')`,
    )
  }
  const drafted = (goal: string, n: number, id = `DEL-${goal}-${n}`) =>
    run(
      "deliverables",
      `insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title,
        payload, idempotency_key, customer_id, scheduled_time, approval_required, created_at, updated_at)
      values ('${id}', 'HAI-1', '${goal}', 't', 't', '{}', '${goal}:${slot(n)}', 'acme', '${
        slot(n)
      }', true, now(), now())`,
    )

  it("C4: says that nothing differs where nothing does", async () => {
    await hire(["GOI-a", "GOI-b"])
    await completed("GOI-a", 1)
    await drafted("GOI-a", 1)
    assert.deepStrictEqual(await reconcile(true), { left: [], said: "nothing differs" })
  })

  it("C4: runs a completed run whose draft was lost again, under its key, and records drafts whose run was lost", async () => {
    await completed("GOI-a", 2)
    await completed("GOI-b", 3)
    await drafted("GOI-b", 3, "DEL-made-again")
    await drafted("GOI-b", 4)
    const wanted = [
      `lost_drafts GOI-a:${slot(2)}`,
      `other_drafts GOI-b:${slot(3)}`,
      `unknown_runs GOI-b:${slot(4)}`,
    ]
    const dry = await reconcile(true)
    assert.deepStrictEqual(dry.left, wanted)
    const state = () =>
      run(
        "scheduler",
        `select r.idempotency_key as key, r.status, q.state, q.attempt, g.deliverable_id
        from scheduled_goal_runs r left join run_queue q using (scheduled_run_id) left join goal_runs g using (scheduled_run_id)
        where r.scheduled_time > '${slot(1)}' order by 1`,
      )
    assert.lengthOf((await state()).filter((row) => row.status === "completed"), 2, "a dry run writes nothing")
    // Deliverables answers the run: its draft is stored under the key
    const [first] = await Promise.all([reconcile(false), answered()])
    assert.deepStrictEqual(first.left, [])
    assert.include(first.said, "1 runs whose draft was lost run again, under their keys")
    assert.deepStrictEqual((await state()).map((row) => [row.key, row.status, row.deliverable_id]), [
      [`GOI-a:${slot(2)}`, "pending", "DEL-GOI-a-2"],
      [`GOI-b:${slot(3)}`, "completed", "DEL-made-again"],
      [`GOI-b:${slot(4)}`, "completed", "DEL-GOI-b-4"],
    ])
    assert.deepStrictEqual((await reconcile(false)).left, [])
  })

  /** A scheduler and a deliverables that make the draft once the run is in the queue. */
  const answered = async () => {
    for (let waits = 0; waits < 600; waits++) {
      const [queued] = await run("scheduler", "select state, attempt from run_queue")
      if (queued !== undefined) {
        assert.deepStrictEqual({ ...queued }, { state: "ready", attempt: 0 })
        return await drafted("GOI-a", 2, "DEL-made-anew")
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error("the run was not put back")
  }

  it("C4: a completed run whose draft and goal are both gone is a note: there is nothing to mend", async () => {
    await completed("GOI-gone", 5)
    for (const dryRun of [true, false]) {
      const { left, said } = await reconcile(dryRun)
      assert.deepStrictEqual(left, [])
      assert.include(said, `GOI-gone:${slot(5)}: DEL-GOI-gone-5 is not there`)
      assert.include(said, "nothing differs")
    }
    // Its goal is there, and its hire may not run: that is a difference, now and when it was tried
    await run("scheduler", "update projected_hires set runnable = false, reason = 'deactivated'")
    await run("hiring", "update hired_agents set active = false, deactivated_at = now()")
    await completed("GOI-a", 6)
    const { left, said } = await reconcile(false)
    assert.deepStrictEqual(left, [`lost_drafts GOI-a:${slot(6)}`])
    assert.include(said, "1 of them can't: their hire may not run")
    await run("hiring", "update hired_agents set active = true, deactivated_at = null")
    await run("scheduler", "update projected_hires set runnable = true, reason = null")
    await run(
      "scheduler",
      "delete from goal_runs where goal_instance_id = 'GOI-gone' or deliverable_id = 'DEL-GOI-a-6'",
    )
    await run(
      "scheduler",
      `delete from scheduled_goal_runs where idempotency_key in ('GOI-gone:${slot(5)}', 'GOI-a:${slot(6)}')`,
    )
  })

  it("C4: tells of ghosts, missing and older rows, of cursors ahead, tombstones, definitions and executions", async () => {
    await run(
      "scheduler",
      `insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at,
      enabled, frequency, schedule) values ('GOI-ghost', 'HAI-1', 'acme', 1, now(), true, 'daily', '{}')`,
    )
    await run("scheduler", "update projected_goals set version = 7 where goal_instance_id = 'GOI-a'")
    await run("scheduler", "delete from projected_goals where goal_instance_id = 'GOI-b'")
    await run("scheduler", "update projected_hires set timezone = 'Asia/Kolkata'")
    await run("scheduler", `update feed_cursor set cursor = '9.' || ((1::bigint << 62) + (1000::bigint << 22) + 5)`)
    await run("deliverables", "insert into deleted_goals (goal_instance_id) values ('GOI-a')")
    await run("catalog", "alter table agent_type_definitions disable trigger user")
    await run("catalog", "delete from agent_type_definitions")
    const { left, said } = await reconcile(true)
    assert.deepStrictEqual(left, [
      "cursors scheduler",
      "definitions garden.v1@1.0.0",
      "drafts_of_goals GOI-a",
      "goals GOI-a",
      "goals GOI-b",
      "goals GOI-ghost",
      "hires HAI-1",
    ])
    assert.include(said, "GOI-a: version 7 in the scheduler, 1 in hiring")
    assert.include(said, "GOI-ghost: a ghost: hiring does not have it")
    assert.include(said, "GOI-b: missing in the scheduler")
  })
})

/**
 * kill -9 of any service, or of Postgres, while 200 goals are due: every goal still gets exactly one completed run and
 * one deliverable. On real processes, as `npm start` runs them.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { hireAgent, setGoal } from "./support/Customer.ts"
import { type ServiceName, type Stack, startStack } from "./support/Stack.ts"

const GOALS = 200
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe("kill -9 while 200 goals are due", () => {
  let stack: Stack
  const goals: Array<string> = []
  beforeAll(async () => {
    stack = await startStack()
    const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    const hire = (await hireAgent(hiring, "acme", "trading.delta_futures.v1")).hired_instance_id
    const goal = {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "daily",
      settings: {},
    }
    for (let at = 0; at < GOALS; at += 20) {
      const made = await Promise.all(Array.from({ length: 20 }, () => setGoal(hiring, "acme", hire, goal)))
      goals.push(...made.map(({ goal_instance_id }) => goal_instance_id))
    }
    for (let known = 0; known < GOALS; await sleep(50)) {
      known = Number((await stack.sql<{ n: bigint }>("scheduler", "select count(*) as n from projected_goals"))[0]!.n)
    }
  }, 90_000)
  afterAll(() => stack?.stop(), 60_000)

  /** Triggers every goal for one instant soon, and waits for it: then all of them are due at once. The instant. */
  const fallDue = async () => {
    const at = Date.now() + 3_000
    const scheduled_time = new Date(at).toISOString()
    for (let n = 0; n < GOALS; n += 20) {
      await Promise.all(
        goals.slice(n, n + 20).map(async (goal) => {
          const answer = await stack.call("scheduler", "POST", `/api/v1/scheduler/trigger/${goal}`, {
            as: "operator:olga",
            body: { scheduled_time },
          })
          assert.strictEqual(answer.status, 202)
        }),
      )
    }
    await sleep(at - Date.now())
    return at
  }
  const completed = async (at: number) =>
    Number(
      (await stack.sql<{ n: bigint }>(
        "scheduler",
        `select count(*) as n from scheduled_goal_runs
      where status = 'completed' and scheduled_time = to_timestamp(${at / 1000})`,
      ))[0]!.n,
    )

  const victims: Array<ServiceName | "postgres"> = ["scheduler", "deliverables", "hiring", "catalog", "postgres"]
  for (const victim of victims) {
    it(`${victim}`, async () => {
      // whoever was killed before is back
      for (const service of ["catalog", "hiring", "deliverables", "scheduler"] as const) await stack.isReady(service)
      const at = await fallDue()
      // in the middle: some of the work has begun, most has not ended
      await sleep(60)
      if (victim === "postgres") await stack.killPostgres()
      else await stack.kill(victim)
      const deadline = Date.now() + 150_000
      let done = 0
      while (done < GOALS && Date.now() < deadline) {
        await sleep(250)
        done = await completed(at).catch(() => 0)
        // a run that was charged an attempt waits for minutes; its wait is not what this test is about
        await stack.sql(
          "scheduler",
          `update run_queue set claimable_at = now()
          where holder is null and attempt > 0 and claimable_at > now()`,
        ).catch(() => undefined)
        await stack.sql("scheduler", "select pg_notify('stint_scheduler', '')").catch(() => undefined)
      }
      assert.strictEqual(done, GOALS)
      const [runs] = await stack.sql<{ goals: bigint; runs: bigint; keys: bigint }>(
        "scheduler",
        `
        select count(distinct goal_instance_id) as goals, count(*) as runs, count(distinct deliverable_id) as keys
        from goal_runs where status = 'completed' and idempotency_key like '%:${new Date(at).toISOString()}'`,
      )
      assert.deepStrictEqual(runs, { goals: BigInt(GOALS), runs: BigInt(GOALS), keys: BigInt(GOALS) })
      const [made] = await stack.sql<{ deliverables: bigint; goals: bigint }>(
        "deliverables",
        `
        select count(*) as deliverables, count(distinct goal_instance_id) as goals from deliverables
        where idempotency_key like '%:${new Date(at).toISOString()}'`,
      )
      assert.deepStrictEqual(made, { deliverables: BigInt(GOALS), goals: BigInt(GOALS) })
      const [left] = await stack.sql<{ n: bigint }>("scheduler", "select count(*) as n from run_queue")
      assert.strictEqual(left!.n, 0n)
    }, 160_000)
  }
})

/**
 * kill -9 of any service, or of Postgres, while 200 goals are due and their runs are in flight: every goal still gets
 * exactly one completed run and one deliverable. On real processes, as `npm start` runs them. No victim is hit by chance:
 * what comes next in a run's way is held up until its runs hang there, and only then the victim is killed.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { holdDrafts } from "../support/HeldDrafts.ts"
import { type ServiceName, type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const GOALS = 200

describe("kill -9 while 200 goals are due", () => {
  let stack: Stack
  const goals: Array<string> = []
  beforeAll(async () => {
    stack = await startStack()
    const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    const hire = (await hireAgent(hiring, "acme", "trading.delta_futures.v1")).hired_instance_id
    const goal = {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "on_demand",
      settings: {},
    }
    for (let at = 0; at < GOALS; at += 20) {
      const made = await Promise.all(Array.from({ length: 20 }, () => setGoal(hiring, "acme", hire, goal)))
      goals.push(...made.map(({ goal_instance_id }) => goal_instance_id))
    }
    await until("the scheduler knows every goal", async () => await count("scheduler", "projected_goals") === GOALS)
  })
  afterAll(() => stack?.stop())

  /** How many rows there are. */
  const count = async (service: ServiceName, rows: string) =>
    Number((await stack.sql<{ n: bigint }>(service, `select count(*) as n from ${rows}`))[0]!.n)
  /** Triggers every goal for one instant, that of `fallDue`: an hour ahead, so that no run begins before it. The instant. */
  const trigger = async () => {
    const at = Date.now() + 3_600_000
    const scheduled_time = new Date(at).toISOString()
    for (let n = 0; n < GOALS; n += 20) {
      await Promise.all(
        goals.slice(n, n + 20).map(async (goal) => {
          const answer = await stack.call("scheduler", "POST", `/api/v1/scheduler/trigger/${goal}`, {
            as: "operator:olga",
            body: { scheduled_time },
          })
          assert.strictEqual(answer.status, 202, JSON.stringify(answer.json))
        }),
      )
    }
    return at
  }
  /** The instant comes: all of them are due. */
  const fallDue = async () => {
    await stack.sql("scheduler", "update run_queue set claimable_at = now() where state = 'timed'")
    await stack.sql("scheduler", "select pg_notify('stint_scheduler', '')")
  }
  const completed = (at: number) =>
    count(
      "scheduler",
      `scheduled_goal_runs where status = 'completed' and scheduled_time = to_timestamp(${at / 1000})`,
    )
  /** How many runs have begun and not ended. */
  const running = () => count("scheduler", "goal_runs where status = 'running'")
  const drafted = (at: number) =>
    count("deliverables", `deliverables where idempotency_key like '%:${new Date(at).toISOString()}'`)

  /**
   * deliverables is held up: runs have begun, and nobody has looked at them. The victim is killed, then it goes on. On a machine that
   * stalls the scheduler may see that it is away before it claims: then nothing hangs, and they are triggered anew.
   */
  const whileDeliverablesStands = async (kill: () => Promise<void>): Promise<number> => {
    const at = await trigger()
    await stack.kill("deliverables", "SIGSTOP")
    try {
      await fallDue()
      const hangs = await until("runs hang in deliverables, or it is away", async () => {
        if (await running() > 0) return "runs"
        const { checks } = (await stack.call("scheduler", "GET", "/readyz")).json
        return checks.deliverables !== "ok" && "away"
      })
      if (hangs === "runs") {
        assert.strictEqual(await completed(at), 0)
        await kill()
        return at
      }
    } finally {
      await stack.kill("deliverables", "SIGCONT")
    }
    await until("all are done", async () => await completed(at) === GOALS)
    return whileDeliverablesStands(kill)
  }

  /** The table of drafts is held up: drafts are made, and their transaction is open when the victim is killed. */
  const whileDraftsAreWritten = async (kill: () => Promise<void>) => {
    const held = await holdDrafts(stack)
    try {
      const at = await trigger()
      await fallDue()
      await held.isWaitedFor()
      assert.strictEqual(await completed(at), 0)
      await kill()
      return at
    } finally {
      await held.release()
    }
  }

  /** The worst moment for the scheduler: its call was taken, drafts are made, and it has not heard of them. */
  const unheard = async () => {
    try {
      const at = await whileDraftsAreWritten(() => stack.kill("scheduler", "SIGSTOP"))
      await until("there are drafts that the scheduler has not heard of", async () => await drafted(at) > 0)
      assert.strictEqual(await completed(at), 0)
      return at
    } finally {
      await stack.kill("scheduler")
    }
  }

  const kills: Record<ServiceName | "postgres", () => Promise<number>> = {
    scheduler: unheard,
    deliverables: () => whileDraftsAreWritten(() => stack.kill("deliverables")),
    hiring: () => whileDeliverablesStands(() => stack.kill("hiring")),
    catalog: () => whileDeliverablesStands(() => stack.kill("catalog")),
    postgres: () => whileDraftsAreWritten(() => stack.killPostgres()),
  }
  const victims: Array<ServiceName | "postgres"> = ["scheduler", "deliverables", "hiring", "catalog", "postgres"]
  for (const victim of victims) {
    it(`${victim}`, async () => {
      // whoever was killed before is back
      for (const service of ["catalog", "hiring", "deliverables", "scheduler"] as const) await stack.isReady(service)
      const at = await kills[victim]()
      await until("every run is completed", async () => {
        // a run that was charged an attempt waits for minutes; its wait is not what this test is about
        await stack.sql(
          "scheduler",
          "update run_queue set claimable_at = now() where holder is null and attempt > 0 and claimable_at > now()",
        )
        await stack.sql("scheduler", "select pg_notify('stint_scheduler', '')")
        return await completed(at) === GOALS
      }, () => stack.output())
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
      assert.strictEqual(await count("scheduler", "run_queue"), 0)
    })
  }
})

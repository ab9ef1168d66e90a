/** Memory mode: the same SQL, on a Postgres that the launcher makes in memory and removes. */
import { assert, describe, it } from "@effect/vitest"
import { root } from "@stint/cli/Home"
import { endPostmaster, readPostmaster } from "@stint/cli/Postgres/Postmaster"
import { env as envOf } from "@stint/hiring/Env"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { freePortBase, type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const all = {
  USE_AGENT_TYPE_DB: "false",
  PERSISTENCE_MODE: "memory",
  DELIVERABLE_PERSISTENCE_MODE: "memory",
  SCHEDULER_PERSISTENCE_MODE: "memory",
}

/** Ends a home's Postgres, if a killed launcher left one that nobody took over. */
const endPostgresOf = async (home: string) => {
  const data = join(home, "postgres")
  const postmaster = await readPostmaster(data)
  if (postmaster !== undefined) await endPostmaster(postmaster.pid, data, 5_000, () => {})
}

/** The folders of Postgres servers that a launcher keeps in memory. */
const inMemory = async (launcher: number) =>
  (await Promise.all(["/dev/shm", tmpdir()].map(async (place) => {
    const names = await readdir(place).catch(() => [])
    return names.filter((name) => name.startsWith(`stint-memory-${launcher}-`))
  }))).flat()

const hiringOf = (stack: Stack) => (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)

describe("memory mode", () => {
  const stacks: Array<Stack> = []
  const start = async (env: Record<string, string>, home?: string) => {
    const stack = await startStack(env, home)
    stacks.push(stack)
    return stack
  }
  /** A hire with a goal whose run has made its draft. */
  const drafted = async (stack: Stack): Promise<string> => {
    const hiring = hiringOf(stack)
    const { hired_instance_id } = await hireAgent(hiring, "acme", "trading.delta_futures.v1")
    const goal = await setGoal(hiring, "acme", hired_instance_id, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "on_demand",
      settings: {},
    })
    const path = `/api/v1/hired-agents/${hired_instance_id}/goals/${goal.goal_instance_id}/run`
    assert.strictEqual((await hiring("POST", path, { as: "customer:acme" })).status, 202)
    await until("the run has made its draft", async () => await drafts(stack) === 1)
    return hired_instance_id
  }
  const drafts = async (stack: Stack): Promise<number> =>
    (await stack.call("deliverables", "GET", "/api/v1/deliverables?customer_id=acme", { as: "customer:acme" }))
      .json.items.length

  // One after the other on three stacks, as each start costs seconds: some in memory and killed, all in memory, some again
  it("forgets what is in memory and that alone, also when it was killed, and leaves nothing behind", async () => {
    const home = await mkdtemp(join(tmpdir(), "stint-mix-"))
    try {
      const mix = { DELIVERABLE_PERSISTENCE_MODE: "memory", SCHEDULER_PERSISTENCE_MODE: "memory" }
      const killed = await start(mix, home)
      const hire = await drafted(killed)
      const dead = await killed.launcher()
      assert.lengthOf(await inMemory(dead), 1)
      process.kill(dead, "SIGKILL")
      await until("the services have ended", async () => (await killed.pids("hiring")).length === 0)

      // what a killed launcher left in memory goes at the next start, whichever home that has: it may be one of another test
      const stack = await start(all)
      await until("what it left is gone", async () => (await inMemory(dead)).length === 0)
      for (const service of ["catalog", "hiring", "deliverables", "scheduler"]) {
        assert.include(stack.output(), `${service} keeps its rows in memory: they are forgotten when `)
      }
      await drafted(stack)
      const launcher = await stack.launcher()
      assert.lengthOf(await inMemory(launcher), 1)
      assert.deepStrictEqual((await readdir(stack.home)).filter((name) => name.startsWith("postgres")), [])
      await stack.stop()
      assert.deepStrictEqual(await inMemory(launcher), [])

      // a service keeps its rows while another beside it forgets its own
      const again = await start(mix, home)
      const kept = await hiringOf(again)("GET", `/api/v1/hired-agents/${hire}`, { as: "customer:acme" })
      assert.strictEqual(kept.status, 200)
      assert.strictEqual(await drafts(again), 0)
      const last = await again.launcher()
      await again.stop({ keepHome: true })
      assert.deepStrictEqual(await inMemory(last), [])
    } finally {
      for (const stack of stacks.splice(0)) await stack.stop({ keepHome: stack.home === home })
      await endPostgresOf(home)
      await rm(home, { recursive: true, force: true })
    }
  })

  it("a service that is started alone needs the url of a Postgres, and says so in a sentence", async () => {
    const base = await freePortBase()
    const folder = await mkdtemp(join(tmpdir(), "stint-alone-"))
    const token = join(folder, "token")
    await writeFile(token, "one\n")
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        `--allow-env=${envOf.join()}`,
        "--allow-net=127.0.0.1",
        `--allow-read=${token}`,
        "services/hiring/src/main.ts",
      ],
      cwd: root,
      clearEnv: true,
      env: {
        PERSISTENCE_MODE: "memory",
        STINT_PORT_BASE: String(base),
        STINT_JWKS: `{"keys":[]}`,
        STINT_SERVICE_TOKEN_FILE: token,
      },
    }).output()
    await rm(folder, { recursive: true })
    assert.strictEqual(code, 1)
    assert.match(new TextDecoder().decode(stderr), /^hiring: .*HIRING_MEMORY_URL.*\n$/m)
  })
})

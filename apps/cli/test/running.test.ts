/** Commands that only look, against one stack as `stint start` makes it: `explain`, and `simulate --stored`. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "../../../tests/support/Until.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, type Launcher, newFolder } from "./support/launcher.ts"
import { place, tokenFor } from "./support/stack.ts"

let stack: Launcher
let env: Awaited<ReturnType<typeof place>>["env"]
let base: number
beforeAll(async () => {
  ;({ base, env } = await place())
  stack = launch(["start"], env)
  await stack.line(/^ready/)
})
afterAll(cleanUp)

const { fetch } = globalThis

/** In this process. */
const invoked = async (args: ReadonlyArray<string>, own: Readonly<Record<string, string>> = env) => {
  const { err, out, status } = await invoke(args, { env: own, fetch })
  return { status, text: out + err }
}

const explain = async (...args: ReadonlyArray<string>) => {
  const { status, text } = await invoked(["explain", ...args])
  assert.strictEqual(status, 0, text)
  return text
}

describe("stint explain", () => {
  it("says in a sentence why a goal of the sample ran, and what led to it", async () => {
    const token = await tokenFor(env, "viewer", "vera")
    type Asked = "goal_instance_id" | "scheduled_time" | "deliverable_id" | "origin"
    const runs = async () => {
      const url = `http://127.0.0.1:${base + 4}/api/v1/scheduler/runs?status=completed`
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      return (await response.json() as { readonly items: ReadonlyArray<Record<Asked, string>> }).items
    }
    // the rules of others of its goals may name this very minute
    const run = await until(
      "a run that the sample asked for is over",
      async () => (await runs()).find(({ origin }) => origin !== "schedule"),
    )
    const text = await explain("--goal", run.goal_instance_id, "--at", run.scheduled_time)
    assert.match(
      text,
      /^The manual run of .* ran, from .* to .*\.\n {2}It is no run of the schedule: .* asked for it\./,
    )
    assert.include(text, `  It made ${run.deliverable_id}.\n`)
    const whole = JSON.parse(await explain("--goal", run.goal_instance_id, "--at", run.scheduled_time, "--json"))
    assert.strictEqual(whole.verdict, "ran")
    const { status, text: started } = await launch(["explain", "--goal", run.goal_instance_id], env).end
    assert.strictEqual(status, 0, started)
    assert.match(started, /^(No slot was|Nothing was|The manual run of) /)
  })

  it("refuses in one sentence what can't be explained", async () => {
    const refused = async (expected: number, env: Record<string, string>, ...args: ReadonlyArray<string>) => {
      const { status, text } = await invoked(["explain", ...args], env)
      assert.strictEqual(status, expected, text)
      assert.match(text, /^stint: [^\n]+[.)]\n$/)
      return text
    }
    assert.include(await refused(3, env, "--goal", "GOI-none"), "There is no such goal: GOI-none.")
    assert.include(await refused(2, env, "--goal", "GOI-none", "--at", "noon"), "must be an RFC 3339 instant in UTC")
    const away = { ...env, STINT_PORT_BASE: "1" }
    assert.include(await refused(1, away, "--goal", "x"), "does not answer at http://127.0.0.1:5: start it")
    const { status, text } = await invoked(["explain"])
    assert.deepStrictEqual([status, text.includes("Say --goal GOI-")], [2, true])
  })
})

describe("stint simulate --stored", () => {
  const simulate = (args: ReadonlyArray<string>, own = env) => invoked(["simulate", "--stored", ...args], own)

  it("asks the stack that runs, does nothing there, and says so when none runs", async () => {
    // the sample's goals come by the feed, some moments after the start
    const some = /^[1-9]\d* hires that there are, [1-9]\d* goals, [1-9]\d* slots/
    await until("the scheduler knows the sample's goals", async () => some.test((await simulate(["--days", "7"])).text))
    const { status, text } = await launch(["simulate", "--stored", "--days", "7"], env).end
    assert.strictEqual(status, 0, text)
    assert.match(text, some)
    const log = await fetch(`http://127.0.0.1:${base + 4}/api/v1/scheduler/actions`, {
      headers: { authorization: `Bearer ${await tokenFor(env, "operator", "olga")}` },
    })
    assert.deepStrictEqual((await log.json() as { items: unknown }).items, [], "a simulation does nothing")
    const elsewhere = await simulate([], { ...env, STINT_HOME: await newFolder() })
    assert.strictEqual(elsewhere.status, 1)
    assert.match(
      elsewhere.text,
      /There is no stack in .*: start one with stint start, or name its folder in STINT_HOME/,
    )
    const none = await simulate([], { ...env, STINT_PORT_BASE: "1" })
    assert.strictEqual(none.status, 1)
    assert.match(
      none.text,
      /^stint: scheduler does not answer at http:\/\/127\.0\.0\.1:5: start it with stint start\. stint doctor says/,
    )
  })
})

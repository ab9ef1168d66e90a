/** `stint explain` against a stack as `stint start` makes it. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "../../../tests/support/Until.ts"
import { cleanUp, launch, type Launcher } from "./support/launcher.ts"
import { place, tokenFor } from "./support/stack.ts"

let stack: Launcher
let env: Record<string, string>
let base: number
beforeAll(async () => {
  ;({ base, env } = await place())
  stack = launch(["start"], env)
  await stack.line(/^ready/)
})
afterAll(cleanUp)

const explain = async (...args: ReadonlyArray<string>) => {
  const { status, text } = await launch(["explain", ...args], env).end
  assert.strictEqual(status, 0, text)
  return text
}

describe("stint explain", () => {
  it("says in a sentence why a goal of the sample ran, and what led to it", async () => {
    const token = await tokenFor(env, "viewer", "vera")
    const runs = async () => {
      const url = `http://127.0.0.1:${base + 4}/api/v1/scheduler/runs?status=completed`
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      // deno-lint-ignore no-explicit-any
      return (await response.json() as any).items
    }
    const run = await until("a run of the sample is over", async () => (await runs())[0])
    const text = await explain("--goal", run.goal_instance_id, "--at", run.scheduled_time)
    assert.match(
      text,
      /^The manual run of .* ran, from .* to .*\.\n {2}It is no run of the schedule: .* asked for it\./,
    )
    assert.include(text, `  It made ${run.deliverable_id}.\n`)
    const whole = JSON.parse(await explain("--goal", run.goal_instance_id, "--at", run.scheduled_time, "--json"))
    assert.strictEqual(whole.verdict, "ran")
    assert.match(await explain("--goal", run.goal_instance_id), /^(No slot was|Nothing was|The manual run of) /)
  })

  it("refuses in one sentence what can't be explained", async () => {
    const refused = async (expected: number, env: Record<string, string>, ...args: ReadonlyArray<string>) => {
      const { status, text } = await launch(["explain", ...args], env).end
      assert.strictEqual(status, expected, text)
      assert.match(text, /^stint: [^\n]+[.)]\n$/)
      return text
    }
    assert.include(await refused(3, env, "--goal", "GOI-none"), "There is no such goal: GOI-none.")
    assert.include(await refused(2, env, "--goal", "GOI-none", "--at", "noon"), "must be an RFC 3339 instant in UTC")
    const away = { ...env, STINT_PORT_BASE: "1" }
    assert.include(await refused(1, away, "--goal", "x"), "does not answer at http://127.0.0.1:5: start it")
    const { status, text } = await launch(["explain"], env).end
    assert.deepStrictEqual([status, text.includes("Say --goal GOI-")], [2, true])
  })
})

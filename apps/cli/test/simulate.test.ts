/** `stint simulate` as an operator calls it: without a stack, from a file, and against one that runs. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { until } from "../../../tests/support/Until.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, newFolder } from "./support/launcher.ts"
import { place, tokenFor } from "./support/stack.ts"

afterAll(() => cleanUp())

const simulate = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  launch(["simulate", ...args], env).end
const inFile = async (text: string) => {
  const path = join(await newFolder(), "plan.json")
  await writeFile(path, text)
  return path
}

describe("stint simulate", () => {
  it("needs no stack for made-up hires, and shows the figures as they are beside those of a spread", async () => {
    const { status, text } = await simulate(["--hires", "1000", "--days", "30", "--spread", "900"])
    assert.strictEqual(status, 0, text)
    assert.match(text, /^1,000 hires, 3,000 goals, 6\d,\d{3} slots from /)
    assert.match(text, /^ +as it is +spread 900 s$/m)
    const [, before, after] = /^ +most in a minute +([\d,]+) +([\d,]+)$/m.exec(text)!
    assert.strictEqual(before, "1,800")
    assert.isBelow(Number(after), 300)
    assert.match(text, /^ +\d{4}-\d\d-\d\d 03:30 +1,800 +#{40}$/m)
    assert.match(text, /^The busiest minutes at a spread of 900 s/m)
  })

  it("--file is the endpoint's body, --json its answer", async () => {
    const path = await inFile(JSON.stringify({
      from: "2026-03-01T00:00:00Z",
      days: 1,
      hires: [{ count: 3, goals: [{ frequency: "daily" }] }],
      capacity: { runs_at_once: 1, run_ms: 1000, runs_per_second: 1_000_000 },
    }))
    const { status, text } = await simulate(["--file", path, "--json"])
    assert.strictEqual(status, 0, text)
    const answer = JSON.parse(text)
    assert.deepStrictEqual(answer.curve, [{ minute: "2026-03-01T09:00:00.000Z", runs: 3 }])
    assert.deepInclude(answer, { from: "2026-03-01T00:00:00.000Z", slots: 3, peak_queue: 2 })
    assert.deepStrictEqual(answer.lateness_ms, { p50: 1000, p95: 2000, p99: 2000, max: 2000 })
  })

  it("says in a sentence what can't be simulated", async () => {
    const wrong = await inFile('{"days": 1, "hires": [{"count": 1, "goals": [{"frequency": "cron"}]}]}')
    const large = await inFile(
      '{"days": 1, "hires": [{"count": 100000, "goals": [{"frequency": "daily", "count": 3}]}]}',
    )
    const refusals: ReadonlyArray<readonly [args: ReadonlyArray<string>, status: number, says: RegExp]> = [
      [["--file", wrong], 1, /is no simulation: \$\.hires\[0\]\.goals\[0\]\.schedule\.cron is required/],
      [["--file", large], 1, /at most 200,000 goals\.$/m],
      [["--file", await inFile("{")], 1, /is no JSON\.$/m],
      [["--file", "/nowhere/plan.json"], 1, /can't be read/],
      [["--days", "367"], 2, /--days must be a whole number, 1 to 366/],
      [["--stored", "--hires", "5"], 2, /--hires or --stored, not both/],
      [["--file", wrong, "--days", "3"], 2, /leave --days out/],
    ]
    for (const [args, status, says] of refusals) {
      const end = await invoke(["simulate", ...args], { env: {} })
      assert.strictEqual(end.status, status, end.err)
      assert.match(end.err, says)
      assert.deepStrictEqual([end.out, end.err.trim().split("\n").length], ["", 1], end.err)
    }
    const setting = await simulate([], { STINT_MAX_RUNNING: "many" })
    assert.strictEqual(setting.status, 1)
    assert.match(setting.text, /^stint: STINT_MAX_RUNNING/)
  })

  it("--stored asks the stack that runs, and says so when none does", async () => {
    const { base, env } = await place()
    const stack = launch(["start"], env)
    await stack.line(/^ready/)
    const token = await tokenFor(env, "operator", "olga")
    // the sample's goals come by the feed, some moments after the start
    const some = /^[1-9]\d* hires that there are, [1-9]\d* goals, [1-9]\d* slots/
    await until(
      "the scheduler knows the sample's goals",
      async () => some.test((await simulate(["--stored", "--days", "7"], env)).text),
    )
    const elsewhere = await simulate(["--stored"], { ...env, STINT_HOME: await newFolder() })
    assert.strictEqual(elsewhere.status, 1)
    assert.match(
      elsewhere.text,
      /There is no stack in .*: start one with stint start, or name its folder in STINT_HOME/,
    )
    const log = await fetch(`http://127.0.0.1:${base + 4}/api/v1/scheduler/actions`, {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.deepStrictEqual((await log.json() as { items: unknown }).items, [], "a simulation does nothing")
    stack.signal("SIGTERM")
    await stack.end
    const none = await simulate(["--stored"], env)
    assert.strictEqual(none.status, 1)
    assert.match(
      none.text,
      /^stint: scheduler does not answer at http:\/\/127\.0\.0\.1:\d+: start it with stint start\. stint doctor says/,
    )
  })
})

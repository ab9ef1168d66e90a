/** `stint simulate` as an operator calls it: without a stack, and from a file. Against one that runs: running.test.ts. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, newFolder } from "./support/launcher.ts"

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
    // what is daily and weekly, and monthly as well where a month of these days begins on a Monday
    assert.include(["1,800", "2,400"], before!)
    assert.isBelow(Number(after), 300)
    assert.match(text, new RegExp(`^ +\\d{4}-\\d\\d-\\d\\d 03:30 +${before} +#{40}$`, "m"))
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
})

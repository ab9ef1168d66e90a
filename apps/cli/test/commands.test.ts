/** Every command that calls the services: its text, its `--json`, its failure and its exit status. */
import { assert, describe, it } from "vitest"
import { commands } from "../src/commands/All.ts"
import * as body from "./support/bodies.ts"
import { hires } from "./support/cases/hires.ts"
import { operations } from "./support/cases/operations.ts"
import { people } from "./support/cases/people.ts"
import type { Answers } from "./support/fakeServices.ts"
import { invoke } from "./support/invoke.ts"

const cases = [...people, ...hires, ...operations]

const stdin = JSON.stringify(
  (({ created_at: _c, id: _i, updated_at: _u, ...definition }) => definition)(body.agentType),
)

describe("a command that calls the services", () => {
  for (const { answers, args, by, exit = 3, refused, role = "operator", says, words = /./ } of cases) {
    const line = args.split(" ")
    it(`stint ${args}: its text, its --json, its failure`, async () => {
      const text = await invoke(line, { answers, role, stdin })
      assert.strictEqual(text.status, 0, text.err)
      assert.match(text.out, says)
      const json = await invoke([...line, "--json"], { answers, role, stdin })
      assert.strictEqual(json.status, 0, json.err)
      assert.isObject(JSON.parse(json.out))
      const failing = { ...answers, [refused]: () => by }
      const failed = await invoke(line, { answers: failing, role, stdin })
      assert.deepStrictEqual([failed.status, failed.out], [exit, ""], failed.err)
      assert.match(failed.err, /^stint: [^\n]+[.\d]\n$/)
      assert.match(failed.err, words)
      const problem = await invoke([...line, "--json"], { answers: failing, role, stdin })
      assert.deepStrictEqual([problem.status, JSON.parse(problem.err)], [exit, by.body])
    })
  }

  it("stint types check names what breaks, of all pages, and its exit status is 1 then", async () => {
    const one = {
      hired_instance_id: "HAI-1",
      goal_instance_id: "GOI-1",
      errors: [{ path: "$.settings.tea", message: "is required" }],
    }
    const answers: Answers = {
      "catalog.agentTypes.check": ({ query }) =>
        query.cursor === undefined
          ? { breaks: [one], holds: 2, next_cursor: "n" }
          : { breaks: [{ ...one, hired_instance_id: "HAI-2", errors_omitted: 3 }], holds: 1, next_cursor: null },
    }
    const text = await invoke(["types", "check", "-"], { answers, role: "operator", stdin })
    assert.strictEqual(text.status, 1)
    assert.match(
      text.out,
      /^HAI-1 +GOI-1 +\$\.settings\.tea +is required\nHAI-2 +GOI-1 +\$\.settings\.tea +is required\nHAI-2 +GOI-1 +- +and 3 more\n$/,
    )
    assert.match(text.err, /3 hires hold, 2 would break\./)
    const json = await invoke(["types", "check", "-", "--json"], { answers, role: "operator", stdin })
    const { breaks, holds } = JSON.parse(json.out)
    assert.deepStrictEqual([json.status, breaks.length, holds], [1, 2, 3])
  })

  it("that exists is among these", async () => {
    const tried = new Set(cases.map(({ args }) => args.split(" ").slice(0, 2).join(" ")))
    const all = await Promise.all(Object.entries(commands).map(async ([name, { load }]) => ({ name, ...await load() })))
    const remote = all.filter(({ actions, flags }) => actions !== undefined && flags.url !== undefined)
    assert.deepStrictEqual(
      remote.flatMap(({ actions, name }) => Object.keys(actions!).map((action) => `${name} ${action}`))
        .filter((name) => !tried.has(name)),
      [],
    )
    assert.isAbove(remote.length, 9)
  })
})

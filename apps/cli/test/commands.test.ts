/** Every command: its text, its `--json`, its failure and its exit status. */
import { access, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { allFlags } from "../src/Command.ts"
import { loadAll } from "../src/commands/All.ts"
import { openDevKey } from "../src/DevKey.ts"
import { readRing } from "../src/DevKey/Store.ts"
import { revokeToken } from "../src/DevKey/Revoked.ts"
import * as body from "./support/bodies.ts"
import { hires } from "./support/cases/hires.ts"
import { inbox } from "./support/cases/inbox.ts"
import { makers, typeOf } from "./support/cases/makers.ts"
import { local, type Place } from "./support/cases/local.ts"
import { mandates } from "./support/cases/mandates.ts"
import { operations } from "./support/cases/operations.ts"
import { notices } from "./support/cases/notices.ts"
import { people } from "./support/cases/people.ts"
import { type Databases, makeDatabases } from "./support/databases.ts"
import type { Answers } from "./support/fakeServices.ts"
import { invoke } from "./support/invoke.ts"

const cases = [...people, ...inbox, ...hires, ...makers, ...mandates, ...operations, ...notices]

const agentType = JSON.stringify(
  (({ created_at: _c, id: _i, updated_at: _u, ...definition }) => definition)(body.agentType),
)

describe("a command that calls the services", () => {
  for (
    const { answers, args, by, exit = 3, refused, role = "operator", says, stdin = agentType, words = /./ } of cases
  ) {
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

  it("stint models check says which model does not answer and why, and its exit status is 1 then", async () => {
    const answers: Answers = {
      "deliverables.makings.checkModel": ({ params: { alias } }) => ({
        alias,
        outcome: "away",
        error: "It can't be reached",
      }),
    }
    const text = await invoke(["models", "check", "writer"], { answers, role: "operator" })
    assert.deepStrictEqual([text.status, text.calls], [1, ["deliverables.makings.checkModel"]])
    assert.match(text.out, /^writer +away +- +0 +It can't be reached\n$/)
  })

  it("stint types makers says why one can't be called, and its exit status is 1 then; of one without it asks nobody", async () => {
    const problem = "The host agents.example.com is not in STINT_MAKER_HOSTS"
    const answers: Answers = { "deliverables.makings.checkMakers": () => ({ items: [{ problem }] }) }
    const stdin = typeOf({ kind: "http", url: "https://agents.example.com/make" })
    const text = await invoke(["types", "makers", "-"], { answers, role: "operator", stdin })
    assert.strictEqual(text.status, 1, text.err)
    assert.match(text.out, /^tea\.0 +https:\/\/agents\.example\.com\/make +The host agents\.example\.com is not in/)
    const json = await invoke(["types", "makers", "-", "--json"], { answers, role: "operator", stdin })
    assert.deepStrictEqual([json.status, JSON.parse(json.out).items[0].problem], [1, problem])
    const none = await invoke(["types", "makers", "-"], { answers, role: "operator", stdin: agentType })
    assert.deepStrictEqual([none.status, none.out, none.calls], [0, "", []])
    assert.match(none.err, /It calls none/)
  })

  it("stint runs last is of somebody: it asks nobody without one, unless the token is a customer's", async () => {
    const answers: Answers = { "scheduler.runs.last": () => ({ items: [], next_cursor: null }) }
    const operator = await invoke(["runs", "last"], { answers, role: "operator" })
    assert.deepStrictEqual([operator.status, operator.out, operator.calls], [2, "", []])
    assert.match(operator.err, /Say of whom: --goal, --hire or --customer\./)
    const customer = await invoke(["runs", "last"], { answers, role: "customer" })
    assert.deepStrictEqual([customer.status, customer.calls], [0, ["scheduler.runs.last"]])
  })

  it("stint hires new subscribes, and says what an operator does while it waits for its payment", async () => {
    const answers: Answers = {
      "hiring.subscriptions.create": ({ payload: { customer_id, duration } }) => ({
        ...body.subscription,
        customer_id,
        duration,
        status: "pending_payment",
      }),
    }
    const line = ["hires", "new", "tea.v1", "--config", "-", "--duration", "yearly"]
    const waits = await invoke(line, { answers, role: "customer", stdin: agentType })
    assert.deepStrictEqual([waits.status, waits.out, waits.calls], [4, "", ["hiring.subscriptions.create"]])
    assert.match(
      waits.err,
      /SUB-1 waits for its payment\. An operator says stint subs activate SUB-1; .*--subscription SUB-1/,
    )
    for (
      const [more, role, words] of [
        [["--activate"], "customer", /--activate is for the local stack/],
        [[], "operator", /say --as customer:ID/],
      ] as const
    ) {
      const refused = await invoke([...line, ...more], { answers, role, stdin: agentType })
      assert.deepStrictEqual([refused.status, refused.out, refused.calls], [2, "", []])
      assert.match(refused.err, words)
    }
    const none = await invoke(["hires", "new", "tea.v1"], { answers, role: "customer", stdin: agentType })
    assert.match(none.err, /Say --config FILE/)
  })

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
    const text = await invoke(["types", "check", "-"], { answers, role: "operator", stdin: agentType })
    assert.strictEqual(text.status, 1)
    assert.match(
      text.out,
      /^HAI-1 +GOI-1 +\$\.settings\.tea +is required\nHAI-2 +GOI-1 +\$\.settings\.tea +is required\nHAI-2 +GOI-1 +- +and 3 more\n$/,
    )
    assert.match(text.err, /3 hires hold, 2 would break\./)
    const json = await invoke(["types", "check", "-", "--json"], { answers, role: "operator", stdin: agentType })
    const { breaks, holds } = JSON.parse(json.out)
    assert.deepStrictEqual([json.status, breaks.length, holds], [1, 2, 3])
  })
})

describe("a command that works on this machine", () => {
  const homes: Array<string> = []
  let databases: Databases
  beforeAll(async () => {
    databases = await makeDatabases("migrated")
  })
  afterAll(async () => {
    await databases.release()
    for (const home of homes) await rm(home, { recursive: true })
  })

  /** A home of its own for each call: one that changes the keys changes none of another. */
  const place = async (): Promise<Place> => {
    const home = await mkdtemp(join(tmpdir(), "stint-commands-"))
    homes.push(home)
    await openDevKey(home, {})
    await revokeToken(home, "jti", "5b0c")
    const secrets = { acme: { hook: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } }
    await writeFile(join(home, "secrets.json"), JSON.stringify(secrets), { mode: 0o600 })
    return { home, kid: (await readRing(home))!.keys[0]!.kid, databases: databases.env }
  }

  for (const { args = () => name, fails, json, name, says, setting = () => ({}) } of local) {
    it(`stint ${name}: its text, its --json, its failure`, async () => {
      const one = await place()
      const text = await invoke(args(one).split(" "), setting(one))
      assert.strictEqual(text.status, 0, text.err)
      assert.match(text.out + text.err, says)
      const other = await place()
      const document = await invoke([...args(other).split(" "), "--json"], setting(other))
      assert.strictEqual(document.status, 0, document.err)
      assert.containsAllKeys(JSON.parse(document.out), json)
      for (const more of [[], ["--json"]]) {
        const failed = await invoke(
          [...(fails.args ?? name).split(" "), ...more],
          (fails.setting ?? setting)(await place()),
        )
        assert.strictEqual(failed.status, fails.exit, failed.out + failed.err)
        if (more.length === 0) assert.match(failed.out + failed.err, fails.words)
      }
    })
  }
})

describe("every command", () => {
  /** Those that last until they are told to end, and what tests them; and one whose data is a script. */
  const elsewhere: Readonly<Record<string, string>> = {
    start: "apps/cli/test/start.test.ts",
    demo: "apps/cli/test/demo.test.ts",
    "compose keys": "tests/system/compose.test.ts",
    "compose migrate": "tests/system/compose.test.ts",
    "compose tokens": "tests/system/compose.test.ts",
    "completions bash": "apps/cli/test/commandLine.test.ts",
    "completions zsh": "apps/cli/test/commandLine.test.ts",
    "completions fish": "apps/cli/test/commandLine.test.ts",
    "makers check": "apps/cli/test/maker.test.ts",
    mcp: "apps/cli/test/mcp.test.ts",
  }

  it("is among these, and so is every action of it", async () => {
    const tried = new Set([
      ...cases.flatMap(({ args }) => [args.split(" ")[0]!, args.split(" ").slice(0, 2).join(" ")]),
      ...local.map(({ name }) => name),
      ...Object.keys(elsewhere),
    ])
    const all = Object.entries(await loadAll()).flatMap(([name, { command: { actions, needsNoAction } }]) => [
      ...(actions === undefined || needsNoAction ? [name] : []),
      ...Object.keys(actions ?? {}).map((action) => `${name} ${action}`),
    ])
    assert.isAbove(all.length, 60)
    assert.deepStrictEqual(all.filter((name) => !tried.has(name)), [])
    for (const path of Object.values(elsewhere)) await access(new URL(`../../../${path}`, import.meta.url))
  })

  it("has --json, but for those that last and completions", async () => {
    const without = Object.entries(await loadAll()).filter(([, { command }]) => allFlags(command).json === undefined)
    assert.deepStrictEqual(without.map(([name]) => name), ["start", "mcp", "compose", "completions"])
  })
})

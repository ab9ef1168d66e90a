/** Keys and tokens of a stack that runs and has work to do: rotated and revoked without a refused request, and gone in time. */
import { openDevKey } from "@stint/cli/DevKey"
import { readRing } from "@stint/cli/DevKey/Store"
import type { Role } from "@stint/domain/Caller"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PORTS } from "@stint/edge/Ports"
import { hireAgent, setGoal } from "../support/Customer.ts"
import type { Send } from "../support/Service.ts"
import { type ServiceName, type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

describe("keys and tokens", () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack.stop())

  /** Runs the command line on the stack's home, as a person does. */
  const stint = async (...args: ReadonlyArray<string>): Promise<string> => {
    const child = spawn("node", ["apps/cli/bin/stint.js", ...args], {
      cwd: root,
      env: { ...process.env, STINT_HOME: stack.home },
      stdio: ["ignore", "pipe", "pipe"],
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk)
    const status = await new Promise((resolve) => child.once("close", resolve))
    assert.strictEqual(status, 0, output)
    return output.trim()
  }
  /** An operator's token, as `stint token` signs it. */
  const issue = async (subject: string) =>
    await (await openDevKey(stack.home, {})).sign({ role: "operator", subject, ttl: 3_600 })
  const kid = async () => (await openDevKey(stack.home, {})).kid()
  const kidOf = (token: string) =>
    JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(token.split(".")[0]!, { alphabet: "base64url" }))).kid
  const tokensOf = async (service: ServiceName): Promise<Record<string, string>> =>
    JSON.parse(await readFile(join(stack.home, "tokens", `${service}.json`), "utf8"))
  const withToken = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`http://127.0.0.1:${stack.base + 4}/api/v1/scheduler/status`, { headers })).status
  }
  const publishedKids = async () =>
    (JSON.parse(await readFile(join(stack.home, "keys", "jwks.json"), "utf8")).keys as ReadonlyArray<{ kid: string }>)
      .map(({ kid }) => kid)

  /** A request with a token of the key that signs now. */
  const fresh = async (
    service: ServiceName,
    method: string,
    path: string,
    who: { readonly role: Role; readonly subject: string },
  ) => {
    const token = await (await openDevKey(stack.home, {})).sign({ ...who, ttl: 60 })
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`http://127.0.0.1:${stack.base + PORTS[service]}/api/v1${path}`, { method, headers })
    // deno-lint-ignore no-explicit-any
    return { status: response.status, json: await response.json() as any }
  }

  /** A customer with a goal, and requests that go through all four services, until `end`. */
  const loadOf = async (customer: string) => {
    const hiring = (method: string, path: string, send: Send = {}) => stack.call("hiring", method, path, send)
    const hire = (await hireAgent(hiring, customer, "trading.delta_futures.v1")).hired_instance_id
    const goal = (await setGoal(hiring, customer, hire, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "on_demand",
      settings: {},
    })).goal_instance_id
    const refused: Array<string> = []
    let [over, turns, runs] = [false, 0, 0]
    const ask = async (service: ServiceName, method: string, path: string) => {
      const { json, status } = await fresh(service, method, path, { role: "customer", subject: customer })
      // a limit of requests is no refusal of a token
      if (status >= 400 && status !== 429) refused.push(`${method} ${path}: ${status} ${JSON.stringify(json)}`)
      return status
    }
    const work = async () => {
      while (!over) {
        // hiring asks the scheduler, the scheduler deliverables, and that hiring and the catalog
        if (turns % 5 === 0 && await ask("hiring", "POST", `/hired-agents/${hire}/goals/${goal}/run`) === 202) runs++
        await ask("deliverables", "GET", `/deliverables?customer_id=${customer}`)
        await ask("deliverables", "GET", `/hired-agents/${hire}/deliverables`)
        await ask("catalog", "GET", "/agent-types")
        turns++
        // the rotation waits for a minute: a core need not be busy meanwhile
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const working = work()
    return {
      refused,
      /** Waits until the load has gone on for some turns. */
      goesOn: async () => {
        const since = turns
        await until("the load goes on", () => turns > since + 10)
      },
      end: async () => {
        over = true
        await working
        await until("all runs have ended", async () => {
          const path = `/scheduler/runs?status=completed&limit=200&goal_instance_id=${goal}`
          const { json } = await fresh("scheduler", "GET", path, { role: "operator", subject: "olga" })
          return json.items.length === runs
        })
        const [again] = await stack.sql<{ n: number }>(
          "scheduler",
          `select count(*)::int as n from goal_runs where goal_instance_id = '${goal}' and (attempt > 1 or status <> 'completed')`,
        )
        assert.strictEqual(again!.n, 0)
        assert.isAbove(runs, 0)
      },
    }
  }

  it("B6: rotates its key under load without a refused request, and each token is of the new one afterwards", async () => {
    const old = await kid()
    const before = await stint("token", "--role", "operator", "--subject", "olga")
    const load = await loadOf("acme")
    await load.goesOn()
    assert.match(await stint("keys", "rotate", "--lead", "15s"), /signs from/)
    assert.strictEqual(await kid(), old)
    assert.strictEqual((await publishedKids()).length, 2)
    await until("the new key signs", async () => await kid() !== old)
    const signing = await kid()
    await until("the services have tokens of it", async () => {
      const tokens = await Promise.all((["hiring", "deliverables", "scheduler"] as const).map(tokensOf))
      return tokens.flatMap((one) => Object.values(one)).every((token) => kidOf(token) === signing)
    })
    await load.goesOn()
    await load.end()
    assert.deepStrictEqual(load.refused, [])
    // a token of the key of before holds until it expires
    assert.strictEqual(await withToken(before), 200)
    const listed = await stint("keys", "list")
    assert.include(listed, `${old}  signs no more, accepted until`)
    assert.include(listed, `${signing}  signs`)
    const ring = await readRing(stack.home)
    await until(
      "the private half of the old key is gone",
      async () => (await readRing(stack.home))!.keys.every(({ jwk, kid }) => (jwk.d === undefined) === (kid === old)),
    )
    assert.strictEqual(ring!.keys.length, 2)
    for (const file of ["keys.json", "jwks.json", "revoked.json", "signing.jwk.json"]) {
      assert.strictEqual((await stat(join(stack.home, "keys", file))).mode & 0o777, 0o600, file)
    }
  })

  it("B6: revokes the key that signs: its tokens are refused, and no call between the services is", async () => {
    const old = await kid()
    const token = await issue("olga")
    assert.strictEqual(await withToken(token), 200)
    const load = await loadOf("beta")
    await load.goesOn()
    const before = stack.output().length
    await stint("keys", "revoke", old)
    await until("its token is refused", async () => await withToken(token) === 401)
    assert.notStrictEqual(await kid(), old)
    assert.notInclude(await publishedKids(), old)
    await load.goesOn()
    await load.end()
    assert.deepStrictEqual(load.refused, [])
    assert.notMatch(stack.output().slice(before), /refused|does not answer/)
  })

  it("B6: revokes a token, and a subject; what the subject is issued later holds", async () => {
    const [one, other, olga] = [await issue("pia"), await issue("pia"), await issue("olga")]
    const { jti } = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(one.split(".")[1]!, { alphabet: "base64url" })),
    )
    await stint("token", "revoke", "--jti", jti)
    await until("the token is refused", async () => await withToken(one) === 401)
    assert.deepStrictEqual([await withToken(other), await withToken(olga)], [200, 200])
    await stint("token", "revoke", "--subject", "pia")
    await until("the subject's token is refused", async () => await withToken(other) === 401)
    assert.strictEqual(await withToken(olga), 200)
    assert.strictEqual(await withToken(await stint("token", "--role", "operator", "--subject", "pia")), 200)
    assert.match(await stint("token", "revoked"), /^jti .*\nsub pia, issued before /)
  })
})

/**
 * Bodies made from the contracts' own schemas and broken at random, and a corpus of odd bodies, ids, cursors, queries and
 * headers, through every endpoint of the four services, as the roles that may call it, and through `/mcp` of the front door.
 *
 * Would catch: a value that decodes and breaks what follows, an answer without a bound, a fault that ends a process or
 * fills its memory, a row of one caller that breaks the lists of others.
 */
import { readFile } from "node:fs/promises"
import { configs, hireAgent, setGoal } from "../support/Customer.ts"
import type { ServiceName, Stack } from "../support/Stack.ts"
import { standOn } from "./Ground.ts"
import { mcpAttack } from "./hostile/McpAttack.ts"
import { type Door, doorsOf, type Shot, shotAt } from "./hostile/Shots.ts"
import { judge, type Proof, randomOf, until } from "./Proof.ts"

/** The most bytes of an answer (domain.md, "Bounds"). */
const ANSWER = 2 * 1024 * 1024
/** How many requests are under way at once. */
const AT_ONCE = 6
/** By how much a process may grow between the first third of the requests, which fills its caches, and the last. */
const GROWTH = 1.5

const services: ReadonlyArray<ServiceName> = ["catalog", "hiring", "deliverables", "scheduler"]
const processes = [...services, "gateway"] as const

/** After how many requests to the services one goes to `/mcp`. */
const EACH_MCP = 2

const goal = {
  goal_template_id: "trading.trade_intent_draft.v1",
  frequency: "on_demand",
  settings: { coin: "BTC", side: "buy", units: 2 },
}

/** What the config and the drafts of a customer say, and no answer to another one. */
const secretOf = (customer: string) => `${customer}-credential-7c1a5e`

/** A customer with a hire, a goal and a draft. */
const customerOn = async (stack: Stack, customer: string) => {
  const as = `customer:${customer}` as const
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const agent = "trading.delta_futures.v1"
  const config = { ...configs[agent], credential_ref: secretOf(customer) }
  const hire = await hireAgent(hiring, customer, agent, {}, config)
  const { goal_instance_id } = await setGoal(hiring, customer, hire.hired_instance_id, goal)
  const drafts = async (): Promise<ReadonlyArray<{ readonly deliverable_id: string }>> =>
    (await stack.call("deliverables", "GET", `/api/v1/deliverables?customer_id=${customer}`, { as })).json.items
  const runNow = async () => {
    const before = (await drafts()).length
    await hiring("POST", `/api/v1/hired-agents/${hire.hired_instance_id}/goals/${goal_instance_id}/run`, { as })
    await until(`${customer} has a new draft`, async () => (await drafts()).length > before)
  }
  await runNow()
  return { customer, as, hire, goal_instance_id, deliverable_id: (await drafts())[0]!.deliverable_id, runNow }
}

/** What a customer's people make of it: an approval, a mandate, and the settings of a person. */
const signedOn = async (
  stack: Stack,
  { as, customer, deliverable_id, hire }: Awaited<ReturnType<typeof customerOn>>,
) => {
  const ask = async (method: string, path: string, body: object) => {
    const { json, status } = await stack.call("deliverables", method, `/api/v1${path}`, { as, body })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`)
    return json
  }
  await ask("PUT", `/reviewers/${customer}`, { channels: [], timezone: "UTC" })
  const { approval_id } = await ask("POST", `/deliverables/${deliverable_id}/review`, { decision: "approved" })
  const { mandate_id } = await ask("POST", "/mandates", {
    hired_instance_id: hire.hired_instance_id,
    rules: [{ path: "coin", op: "eq", value: "BTC" }],
    max_uses: 3,
    per: "day",
    valid_until: new Date(Date.now() + 86_400_000).toISOString(),
    action: "approve",
  })
  return { approval_id, mandate_id, person: customer }
}

/** The ids of a customer, by the names that bodies, queries and paths have for them. */
const idsOf = (
  made: Awaited<ReturnType<typeof customerOn>> & Awaited<ReturnType<typeof signedOn>>,
  doors: ReadonlyArray<Door>,
) => {
  const { approval_id, customer, deliverable_id, goal_instance_id, hire, mandate_id, person } = made
  const { agent_id, hired_instance_id, subscription_id } = hire
  const named: Record<string, string> = {
    customer_id: customer,
    agent_id,
    agent_type_id: "hostile.v1",
    hired_instance_id,
    subscription_id,
    goal_instance_id,
    deliverable_id,
    approval_id,
    mandate_id,
    person,
  }
  const inPath = (path: string, name: string) =>
    /:goal/.test(path) && name === "goal" || /scheduler\/goals/.test(path)
      ? goal_instance_id
      : /subscriptions|by-subscription/.test(path)
      ? subscription_id
      : /agent-types/.test(path)
      ? agent_id
      : /mandates/.test(path)
      ? mandate_id
      : /v1\/approvals/.test(path)
      ? approval_id
      : /reviewers/.test(path)
      ? person
      : /customers/.test(path)
      ? customer
      : /deliverables\/:/.test(path)
      ? deliverable_id
      : /hired-agents/.test(path)
      ? hired_instance_id
      : undefined
  for (const { path } of doors) {
    for (const [, name] of path.matchAll(/:(\w+)/g)) {
      const id = inPath(path, name!)
      if (id !== undefined) named[`${path} ${name}`] = id
    }
  }
  return named
}

/** The memory of a service's processes, in MiB. */
const memoryOf = async (stack: Stack, service: typeof processes[number]): Promise<number> => {
  const sizes = await Promise.all((await stack.pids(service)).map(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
  }))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** What one request came to: its status, or why it has none; and the bytes of its answer. */
const fire = async (stack: Stack, { as, door, headers, path, raw }: Shot) => {
  try {
    const answer = await stack.call(door.service, door.method, path, {
      as: as as never,
      headers,
      ...(raw === undefined ? {} : { raw }),
      signal: AbortSignal.timeout(100_000),
    })
    return { status: answer.status, bytes: JSON.stringify(answer.json ?? "").length }
  } catch (error) {
    return { status: 0, bytes: 0, why: String(error).slice(0, 200) }
  }
}

export const hostile: Proof = {
  name: "hostile",
  promise: "No request, whatever it holds, breaks a service, and no answer is larger than 2 MiB.",
  attacks:
    "Bodies sampled from the schema of every endpoint and broken at random, and a corpus of odd bodies, ids, cursors, queries and " +
    "headers, six at once: 600 requests (full: 20,000), and half as many at `/mcp`: broken messages, batches, sessions and tokens, " +
    "with the ids of another customer, whose content is in no answer. Afterwards that customer's hire is as it was, its goal runs, its " +
    "client is answered, no process was replaced, and none has grown to more than 1.5 times what it had after a third of the requests.",
  seconds: { quick: 25, full: 300 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const random = randomOf(seed)
    const { is, that, violations } = judge()
    const { stack } = await standOn(attack)
    const doors = doorsOf(seed)
    const victim = await customerOn(stack, "victim")
    const hostile = await customerOn(stack, "hostile")
    const known = idsOf({ ...hostile, ...await signedOn(stack, hostile) }, doors)
    const mcp = await mcpAttack(stack, { known, victim, secret: secretOf("victim"), seed, random })
    const pids = async () => (await Promise.all(processes.map((name) => stack.pids(name)))).flat().join()
    const [before, began] = [
      (await stack.call("hiring", "GET", `/api/v1/hired-agents/${victim.hire.hired_instance_id}`, victim)).json,
      await pids(),
    ]
    const count = full ? 20_000 : 600
    const broke: Array<string> = []
    const [counts, mcpCounts] = [new Map<number, number>(), new Map<number, number>()]
    const memory: Array<ReadonlyArray<number>> = []
    let fired = 0
    let largest = 0
    const worker = async () => {
      while (fired < count) {
        const nth = fired++
        if (nth % Math.ceil(count / 30) === 0) {
          memory.push(await Promise.all(processes.map((name) => memoryOf(stack, name))))
          if (nth % Math.ceil(count / 5) === 0) say(`${nth} requests, ${broke.length} broke something`)
        }
        // every endpoint in turn, so that each is met
        if (nth % EACH_MCP === 0) {
          const shot = await mcp.fire()
          mcpCounts.set(shot.status, (mcpCounts.get(shot.status) ?? 0) + 1)
          largest = Math.max(largest, shot.bytes)
          if (shot.broke !== undefined || shot.bytes > ANSWER) broke.push(shot.broke ?? `/mcp: ${shot.bytes} bytes`)
        }
        const shot = shotAt(doors[nth % doors.length]!, { customer: "hostile", known, random })
        const { bytes, status, why } = await fire(stack, shot)
        counts.set(status, (counts.get(status) ?? 0) + 1)
        largest = Math.max(largest, bytes)
        if (status === 0 || status >= 500 || bytes > ANSWER) {
          const sent = shot.raw === undefined ? "" : new TextDecoder().decode(shot.raw.slice(0, 300))
          broke.push(
            `${shot.door.method} ${shot.path.slice(0, 200)} as ${shot.as}: ${why ?? status}, ${bytes} bytes; ${sent}`,
          )
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    for (const line of broke.slice(0, 20)) say(line)
    is("requests that broke something", broke.length, 0)
    is("process ids", await pids(), began)
    const third = Math.ceil(memory.length / 3)
    processes.forEach((name, nth) => {
      const of = (part: ReadonlyArray<ReadonlyArray<number>>) => Math.max(...part.map((sizes) => sizes[nth]!))
      const grown = Math.min(...memory.slice(-third).map((sizes) => sizes[nth]!)) / of(memory.slice(0, third))
      that(
        grown < GROWTH,
        `${name} has ${grown.toFixed(2)} times the memory that it had after a third of the requests`,
      )
    })
    // an operator's token paused, cancelled and limited what it could
    await stack.call("scheduler", "POST", "/api/v1/scheduler/resume", { as: "operator:olga", body: {} })
    const after = await stack.call("hiring", "GET", `/api/v1/hired-agents/${victim.hire.hired_instance_id}`, victim)
    is("the other customer's hire", JSON.stringify(after.json), JSON.stringify(before))
    that(await mcp.stillAnswers(), "/mcp does not answer the other customer any more")
    await victim.runNow()
    for (const service of services) await stack.isReady(service)
    const statusesOf = (of: ReadonlyMap<number, number>) =>
      [...of].sort(([one], [other]) => one - other).map(([status, n]) => `${status}: ${n}`)
    return {
      figures: {
        requests: count,
        endpoints: doors.length,
        statuses: statusesOf(counts),
        mcp_statuses: statusesOf(mcpCounts),
        largest_answer_bytes: largest,
        memory_mib: memory.at(-1)!.map(Math.round),
      },
      violations,
    }
  },
}

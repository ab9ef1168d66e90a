/**
 * Mandates for 20 uses, and 64 callers who ask for a draft each at the same time, of two replicas of deliverables: one of them is
 * killed, or the mandate is revoked meanwhile, and every lease on what is looked at is cut short.
 *
 * Would catch: a count that is not under the lock of its mandate, a use that is not in the transaction of its approval, a
 * revocation that is read before the lock, a draft that is forgotten with its process, an approval that is not executed, or twice.
 */
import { PORTS } from "@stint/edge/Ports"
import { configs } from "../support/Customer.ts"
import { zoneAtNoon } from "../support/FarTimes.ts"
import { callerOf } from "../support/Stack.ts"
import { patiently } from "../support/Until.ts"
import { type Goals, type Ground, makeGoals, order, standOn } from "./Ground.ts"
import { type Other, startOther } from "./mandate/Replica.ts"
import { type Attack, judge, type Proof, randomOf, until } from "./Proof.ts"

const CALLERS = 64
const LIMIT = 20

/** What is done during a round. */
interface Round {
  readonly action: "approve" | "execute"
  readonly kills: "none" | "own" | "other"
  readonly revokes: boolean
}

/** The quick form has both actions, both kills and a revocation; the full one each kind by itself as well, and more often. */
const roundsOf = (full: boolean): ReadonlyArray<Round> => {
  const once: ReadonlyArray<Round> = [
    { action: "approve", kills: "none", revokes: false },
    { action: "execute", kills: "own", revokes: false },
    { action: "execute", kills: "none", revokes: true },
    { action: "approve", kills: "other", revokes: true },
  ]
  return full ? Array.from({ length: 6 }, () => once).flat() : [once[1]!, once[3]!]
}

/** What came of a round. */
const outcomeOf = async ({ superuser }: Ground, mandate: string, { hire }: Goals) =>
  await superuser.row(
    "deliverables",
    `select (select count(*)::int from mandate_uses where mandate_id = '${mandate}') as uses,
      (select count(*)::int from approvals where mandate_id = '${mandate}') as approvals,
      (select count(*)::int from deliverables d join approvals a on a.approval_id = d.approval_id
        where a.mandate_id = '${mandate}' and d.review_status = 'approved') as approved,
      (select count(*)::int from deliverables where hired_instance_id = '${hire}') as drafts,
      (select count(*)::int from mandate_queue q join deliverables d using (deliverable_id)
        where d.hired_instance_id = '${hire}') as queued,
      (select count(*)::int from executions e join deliverables d using (deliverable_id)
        where d.hired_instance_id = '${hire}') as intents,
      (select count(*)::int from executions e join deliverables d using (deliverable_id)
        where d.hired_instance_id = '${hire}' and e.state = 'delivered') as delivered,
      (select count(*)::int from mandate_uses u join mandates m using (mandate_id)
        where m.mandate_id = '${mandate}' and u.used_at > m.revoked_at) as after`,
  )

const usesOf = async ({ superuser }: Ground, mandate: string): Promise<number> =>
  (await superuser.row("deliverables", `select count(*)::int as n from mandate_uses where mandate_id = '${mandate}'`)).n

/** Asks for one draft of each slot, of both replicas in turn, until each has it: as the scheduler does, under the run's key. */
const askAll = async ({ stack }: Ground, other: Other, goal: string, hire: string, isOver: () => boolean) => {
  const call = await callerOf(stack.home)
  const urls = [`http://127.0.0.1:${stack.base + PORTS.deliverables}`, other.url]
  const first = Date.parse("2026-01-01T00:00:00Z")
  await Promise.all(Array.from({ length: CALLERS }, async (_, n) => {
    const slot = new Date(first + n * 60_000).toISOString()
    for (let attempt = n; !isOver(); attempt++) {
      const answer = await call(`${urls[attempt % 2]}/api/v1/deliverables`, "POST", {
        as: "service:scheduler",
        headers: { "idempotency-key": `${goal}:${slot}` },
        body: { goal_instance_id: goal, hired_instance_id: hire, scheduled_time: slot },
      }, "deliverables").catch(() => undefined)
      if (answer?.status === 201) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }))
}

/** One mandate, its callers, and what is done to them. */
const play = async (ground: Ground, other: Other, round: Round, nth: number, random: () => number) => {
  const { stack, superuser } = ground
  const customer = `mandate-${nth}`
  const agent_id = "trading.delta_futures.v1"
  // no period of the mandate ends in its round
  const config = { ...configs[agent_id], timezone: zoneAtNoon() }
  const goals = await makeGoals(ground, customer, 1, order, { agent_id, config })
  const as = `customer:${customer}` as const
  const send = (path: string, body: object) =>
    stack.call("deliverables", "POST", `/api/v1/mandates${path}`, { as, body })
  const terms = {
    hired_instance_id: goals.hire,
    rules: [{ path: "units", op: "lte", value: 2 }, { path: "coin", op: "eq", value: "BTC" }],
    max_uses: LIMIT,
    per: "month",
    valid_until: new Date(Date.now() + 86_400_000).toISOString(),
    action: round.action,
  }
  const signed = await patiently(() => send("", terms))
  if (signed.status !== 201) throw new Error(`the mandate is not signed: ${JSON.stringify(signed.json)}`)
  const mandate: string = signed.json.mandate_id
  const { goal } = await superuser.row(
    "hiring",
    `select goal_instance_id as goal from goal_instances where hired_instance_id = '${goals.hire}'`,
  )
  let over = false
  const asked = askAll(ground, other, goal, goals.hire, () => over)
  const from = 1 + Math.floor(random() * 10)
  await until(`${from} drafts are approved`, async () => await usesOf(ground, mandate) >= from, 120_000, 5)
  let atRevocation: number | undefined
  if (round.revokes) {
    const revoked = await patiently(() => send(`/${mandate}/revoke`, { reason: "The attack" }))
    atRevocation = revoked.status === 200 ? await usesOf(ground, mandate) : -1
  }
  if (round.kills === "own") {
    await stack.kill("deliverables")
    await stack.isReady("deliverables")
  } else if (round.kills === "other") await other.kill()
  // whoever held them may be dead, or not: a lease is no fence
  await superuser.sql("deliverables", "update mandate_queue set locked_until = null")
  await superuser.sql("deliverables", "notify stint_mandates")
  await asked.finally(() => void (over = true))
  await until("every draft was looked at and executed where it is to be", async () => {
    const { delivered, drafts, intents, queued } = await outcomeOf(ground, mandate, goals)
    return drafts === CALLERS && queued === 0 && delivered === intents
  })
  return { ...await outcomeOf(ground, mandate, goals), atRevocation }
}

export const mandate: Proof = {
  name: "mandate",
  promise: "A mandate is never used once more than it allows, nor after it was revoked, whatever dies.",
  attacks:
    "64 callers at once against a mandate for 20 uses, of two replicas, in two ways (full: in four, six times each): " +
    "deliverables is killed while it approves and executes; the mandate is revoked and the other replica killed. Leases are cut short.",
  seconds: { quick: 50, full: 140 },
  attack: async (attack: Attack) => {
    const { full, say, seed } = attack
    const random = randomOf(seed)
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const other = await startOther(ground, attack)
    const sums = { rounds: 0, drafts: 0, uses: 0, revoked: 0, kills: 0, executed: 0, highest: 0 }
    for (const [nth, round] of roundsOf(full).entries()) {
      const what = `round ${nth} (${round.action}${round.revokes ? ", revoked" : ""}, kills ${round.kills})`
      const { after, approvals, approved, atRevocation, delivered, drafts, intents, uses } = await play(
        ground,
        other,
        round,
        nth,
        random,
      )
      that(uses <= LIMIT, `${what}: ${uses} uses of ${LIMIT}`)
      if (atRevocation === undefined) is(`${what}: uses`, uses, LIMIT)
      else is(`${what}: uses after its revocation was answered`, uses - atRevocation, 0)
      is(`${what}: uses that began after the revocation`, after, 0)
      is(`${what}: approvals`, approvals, uses)
      is(`${what}: approved drafts`, approved, uses)
      is(`${what}: drafts`, drafts, CALLERS)
      is(`${what}: executions`, intents, round.action === "execute" ? uses : 0)
      is(`${what}: delivered`, delivered, intents)
      sums.rounds++
      sums.drafts += drafts
      sums.uses += uses
      sums.revoked += round.revokes ? 1 : 0
      sums.kills += round.kills === "none" ? 0 : 1
      sums.executed += delivered
      sums.highest = Math.max(sums.highest, uses)
      say(`${what}: ${uses} uses of ${LIMIT}, ${drafts} drafts`)
    }
    return { figures: sums, violations }
  },
}

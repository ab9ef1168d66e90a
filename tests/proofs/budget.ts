/**
 * A hire's budget for 50 calls, and 200 runs of it at the same time against a model that counts what it is sent.
 *
 * Would catch: a check of the budget before the record of the call, a record without the lock of the month, an ended call that
 * gives back more than it had reserved, a call that is sent without a record, a lost call that is forgotten.
 */
import { costOf, type Model } from "@stint/domain/Models"
import { amountText, MILLION } from "@stint/domain/Money"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { hireAgent } from "../support/Customer.ts"
import { zoneAtNoon } from "../support/FarTimes.ts"
import { type Asked, draftFor, type FakeModel, startFakeModel } from "../support/FakeModel.ts"
import { decided, drained, fallDue, freshSlot, type Goals, type Ground, makeGoalsOf, standOn } from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

const RUNS = 200
const CALLS = 50
/** How many calls the patient model takes at once: those that have ended make room for more. */
const AT_ONCE = 20
/** The most tokens of an answer, as the template has it. */
const MOST_OUT = 400
/** What is added to the bytes of a request, as the maker has it. */
const OVERHEAD = 1_024

const prices = { price_per_million_in: 3, price_per_million_out: 15 }
const encoder = new TextEncoder()

/** What the request can use at most. */
const mostOf = ({ body }: Asked) => ({ in: encoder.encode(JSON.stringify(body)).length + OVERHEAD, out: MOST_OUT })

const costOfTokens = (tokens: { readonly in: number; readonly out: number }) => costOf(prices as Model, tokens)

/** An agent type whose goals a model pursues. */
const type = {
  agent_type_id: "proof.budget.v1",
  version: "1.0.0",
  config_schema: {
    fields: [{ key: "timezone", label: "Time zone", type: "text", required: true, format: "iana_timezone" }],
  },
  goal_templates: ["eager", "patient"].map((model) => ({
    goal_template_id: `proof.${model}`,
    name: "Note",
    default_frequency: "monthly",
    settings_schema: { fields: [] },
    skill_binding: "writing",
    maker: { kind: "model", model, instructions: "Write a note.", max_tokens: MOST_OUT, timeout_seconds: 60 },
    output: { fields: [{ key: "note", label: "Note", type: "text", required: true }] },
  })),
  enforcement_defaults: { approval_required: true, deterministic: false },
}

/** A fake model, and a stack that calls it. */
const ground = async (attack: Attack): Promise<Ground & { readonly fake: FakeModel }> => {
  const fake = startFakeModel()
  attack.defer(() => fake.end())
  const folder = await mkdtemp(join(tmpdir(), "stint-models-"))
  attack.defer(() => rm(folder, { recursive: true }))
  const models = join(folder, "models.json")
  const model = { provider: "openai-compatible", base_url: fake.base_url, model: "fake", ...prices }
  const file = { eager: { ...model, max_concurrency: RUNS }, patient: { ...model, max_concurrency: AT_ONCE } }
  await writeFile(models, JSON.stringify(file))
  const stands = await standOn(attack, { STINT_MODELS: models })
  const published = await stands.stack.call("catalog", "POST", "/api/v1/agent-types", {
    as: "operator:olga",
    body: type,
  })
  if (published.status !== 201) throw new Error(`the type is not published: ${JSON.stringify(published.json)}`)
  return { ...stands, fake }
}

/** Goals of a customer whose hire has this budget, in millionths. */
const goalsOf = async (
  ground: Ground,
  customer: string,
  count: number,
  budget: number,
  model = "eager",
): Promise<Goals> => {
  const hiring = (method: string, path: string, send = {}) => ground.stack.call("hiring", method, path, send)
  const max_cost_per_month = Number(amountText(budget))
  const settings = { budget: { max_cost_per_month } }
  const hire = await hireAgent(hiring, customer, type.agent_type_id, settings, {
    // no month ends meanwhile
    timezone: zoneAtNoon(),
  })
  return await makeGoalsOf(ground, customer, hire.hired_instance_id, count, {
    goal_template_id: `proof.${model}`,
    settings: {},
  })
}

/** What the hire has spent and reserved, as its calls say and as its month says. */
const spentBy = async ({ superuser }: Ground, { hire }: Goals) =>
  await superuser.row(
    "deliverables",
    `select (select coalesce(sum(cost), 0)::float8 from making_costs where hired_instance_id = '${hire}') as counted,
      (select coalesce(sum(coalesce(cost, max_cost)), 0)::float8 from making_calls where hired_instance_id = '${hire}') as spent,
      (select count(*)::int from making_calls where hired_instance_id = '${hire}') as calls,
      (select count(*)::int from deliverables where hired_instance_id = '${hire}') as drafts`,
  )

/** Runs of the hire by how they ended. */
const endsOf = async ({ superuser }: Ground, { hire }: Goals) =>
  await superuser.row(
    "scheduler",
    `select count(*) filter (where s.status = 'completed')::int as completed,
      count(*) filter (where s.status = 'cancelled' and g.error_details->>'type' = 'budget')::int as over
      from scheduled_goal_runs s join goal_runs g using (scheduled_run_id) where s.hired_instance_id = '${hire}'`,
  )

export const budget: Proof = {
  name: "budget",
  promise: "What the models of a hire cost in a month never passes its budget, however many of its runs ask at once.",
  attacks:
    "200 runs at once against a budget for 50 calls, twice: each call costs its most, to the millionth; then less, while deliverables is " +
    "killed with its calls under way (full: five times). All along what is spent and reserved is looked at.",
  seconds: { quick: 32, full: 114 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const random = randomOf(seed)
    const { is, that, violations } = judge()
    const stands = await ground(attack)
    const { fake, stack } = stands

    // what one call costs at most: all requests of these goals have as many bytes
    let most = 0
    fake.otherwise = (asked) => {
      const usage = mostOf(asked)
      most = Math.max(most, costOfTokens(usage))
      return Object.assign(draftFor(asked), { usage }) as ReturnType<typeof draftFor>
    }
    const one = await goalsOf(stands, "calibration", 1, 1_000 * MILLION)
    await fallDue(stands, one, freshSlot())
    await until("one draft is made", async () => (await spentBy(stands, one)).drafts === 1)
    const allowed = CALLS * most
    say(`a call costs at most ${amountText(most)}; the budget is ${amountText(allowed)}`)

    let highest = 0
    const watched = async (goals: Goals, during: () => Promise<void>) => {
      let isOver = false
      const watching = (async () => {
        while (!isOver) {
          const { counted, spent } = await spentBy(stands, goals)
          highest = Math.max(highest, counted, spent)
          await sleep(50)
        }
      })()
      await fallDue(stands, goals, freshSlot())
      await during().finally(() => void (isOver = true))
      await watching
    }
    const settled = async (goals: Goals) => {
      await until("every run has ended", async () => {
        const { completed, over } = await endsOf(stands, goals)
        return completed + over === RUNS
      }, 240_000)
    }

    const exact = await goalsOf(stands, "exact", RUNS, allowed)
    const before = fake.asked.length
    await watched(exact, () => settled(exact))
    const first = { ...await spentBy(stands, exact), ...await endsOf(stands, exact) }
    is("calls that the model got", fake.asked.length - before, CALLS)
    is("calls recorded", first.calls, CALLS)
    is("drafts", first.drafts, CALLS)
    is("completed runs", first.completed, CALLS)
    is("runs cancelled for the budget", first.over, RUNS - CALLS)
    is("spent", first.spent, allowed)
    is("counted", first.counted, allowed)

    // cheaper calls, and some whose answers are lost with their caller
    fake.otherwise = async (asked) => {
      const { in: tokens, out } = mostOf(asked)
      await sleep(200 + random() * 800)
      const usage = { in: Math.ceil(tokens * random()), out: Math.ceil(out * random()) }
      return Object.assign(draftFor(asked), { usage }) as ReturnType<typeof draftFor>
    }
    const killed = await goalsOf(stands, "killed", RUNS, allowed, "patient")
    const sent = fake.asked.length
    await watched(killed, async () => {
      for (let kill = 0; kill < (full ? 5 : 1); kill++) {
        const { drafts } = await spentBy(stands, killed)
        const isOn = async () => {
          const { completed, over } = await endsOf(stands, killed)
          return completed + over === RUNS || (await spentBy(stands, killed)).drafts >= drafts + 15
        }
        await until("drafts are made", isOn, 60_000, 20)
        await stack.kill("deliverables")
        await stack.isReady("deliverables")
        // whoever held them is dead: their leases are cut short
        await stands.superuser.sql("deliverables", "update makings set lease_until = now() where state = 'making'")
      }
      await settled(killed)
    })
    await drained(stands)
    that(await decided(stands), "something is due still")
    const second = { ...await spentBy(stands, killed), ...await endsOf(stands, killed) }
    that(second.spent <= allowed, `${amountText(second.spent)} was spent of ${amountText(allowed)}`)
    is("spent by the calls, and counted", second.spent, second.counted)
    // one that was killed between its record and its request is recorded, and was not sent
    that(
      second.calls >= fake.asked.length - sent,
      `${fake.asked.length - sent} calls were sent, ${second.calls} recorded`,
    )
    is("drafts and completed runs", second.drafts, second.completed)
    that(second.drafts >= 15, `only ${second.drafts} drafts were made beside the kills`)
    that(highest <= allowed, `at some time ${amountText(highest)} was spent or reserved of ${amountText(allowed)}`)
    return {
      figures: {
        runs: RUNS * 2,
        calls: first.calls + second.calls,
        drafts: first.drafts + second.drafts,
        cancelled: first.over + second.over,
        budget: amountText(allowed),
        highest: amountText(highest),
      },
      violations,
    }
  },
}

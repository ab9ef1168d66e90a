/**
 * Drafts that several people edit, approve, send back, withdraw and execute all at once, while some expire, mandates are signed for
 * them, used up and revoked, and deliverables is killed. A judge replays what the database let happen, in its order: nothing was
 * executed that was not approved by enough people right then, or by a mandate that lived and covered it when it approved.
 *
 * Would catch: an approval of a revision that an edit replaced, a withdrawal that an execution overtook, a quorum of one person's
 * two approvals, an editor's own signature, a decision while the maker works, two revisions of one request for changes, a mandate that
 * approves after its revocation, its end or its last use, or what a person wrote, or what its rules do not cover.
 */
import { patiently } from "../support/Until.ts"
import { drained, fallDue, freshSlot, type Ground, makeGoals, standOn } from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, until } from "./Proof.ts"
import { actsOf, type Came, customer } from "./signature/Acts.ts"
import { eventsOf, type Row, watch } from "./signature/Events.ts"
import { judgeAll, type Made, type Rules } from "./signature/Judge.ts"

/** What each agent type's template asks of approvals. */
const types: ReadonlyArray<
  readonly [type: string, rules: Rules & { valid_for_seconds?: number }]
> = [
  ["signature.one.v1", { expires_after_seconds: 86_400 }],
  ["signature.two.v1", { quorum: 2, separate_editor: true, valid_for_seconds: 86_400 }],
  ["signature.three.v1", { quorum: 3, expires_after_seconds: 86_400 }],
]

const definitionOf = (agent_type_id: string, approval: object) => ({
  agent_type_id,
  version: "1.0.0",
  config_schema: { fields: [] },
  goal_templates: [{
    goal_template_id: "note",
    name: "Note",
    default_frequency: "monthly",
    settings_schema: { fields: [] },
    skill_binding: "notes",
    approval,
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
})

/** How many drafts are raced at once, how many acts each gets, in how many rounds one after another. */
const DRAFTS = 8
const ACTS = 10
const ROUNDS = 4

/** How many drafts of each type. */
const EACH = { quick: 5, full: 84 }

/** The drafts of all types, so many of each. */
const draftsOn = async (ground: Ground, each: number): Promise<ReadonlyArray<Made>> => {
  const { stack, superuser } = ground
  for (const [type, approval] of types) {
    const published = await patiently(() =>
      stack.call("catalog", "POST", "/api/v1/agent-types", { as: "operator:olga", body: definitionOf(type, approval) })
    )
    if (published.status !== 201) throw new Error(JSON.stringify(published.json))
    const template = { goal_template_id: "note", settings: {} }
    const goals = await makeGoals(ground, customer, each, template, { agent_id: type, config: {} })
    await fallDue(ground, goals, freshSlot())
  }
  await drained(ground)
  return (await superuser.sql(
    "deliverables",
    `select deliverable_id as id, customer_id as customer, hired_instance_id as hire, goal_instance_id as goal,
        goal_template_id as template, payload, approval_rules as rules
      from deliverables where customer_id = '${customer}' order by md5(deliverable_id)`,
  )) as ReadonlyArray<Made>
}

/** The acts that are done at least once. */
const kinds = [
  "edit",
  "approve",
  "withdraw",
  "execute",
  "changes",
  "expire",
  "sign",
  "revoke",
  "approve by mandate",
  "execute by mandate",
]

/** Nothing of what a killed process held is waited for. */
const release = async ({ stack, superuser }: Ground) => {
  await stack.isReady("deliverables")
  const run = (statement: string) => superuser.sql("deliverables", statement)
  await run("update idempotency_keys set locked_until = now() where reply_status is null")
  await run("update executions set locked_until = now() where locked_until > now()")
  await run("update mandate_queue set locked_until = null")
  await run("select pg_notify('stint_executions', ''), pg_notify('stint_mandates', '')")
}

/** Races all drafts, some at once; how often each act came to what, and how often deliverables was killed. */
const race = async (ground: Ground, { full, say, seed }: Attack, drafts: ReadonlyArray<Made>) => {
  const { act, open } = actsOf(ground, drafts, randomOf(seed))
  const came = new Map<string, number>()
  let [kills, races] = [0, 0]
  const note = (all: ReadonlyArray<Came>) => {
    for (const [kind, what] of all) came.set(`${kind} ${what}`, (came.get(`${kind} ${what}`) ?? 0) + 1)
  }
  note(await open())
  for (let at = 0; at < drafts.length; at += DRAFTS) {
    const batch = drafts.slice(at, at + DRAFTS)
    for (let round = 0; round < ROUNDS; round++) {
      const acting = Promise.all(batch.flatMap(({ id }) => Array.from({ length: ACTS }, () => act(id))))
      const killed = round === 1 && (at / DRAFTS) % (full ? 8 : 4) === 0
      if (killed) {
        await ground.stack.kill("deliverables")
        kills++
      }
      const all = await acting
      note(all)
      races += all.length
      if (killed) await release(ground)
    }
    if ((at / DRAFTS) % 20 === 0) say(`${at + batch.length} of ${drafts.length} drafts were raced`)
  }
  return { came, kills, races }
}

/** What comes to an end by itself has come to it. */
const settled = ({ superuser }: Ground) =>
  until(
    "no maker works on a draft, no mandate looks at one, and no delivery is under way",
    async () =>
      (await superuser.row(
        "deliverables",
        `select not exists (select from deliverables where revising_since is not null)
         and not exists (select from mandate_queue)
         and not exists (select from executions where state = 'pending' and next_attempt_at <= now() + interval '1 minute') as done`,
      )).done,
  )

export const signature: Proof = {
  name: "signature",
  promise: "No content is executed that was not approved by enough people, or a live mandate, at that instant.",
  attacks:
    "Four people edit, approve, send back, withdraw and execute 15 drafts (full: 252) at once, in 600 (10,080) races, sign mandates " +
    "for them and revoke these, while drafts expire and deliverables is killed; a judge replays what the database let happen.",
  seconds: { quick: 45, full: 120 },
  attack: async (attack) => {
    const { say } = attack
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const each = EACH[attack.full ? "full" : "quick"]
    const drafts = await draftsOn(ground, each)
    is("drafts", drafts.length, each * types.length)
    await watch(ground)
    say(`${drafts.length} drafts wait for their people`)

    const { came, kills, races } = await race(ground, attack, drafts)
    await settled(ground)

    const { ofDrafts, ofMandates } = await eventsOf(ground)
    violations.push(...judgeAll(drafts, ofDrafts, ofMandates))
    const all = [...ofDrafts.values()].flat()
    const count = (kind: string, which: (it: Row) => boolean = () => true) =>
      all.filter((one) => one.kind === kind && which(one.it)).length
    const asked = count("approvals", ({ asks_changes }) => asks_changes)
    const byMaker = count("deliverable_revisions", ({ by_maker, revision }) => by_maker && revision > 1)
    is("revisions that makers were asked for and made", byMaker, asked)
    for (const kind of kinds) that((came.get(`${kind} done`) ?? 0) > 0, `no ${kind} was done: nothing was raced with`)
    that(kills > 0, "nothing was killed")
    say([...came].toSorted().map(([what, n]) => `${what}: ${n}`).join(", "))
    return {
      figures: {
        races,
        executed: count("executions"),
        approvals: count("approvals", ({ decision }) => decision === "approved"),
        by_mandates: count("approvals", ({ mandate_id }) => mandate_id !== null),
        withdrawals: count("approval_withdrawals"),
        revisions: count("deliverable_revisions"),
        asked,
        mandates: ofMandates.filter(({ it }) => it.revoked_at === null).length,
        revocations: ofMandates.filter(({ it }) => it.revoked_at !== null).length,
        kills,
      },
      violations,
    }
  },
}

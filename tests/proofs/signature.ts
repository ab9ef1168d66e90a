/**
 * Drafts that several people edit, approve, send back, withdraw and execute all at once, while some expire and deliverables is killed.
 * A judge replays what the database let happen, in its order: nothing was executed that was not approved by enough people right then.
 *
 * Would catch: an approval of a revision that an edit replaced, a withdrawal that an execution overtook, a quorum of one person's
 * two approvals, an editor's own signature, a decision while the maker works, two revisions of one request for changes.
 */
import { randomUUID } from "node:crypto"
import { drained, fallDue, freshSlot, type Ground, makeGoals, standOn } from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, until } from "./Proof.ts"
import { eventsOf, judgeDraft, type Made, type Rules, watch } from "./signature/Events.ts"

const customer = "signers"
const people = ["ann", "bob", "cid", "dee"]

/** What each agent type's template asks of approvals. */
const types: ReadonlyArray<
  readonly [type: string, rules: Rules & { valid_for_seconds?: number; expires_after_seconds?: number }]
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

/** What people do to a draft, each knowing what it last saw of it, which is often no longer so. */
const actsOf = ({ stack, superuser }: Ground, random: () => number) => {
  const pick = <A>(items: ReadonlyArray<A>): A => items[Math.floor(random() * items.length)]!
  const send = (who: string, method: string, path: string, body: object) =>
    stack.call("deliverables", method, `/api/v1${path}`, {
      as: `customer:${customer}/${who}`,
      body,
      headers: { "idempotency-key": randomUUID() },
    }).then(({ json, status }) => status < 300 ? "done" : String(json?.code), () => "no answer")
  const look = async (id: string) =>
    (await stack.call("deliverables", "GET", `/api/v1/deliverables/${id}`, { as: `customer:${customer}/ann` })).json
  const approvalsOf = async (id: string): Promise<ReadonlyArray<{ readonly approval_id: string }>> =>
    (await stack.call("deliverables", "GET", `/api/v1/deliverables/${id}/approvals`, {
      as: `customer:${customer}/ann`,
    })).json.items
  const acts = {
    edit: async (id: string) => {
      const { payload, revision } = await look(id)
      return await send(pick(people), "PUT", `/deliverables/${id}/content`, {
        payload: { ...payload, body: `${randomUUID()}` },
        base_revision: revision,
      })
    },
    approve: async (id: string) => {
      const { content_sha256, revision } = await look(id)
      return await send(pick(people), "POST", `/deliverables/${id}/review`, {
        decision: "approved",
        content_sha256,
        revision,
      })
    },
    changes: async (id: string) => {
      const { revision } = await look(id)
      return await send(pick(people), "POST", `/deliverables/${id}/review`, {
        decision: "changes_requested",
        notes: "better",
        revision,
      })
    },
    withdraw: async (id: string) => {
      const all = await approvalsOf(id)
      return all.length === 0
        ? "nothing"
        : await send(pick(people), "POST", `/approvals/${pick(all).approval_id}/withdraw`, {})
    },
    execute: async (id: string) => {
      const { approval_id } = await look(id)
      return await send(
        pick(people),
        "POST",
        `/deliverables/${id}/execute`,
        approval_id === null ? {} : { approval_id },
      )
    },
    // its time is over now: what is decided from here on is refused
    expire: async (id: string) => {
      await superuser.sql(
        "deliverables",
        `update deliverables set expires_at = now() where deliverable_id = '${id}' and expires_at is not null
           and review_status = 'pending_review' and revising_since is null`,
      )
      return "done"
    },
  }
  /** Approvals of different people, until the draft has enough of them. */
  const enough = async (id: string) => {
    for (const who of people) {
      const { content_sha256, review_status, revision } = await look(id)
      if (review_status === "approved") return "done"
      await send(who, "POST", `/deliverables/${id}/review`, { decision: "approved", content_sha256, revision })
    }
    return (await look(id)).review_status === "approved" ? "done" : "not enough"
  }
  /** What the first drafts begin with, alone, so that each kind of act is done at least once, whatever the race brings. */
  const openings = [
    ["changes"],
    ["edit"],
    ["approve", "withdraw"],
    ["approve", "execute"],
  ] as const
  const kinds = ["approve", "approve", "approve", "approve", "edit", "withdraw", "execute", "execute"] as const
  return {
    /** How the draft of this number begins; what came of it. */
    open: async (id: string, nth: number): Promise<ReadonlyArray<readonly [kind: string, what: string]>> => {
      const came: Array<readonly [string, string]> = []
      for (const kind of openings[nth] ?? []) {
        came.push([kind, await (kind === "approve" ? enough(id) : acts[kind](id))])
      }
      return came
    },
    /** One act of somebody, drawn; what came of it. */
    act: async (id: string): Promise<readonly [kind: string, what: string]> => {
      const roll = random()
      const kind = roll < 0.04 ? "changes" : roll < 0.05 ? "expire" : pick(kinds)
      return [kind, await acts[kind](id).catch(() => "no answer")]
    },
  }
}

/** The drafts of all types, so many of each. */
const draftsOn = async (ground: Ground, each: number): Promise<ReadonlyArray<Made>> => {
  const { stack, superuser } = ground
  for (const [type, approval] of types) {
    const published = await stack.call("catalog", "POST", "/api/v1/agent-types", {
      as: "operator:olga",
      body: definitionOf(type, approval),
    })
    if (published.status !== 201) throw new Error(JSON.stringify(published.json))
    const template = { goal_template_id: "note", settings: {} }
    await fallDue(
      ground,
      await makeGoals(ground, customer, each, template, { agent_id: type, config: {} }),
      freshSlot(),
    )
    await drained(ground)
  }
  return (await superuser.sql(
    "deliverables",
    `select deliverable_id as id, payload, approval_rules as rules from deliverables where customer_id = '${customer}'
       order by md5(deliverable_id)`,
  )) as ReadonlyArray<Made>
}

/** Races all drafts, some at once; how often each act came to what, and how often deliverables was killed. */
const race = async (ground: Ground, { full, say, seed }: Attack, drafts: ReadonlyArray<Made>) => {
  const { stack, superuser } = ground
  const random = randomOf(seed)
  const { act, open } = actsOf(ground, random)
  const came = new Map<string, number>()
  let kills = 0
  const note = (all: ReadonlyArray<readonly [kind: string, what: string]>) => {
    for (const [kind, what] of all) came.set(`${kind} ${what}`, (came.get(`${kind} ${what}`) ?? 0) + 1)
  }
  for (const [nth, { id }] of drafts.entries()) note(await open(id, nth))
  for (let at = 0; at < drafts.length; at += DRAFTS) {
    const batch = drafts.slice(at, at + DRAFTS)
    for (let round = 0; round < ROUNDS; round++) {
      const acting = Promise.all(batch.flatMap(({ id }) => Array.from({ length: ACTS }, () => act(id))))
      const killed = round === 1 && (at / DRAFTS) % (full ? 40 : 4) === 0
      if (killed) {
        await stack.kill("deliverables")
        kills++
      }
      note(await acting)
      if (!killed) continue
      await stack.isReady("deliverables")
      // whoever had reserved a key, or held a delivery, is dead
      await superuser.sql("deliverables", "update idempotency_keys set locked_until = now() where reply_status is null")
      await superuser.sql("deliverables", "update executions set locked_until = now() where locked_until > now()")
      await superuser.sql("deliverables", "select pg_notify('stint_executions', '')")
    }
    if ((at / DRAFTS) % 20 === 0) say(`${at + batch.length} of ${drafts.length} drafts were raced`)
  }
  return { came, kills }
}

export const signature: Proof = {
  name: "signature",
  promise: "No content is executed that was not approved by enough people at that instant.",
  attacks:
    "Four people edit, approve, send back, withdraw and execute 24 drafts (full: 252) at once, in 960 (10,080) races, while drafts " +
    "expire and deliverables is killed; a judge replays what the database let happen.",
  seconds: { quick: 40, full: 300 },
  attack: async (attack) => {
    const { say } = attack
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { superuser } = ground
    const each = attack.full ? 84 : 8
    const drafts = await draftsOn(ground, each)
    is("drafts", drafts.length, each * types.length)
    await watch(ground)
    say(`${drafts.length} drafts wait for their people`)

    const { came, kills } = await race(ground, attack, drafts)
    await until("no maker works on a draft, and no delivery is under way", async () =>
      (await superuser.row(
        "deliverables",
        `select not exists (select from deliverables where revising_since is not null)
           and not exists (select from executions where state = 'pending' and next_attempt_at <= now() + interval '1 minute') as done`,
      )).done)

    const events = await eventsOf(ground)
    for (const draft of drafts) violations.push(...judgeDraft(draft, events.get(draft.id) ?? []))
    const all = [...events.values()].flat()
    const count = (kind: string) => all.filter((one) => one.kind === kind).length
    const asked = all.filter(({ it, kind }) => kind === "approvals" && it.asks_changes).length
    const byMaker =
      all.filter(({ it, kind }) => kind === "deliverable_revisions" && it.by_maker && it.revision > 1).length
    is("revisions that makers were asked for and made", byMaker, asked)
    const races = [...came.values()].reduce((sum, n) => sum + n, 0)
    const done = (kind: string) => came.get(`${kind} done`) ?? 0
    for (const kind of ["edit", "approve", "withdraw", "execute", "changes", "expire"]) {
      that(done(kind) > 0, `no ${kind} was done: nothing was raced with`)
    }
    that(kills > 0, "nothing was killed")
    say([...came].toSorted().map(([what, n]) => `${what}: ${n}`).join(", "))
    return {
      figures: {
        races,
        executed: count("executions"),
        approvals: count("approvals"),
        withdrawals: count("approval_withdrawals"),
        revisions: count("deliverable_revisions"),
        asked,
        kills,
      },
      violations,
    }
  },
}

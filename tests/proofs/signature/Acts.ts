/** What people do to a draft, each knowing what it last saw of it, which is often no longer so; and what they sign in its place. */
import { randomUUID } from "node:crypto"
import type { Answer } from "../../support/Service.ts"
import { patiently } from "../../support/Until.ts"
import type { Ground } from "../Ground.ts"
import { until } from "../Proof.ts"
import type { Made } from "./Judge.ts"

export const customer = "signers"
const people = ["ann", "bob", "cid", "dee"]

/** What came of an act: done, or the code of its refusal. */
export type Came = readonly [kind: string, what: string]

/** A word that every draft of a built-in maker holds, and none that a person edited here. */
const MADE = "drafted"

/** The hands of the people; `asking` asks for an answer once, or insists on one. */
const handsOf = (
  { stack }: Ground,
  pick: <A>(items: ReadonlyArray<A>) => A,
  asking: (ask: () => Promise<Answer>) => Promise<Answer> = (ask) => ask(),
) => {
  const call = (who: string, method: string, path: string, body?: object) =>
    stack.call("deliverables", method, `/api/v1${path}`, {
      as: `customer:${customer}/${who}`,
      ...(body === undefined ? {} : { body, headers: { "idempotency-key": randomUUID() } }),
    })
  const send = (who: string, method: string, path: string, body: object): Promise<string> =>
    asking(() => call(who, method, path, body)).then(
      ({ json, status }) => status < 300 ? "done" : String(json?.code),
      () => "no answer",
    )
  return {
    send: (method: string, path: string, body: object) => send(pick(people), method, path, body),
    sendAs: send,
    look: async (id: string) => (await asking(() => call("ann", "GET", `/deliverables/${id}`))).json,
    approvalsOf: async (id: string): Promise<ReadonlyArray<{ readonly approval_id: string }>> =>
      (await asking(() => call("ann", "GET", `/deliverables/${id}/approvals`))).json.items,
    /** The mandates that are not revoked. */
    mandates: async (): Promise<ReadonlyArray<{ readonly mandate_id: string; readonly hired_instance_id: string }>> =>
      (await asking(() => call("ann", "GET", `/mandates?customer_id=${customer}&limit=100`))).json.items.filter(
        ({ revoked_at }: { readonly revoked_at: string | null }) => revoked_at === null,
      ),
  }
}
type Hands = ReturnType<typeof handsOf>

/** The terms of a mandate that are raced with. */
interface Terms {
  readonly action: "approve" | "execute"
  readonly max_uses: number
  readonly seconds: number
  readonly goals: ReadonlyArray<string>
  readonly stops: ReadonlyArray<string>
}

/** Signs a mandate for what the maker of a hire writes from now on, of some goals. */
const sign = ({ send }: Hands, hire: string, { action, goals, max_uses, seconds, stops }: Terms) =>
  send("POST", "/mandates", {
    hired_instance_id: hire,
    rules: [
      { path: "goal_instance_id", op: "in", value: goals },
      { path: "body", op: "contains_none", value: stops },
      { path: "body", op: "max_length", value: 20_000 },
    ],
    max_uses,
    per: "day",
    valid_until: new Date(Date.now() + seconds * 1000).toISOString(),
    action,
  })

/** The acts of people on one draft. */
const onDraft = (
  { approvalsOf, look, send }: Hands,
  { superuser }: Ground,
  pick: <A>(items: ReadonlyArray<A>) => A,
) => ({
  edit: async (id: string) => {
    const { payload, revision } = await look(id)
    return await send("PUT", `/deliverables/${id}/content`, {
      payload: { ...payload, body: `${randomUUID()}` },
      base_revision: revision,
    })
  },
  approve: async (id: string) => {
    const { content_sha256, revision } = await look(id)
    return await send("POST", `/deliverables/${id}/review`, { decision: "approved", content_sha256, revision })
  },
  changes: async (id: string) => {
    const { revision } = await look(id)
    return await send("POST", `/deliverables/${id}/review`, {
      decision: "changes_requested",
      notes: "better",
      revision,
    })
  },
  withdraw: async (id: string) => {
    const all = await approvalsOf(id)
    return all.length === 0 ? "nothing" : await send("POST", `/approvals/${pick(all).approval_id}/withdraw`, {})
  },
  execute: async (id: string) => {
    const { approval_id } = await look(id)
    return await send("POST", `/deliverables/${id}/execute`, approval_id === null ? {} : { approval_id })
  },
  // its time is over now: what is decided from here on is refused
  expire: async (id: string) => {
    const late = await superuser.sql(
      "deliverables",
      `update deliverables set expires_at = now() where deliverable_id = '${id}' and expires_at is not null
         and review_status = 'pending_review' and revising_since is null returning 1`,
    )
    return late.length > 0 ? "done" : "nothing"
  },
})

/** What people sign in place of their signatures, and take back. */
const onMandates = (
  hands: Hands,
  drafts: ReadonlyArray<Made>,
  random: () => number,
  pick: <A>(items: ReadonlyArray<A>) => A,
) => ({
  sign: (id: string) => {
    const { hire } = drafts.find((draft) => draft.id === id)!
    const goals = drafts.filter((draft) => draft.hire === hire).map(({ goal }) => goal)
    return sign(hands, hire, {
      action: pick(["approve", "execute"]),
      max_uses: pick([1, 2, 3, 8]),
      seconds: pick([2, 3600]),
      // two of three goals; one of eight covers nothing that the maker writes
      goals: goals.filter((_, nth) => random() < 0.66 || nth === 0),
      stops: [random() < 0.125 ? MADE : "forbidden"],
    })
  },
  revoke: async () => {
    const live = await hands.mandates()
    return live.length === 0 ? "nothing" : await hands.send("POST", `/mandates/${pick(live).mandate_id}/revoke`, {})
  },
})

/** What the first drafts begin with, alone, so that each kind of act is done at least once, whatever the race brings. */
const openings = (hands: Hands, acts: Acts, drafts: ReadonlyArray<Made>) => {
  const { look, mandates, send, sendAs } = hands
  const comes = (id: string, what: string, holds: (draft: Awaited<ReturnType<typeof look>>) => boolean) =>
    until(`${id} is ${what}`, async () => holds(await look(id)), undefined, 10)
  /** The maker writes the next revision. */
  const remake = async (id: string) => {
    const { revision } = await look(id)
    const came = await acts.changes(id)
    if (came === "done") await comes(id, "revised", (draft) => draft.revision > revision)
    return came
  }
  /** Approvals of different people, until the draft has enough of them. */
  const enough = async (id: string) => {
    for (const who of people) {
      const { content_sha256, review_status, revision } = await look(id)
      if (review_status === "approved") return "done"
      await sendAs(who, "POST", `/deliverables/${id}/review`, { decision: "approved", content_sha256, revision })
    }
    return (await look(id)).review_status === "approved" ? "done" : "not enough"
  }
  const signFor = async (id: string, action: Terms["action"]) => {
    const { goal, hire } = drafts.find((draft) => draft.id === id)!
    return await sign(hands, hire, { action, goals: [goal], max_uses: 1, seconds: 3600, stops: ["forbidden"] })
  }
  const revokeAll = async () => {
    for (const { mandate_id } of await mandates()) await send("POST", `/mandates/${mandate_id}/revoke`, {})
    return (await mandates()).length === 0 ? "done" : "one lives"
  }
  const one = async (steps: ReadonlyArray<readonly [kind: string, step: () => Promise<string>]>) => {
    const came: Array<Came> = []
    for (const [kind, step] of steps) came.push([kind, await step()])
    return came
  }
  const byMandate =
    (id: string, what: string, holds: (draft: Awaited<ReturnType<typeof look>>) => boolean) => async () => {
      await comes(id, what, holds)
      return "done"
    }
  return [
    (id: string) =>
      one([
        ["changes", () => remake(id)],
        ["edit", () => acts.edit(id)],
        ["approve", () => enough(id)],
        ["withdraw", async () => await send("POST", `/approvals/${(await look(id)).approval_id}/withdraw`, {})],
        ["approve", () => enough(id)],
        ["execute", () => acts.execute(id)],
      ]),
    (id: string) =>
      one([
        ["sign", () => signFor(id, "approve")],
        ["changes", () => remake(id)],
        ["approve by mandate", byMandate(id, "approved by a mandate", (draft) => draft.review_status === "approved")],
        ["execute", () => acts.execute(id)],
      ]),
    (id: string) =>
      one([
        ["sign", () => signFor(id, "execute")],
        ["changes", () => remake(id)],
        [
          "execute by mandate",
          byMandate(id, "executed by a mandate", (draft) => draft.execution_status === "executed"),
        ],
        ["revoke", revokeAll],
      ]),
    // its mandate is revoked before its maker writes anew: its people are asked
    (id: string) =>
      one([
        ["sign", () => signFor(id, "execute")],
        ["revoke", revokeAll],
        ["changes", () => remake(id)],
        ["expire", () => acts.expire(id)],
      ]),
  ]
}
type Acts = ReturnType<typeof onDraft>

/** What is done to drafts. */
export const actsOf = (ground: Ground, drafts: ReadonlyArray<Made>, random: () => number) => {
  const pick = <A>(items: ReadonlyArray<A>): A => items[Math.floor(random() * items.length)]!
  const hands = handsOf(ground, pick)
  const ofDraft = onDraft(hands, ground, pick)
  const acts = { ...ofDraft, ...onMandates(hands, drafts, random, pick) }
  // what others are built on is asked for again where a service that is needed took too long
  const insisting = handsOf(ground, pick, patiently)
  const opens = openings(insisting, onDraft(insisting, ground, pick), drafts)
  const kinds = ["approve", "approve", "approve", "approve", "edit", "withdraw", "execute", "execute"] as const
  const rare = [["expire", 0.01], ["sign", 0.04], ["revoke", 0.06], ["changes", 0.16]] as const
  return {
    /** What the first drafts begin with, one after another; the last of them is one that can expire. What came of it. */
    open: async (): Promise<ReadonlyArray<Came>> => {
      const came: Array<Came> = []
      const last = drafts.findIndex(({ rules }, nth) =>
        nth >= opens.length - 1 && rules?.expires_after_seconds !== undefined
      )
      for (const [nth, opening] of opens.entries()) {
        came.push(...await opening(drafts[nth === opens.length - 1 ? last : nth]!.id))
      }
      return came
    },
    /** One act of somebody, drawn; what came of it. */
    act: async (id: string): Promise<Came> => {
      const roll = random()
      const kind = rare.find(([, below]) => roll < below)?.[0] ?? pick(kinds)
      return [kind, await acts[kind](id).catch(() => "no answer")]
    },
  }
}

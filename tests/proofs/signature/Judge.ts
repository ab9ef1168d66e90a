/** A judge that shares no line with the service: it replays what the database let happen to a draft, and says what was wrong. */
import { canonicalJson } from "@stint/domain/Canonical"
import { createHash } from "node:crypto"
import type { Event, Row } from "./Events.ts"
import { type Ledger, makeLedger } from "./Ledger.ts"

/** The rules of a draft's template. */
export interface Rules {
  readonly quorum?: number
  readonly separate_editor?: boolean
  readonly expires_after_seconds?: number
}

/** A draft as it was made. */
export interface Made {
  readonly id: string
  readonly customer: string
  readonly hire: string
  readonly goal: string
  readonly template: string
  readonly payload: Row
  readonly rules: Rules | null
}

/** A transaction judges by the instant at which it began, and by what was read so long before that, at most, in milliseconds. */
const SLACK = 5_000

const hashOf = (payload: unknown) => createHash("sha256").update(canonicalJson(payload)).digest("hex")

/** What is known of a draft when an event is looked at. */
interface Standing {
  revision: number
  hash: string
  payload: Row
  /** Who wrote the revision; null: its maker. */
  author: string | null
  /** When the transaction that stored the revision began; before everything for the first. */
  since: number
  revising: boolean
  rejected: boolean
  executions: number
  until: number
}

/** Replays one draft. */
const replay = ({ id, customer, goal, hire, payload, rules, template }: Made, ledger: Ledger) => {
  const wrong: Array<string> = []
  const withdrawn = new Set<string>()
  const approvals: Array<Row> = []
  const now: Standing = {
    revision: 1,
    hash: hashOf(payload),
    payload,
    author: null,
    since: -Infinity,
    revising: false,
    rejected: false,
    executions: 0,
    until: Infinity,
  }
  const say = (what: string) => void wrong.push(`${id}: ${what}`)

  const decided = ({ began, it, n }: Event) => {
    if (it.revision !== now.revision || it.content_sha256 !== now.hash) {
      say(`${it.approval_id} is a decision on revision ${it.revision}, while ${now.revision} was there`)
    }
    if (now.revising) say(`${it.approval_id} was taken while its maker revised it`)
    if (now.rejected) say(`${it.approval_id} was taken after it was rejected`)
    if (began > now.until + SLACK) say(`${it.approval_id} was taken after it had expired`)
    if (it.decision !== "approved") {
      now.rejected ||= !it.asks_changes
      return
    }
    const draft = { customer, hire, goal, template, payload: now.payload, author: now.author, since: now.since }
    const why = it.mandate_id === null ? [] : ledger.use(it, { n, began }, draft)
    for (const one of why) say(`${it.approval_id} ${one}`)
    // what no mandate could approve approves nothing
    if (why.length === 0) approvals.push(it)
  }

  const revised = ({ began, it }: Event) => {
    if (it.revision !== now.revision + 1) say(`revision ${it.revision} follows ${now.revision}`)
    if (now.executions > 0) say(`revision ${it.revision} was written after its execution began`)
    Object.assign(now, {
      revision: it.revision,
      hash: hashOf(it.payload),
      payload: it.payload,
      author: it.by_maker ? null : it.author,
      since: began,
      revising: false,
    })
  }

  const executed = ({ began, it }: Event) => {
    now.executions++
    if (it.content_sha256 !== now.hash || hashOf(JSON.parse(it.body)) !== now.hash) {
      say(`executed with other content than its revision ${now.revision}`)
    }
    const counted = approvals.filter((one) =>
      one.revision === now.revision && one.content_sha256 === it.content_sha256 && !withdrawn.has(one.approval_id) &&
      (one.expires_at === null || Date.parse(one.expires_at) > began - SLACK) &&
      !(rules?.separate_editor === true && one.mandate_id === null && one.decided_by === now.author)
    )
    const people = counted.some(({ mandate_id }) => mandate_id !== null)
      ? Infinity
      : new Set(counted.map(({ decided_by }) => decided_by)).size
    if (people < (rules?.quorum ?? 1)) say(`executed with ${people} approvals of ${rules?.quorum ?? 1}`)
    if (now.revising || now.rejected) say(`executed while it was ${now.revising ? "revised" : "rejected"}`)
    if (now.executions > 1) say(`its execution was begun ${now.executions} times`)
  }

  return {
    wrong,
    see: (event: Event) => {
      const { it, kind } = event
      if (kind === "approval_withdrawals") withdrawn.add(it.approval_id)
      if (kind === "approvals") decided(event)
      if (kind === "deliverable_revisions" && it.revision > 1) revised(event)
      if (kind === "deliverables") {
        now.revising = it.revising_since !== null
        now.until = it.expires_at === null ? Infinity : Date.parse(it.expires_at)
      }
      if (kind === "executions") executed(event)
    },
  }
}

/** Replays all drafts, and the mandates that signed some of them; what was executed or approved wrongly, in a sentence each. */
export const judgeAll = (
  drafts: ReadonlyArray<Made>,
  ofDrafts: ReadonlyMap<string, ReadonlyArray<Event>>,
  ofMandates: ReadonlyArray<Event>,
): ReadonlyArray<string> => {
  const ledger = makeLedger(ofMandates)
  const replays = new Map(drafts.map((draft) => [draft.id, replay(draft, ledger)]))
  // in one order over all drafts: a mandate counts its uses over all of them
  const all = [...ofDrafts].flatMap(([id, events]) => events.map((event) => [id, event] as const))
  for (const [id, event] of all.toSorted(([, a], [, b]) => a.n - b.n)) replays.get(id)?.see(event)
  return [...replays.values()].flatMap(({ wrong }) => wrong)
}

/** Two orders on demand: one that breaks the limits and is rejected, one that is approved and placed. */
import { tradeIntentDraft } from "@stint/domain/agents/trading_delta_futures/Definition"
import { canonicalJson } from "@stint/domain/Canonical"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Hire } from "@stint/domain/hiring/Hires"
import { DateTime } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { asDocument } from "../Drafts.ts"
import { DemoError } from "../DemoError.ts"
import { refusalOf, sayRefusal } from "../People.ts"
import type { Agents, Play } from "../Play.ts"
import { sha256 } from "../Receiver.ts"
import { decide, decisionsOn, deliverableOf, draftOf, execute, lookAt, runNow, setGoal } from "../Work.ts"

const note = "Five is more than we agreed on. Stay within the limit."

/** Sets a trade goal and runs it now. */
const trade = async (play: Play, hire: Hire, order: { coin: string; side: string; units: number }) => {
  const { asha, show } = play
  const goal = await setGoal(asha, hire, tradeIntentDraft, "on_demand", order)
  const queued = await runNow(asha, goal)
  await show.says(asha.who, `wants Rook to ${order.side} ${order.units} ${order.coin}, now`)
  const { draft, run } = await draftOf(play, goal, queued.scheduled_time, 15)
  const [attempt] = run.attempts
  const took = attempt?.ended_at == null
    ? ""
    : ` in ${DateTime.toEpochMillis(attempt.ended_at) - DateTime.toEpochMillis(queued.scheduled_time)} ms`
  await show.says("scheduler", `${run.scheduled_run_id} ${run.status}${took}: ${draft.deliverable_id}`)
  await show.shows(...asDocument(draft))
  return { draft, goal }
}

/** The scene; answers with what was executed, and the approval that allowed it. */
export const trades = async (play: Play, { trading }: Agents): Promise<{ readonly approval_id: string | null }> => {
  const { asha, checks, show } = play

  const tooMuch = await trade(play, trading, { coin: "btc", side: "buy", units: 5 })
  await show.says(asha.who, "tries to approve it")
  const unsound = await decide(asha, tooMuch.draft, "approved", "")
  await show.refused("deliverables", sayRefusal(unsound))
  await checks.equal("unsound_not_approved", "409 draft_invalid", refusalOf(unsound))
  const rejected = deliverableOf(await decide(asha, tooMuch.draft, "rejected", note), "The rejection")
  await show.says(asha.who, `rejects it: "${note}"`)
  const [decision, ...others] = await decisionsOn(asha, rejected.deliverable_id)
  await checks.equal(
    "rejection_kept",
    {
      review_status: "rejected",
      review_notes: note,
      decision: "rejected",
      notes: note,
      customer: asha.subject,
      others: 0,
    },
    {
      review_status: rejected.review_status,
      review_notes: rejected.review_notes,
      decision: decision?.decision,
      notes: decision?.notes,
      customer: decision?.customer_id,
      others: others.length,
    },
  )
  await show.says(asha.who, "has it executed all the same")
  const dead = await execute(asha, rejected, decision?.approval_id)
  await show.refused("deliverables", sayRefusal(dead))
  const after = await lookAt(asha, rejected.deliverable_id)
  await checks.equal("rejected_not_executed", ["409 not_approved", "not_executed"], [
    refusalOf(dead),
    after.execution_status,
  ])

  const fine = await trade(play, trading, { coin: "btc", side: "buy", units: 2 })
  await checks.equal("trade_draft", planOf(fine.goal.goal_instance_id, 2), fine.draft.payload)
  const approved = deliverableOf(await decide(asha, fine.draft, "approved", "Go."), "The approval")
  await show.says(asha.who, `approves it: ${approved.approval_id}, of exactly this content`)
  const executed = deliverableOf(await execute(asha, approved, approved.approval_id), "The execution")
  await show.says("deliverables", `${executed.execution_status}: ${executed.execution?.delivery_id} is in the journal`)
  await verifyJournal(play, executed)
  return { approval_id: approved.approval_id }
}

/** The draft that config and settings make, in the contract's order of keys. */
const planOf = (goal_instance_id: string, units: number) => ({
  type: "trading_intent_plan_v1",
  draft_only: true,
  goal_template_id: tradeIntentDraft,
  goal_instance_id,
  intent_action: "place_order",
  exchange_provider: "delta_exchange_india",
  credential_ref: "cred-delta-1",
  coin: "BTC",
  side: "buy",
  units,
  checks: {
    coin_allowed: true,
    side_valid: true,
    units_positive: true,
    within_max_units: true,
    max_units_per_order: 2,
  },
  validation_errors: [],
})

/** The journal has one line of the delivery; its payload's bytes are those that were approved and are still shown. */
const verifyJournal = async ({ asha, checks, stage }: Play, executed: Deliverable): Promise<void> => {
  const journal = await readFile(join(stage.home, "journal.jsonl"), "utf8").catch(() => "")
  const lines = journal.split("\n").filter((line) => line.includes(executed.deliverable_id))
  const [approval] = await decisionsOn(asha, executed.deliverable_id)
  if (approval === undefined) throw new DemoError("The approval is not kept")
  const payload = lines[0]?.slice(lines[0].indexOf(`,"payload":`) + `,"payload":`.length, -1) ?? ""
  await checks.equal(
    "journal_exact",
    { lines: 1, bytes: approval.content_sha256, shown: approval.content_sha256 },
    { lines: lines.length, bytes: sha256(payload), shown: sha256(canonicalJson(executed.payload)) },
  )
}

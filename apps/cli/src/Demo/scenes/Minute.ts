/** The minute turns: a draft by cron, its approval, its execution through the signed webhook. */
import { platformLimits } from "@stint/domain/agents/marketing_healthcare/Payload"
import { DateTime } from "effect"
import { asDocument } from "../Drafts.ts"
import { DemoError } from "../DemoError.ts"
import { refusalOf, sayRefusal } from "../People.ts"
import { type Agents, type Play, until } from "../Play.ts"
import { canonicalJson } from "@stint/domain/Canonical"
import { sha256 } from "../Receiver.ts"
import { decide, decisionsOn, deliverableOf, draftOf, execute } from "../Work.ts"
import { firstSlot } from "./Hiring.ts"

/** Waits for the minute, telling how long it still is. */
const untilMinute = async ({ show }: Play, slot: DateTime.Utc): Promise<void> => {
  const left = () => Math.ceil((DateTime.toEpochMillis(slot) - Date.now()) / 1000)
  if (left() <= 0) return
  await show.says("scheduler", `sleeps until the goal falls due, in ${left()} s`)
  for (; left() > 0; await show.pause(200)) show.meanwhile(`due in ${left()} s`)
}

/** The scene; `foreign` is the approval of some other draft. */
export const minute = async (
  play: Play,
  { everyMinute, marketing }: Agents,
  foreign: string | null | undefined,
): Promise<void> => {
  const { asha, checks, receiver, show } = play
  const slot = firstSlot(everyMinute.created_at)
  await untilMinute(play, slot)

  // A scheduler that was killed a moment ago may owe a lease's time
  const { draft, run } = await draftOf(play, everyMinute, slot, 20)
  const late = DateTime.toEpochMillis(run.attempts[0]?.started_at ?? slot) - DateTime.toEpochMillis(slot)
  await show.says("scheduler", `${DateTime.formatIso(slot).slice(11, 19)} UTC: the goal is due; begun ${late} ms later`)
  await show.shows(...asDocument(draft))
  await checks.equal("cron_on_the_minute", {
    origin: "schedule",
    key: `${everyMinute.goal_instance_id}:${DateTime.formatIso(slot)}`,
    onTime: true,
  }, { origin: run.origin, key: run.idempotency_key, onTime: late >= 0 })

  const { payload } = draft
  if (payload.type !== "marketing_draft_batch_v1") throw new DemoError(`The draft is a ${payload.type}`)
  await checks.equal(
    "draft_per_platform",
    [...marketing.config.platforms_enabled as ReadonlyArray<string>].map((platform) => ({ platform, within: true })),
    payload.variants.map(({ hashtags, platform, text }) => ({
      platform,
      within: text.trim() !== "" && [...`${text} ${hashtags.join(" ")}`].length <= platformLimits[platform],
    })),
  )

  await show.says(asha.who, "has it published before she has read it")
  const unread = await execute(asha, draft)
  await show.refused("deliverables", sayRefusal(unread))
  await checks.equal("unreviewed_not_executed", "409 not_approved", refusalOf(unread))

  const approved = deliverableOf(await decide(asha, draft, "approved", "Lovely. Publish it."), "The approval")
  await show.says(asha.who, `reads it and approves it: "${approved.review_notes}"`)
  await show.says(asha.who, "has it published, without saying on whose approval")
  const unsigned = await execute(asha, approved)
  await show.refused("deliverables", sayRefusal(unsigned))
  await checks.equal("approval_required", "403 approval_required", refusalOf(unsigned))
  if (foreign != null) {
    await show.says(asha.who, "names the approval of the trade instead")
    const other = await execute(asha, approved, foreign)
    await show.refused("deliverables", sayRefusal(other))
    await checks.equal("approval_of_other_refused", "403 approval_invalid", refusalOf(other))
  }
  if (receiver.received.length > 0) throw new DemoError("Something was delivered before it was allowed")

  const answer = await execute(asha, approved, approved.approval_id)
  const executed = answer.status === 200 ? deliverableOf(answer, "The execution") : undefined
  await show.says(asha.who, `names the right one; the draft is ${executed?.execution_status ?? refusalOf(answer)}`)
  const came = await until(play, "The webhook's call", 5, () => Promise.resolve(receiver.received[0]))
  const [approval] = await decisionsOn(asha, draft.deliverable_id)
  const envelope = JSON.parse(new TextDecoder().decode(came.bytes))
  const digest = sha256(canonicalJson(envelope.data.payload))
  await show.says("webhook", `POST of ${came.bytes.length} bytes, ${came.id}`)
  await show.says("webhook", `its signature ${came.verified ? "verifies" : "DOES NOT verify"}; SHA-256 of the payload:`)
  await show.says("webhook", `${digest.slice(0, 32)}…`)
  await show.says("deliverables", `${approval?.content_sha256.slice(0, 32)}… is what was approved`)
  await checks.equal("webhook_signed", { verified: true, altered: false, id: executed?.execution?.delivery_id }, {
    verified: came.verified,
    altered: came.verifiedAltered,
    id: came.id,
  })
  await checks.equal("webhook_exact", approval?.content_sha256 ?? "an approval", digest)

  await show.says(asha.who, "has it published a second time")
  const again = await execute(asha, approved, approved.approval_id)
  await show.refused("deliverables", sayRefusal(again))
  await show.pause(300)
  await checks.equal("executed_once", ["409 already_executed", 1], [refusalOf(again), receiver.received.length])
}

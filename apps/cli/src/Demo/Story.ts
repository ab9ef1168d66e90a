/** The story, scene by scene. */
import { DateTime } from "effect"
import { DemoError, sentenceOf } from "./DemoError.ts"
import type { Agents, Play } from "./Play.ts"
import { audit, type Totals } from "./scenes/Audit.ts"
import { crash } from "./scenes/Crash.ts"
import { firstSlot, hiring } from "./scenes/Hiring.ts"
import { minute } from "./scenes/Minute.ts"
import { pausing } from "./scenes/Pause.ts"
import { trades } from "./scenes/Trade.ts"

/**
 * Plays it. A scene that can't go on says why, and the next one begins; its checks have not held. The cron's scene comes
 * as soon as its minute has come, between two others, so that nobody waits longer than the clock makes them. Answers with
 * what could be counted; fails when the demo is over before its end.
 */
export const tell = async (play: Play, signal: AbortSignal): Promise<Totals | undefined> => {
  const { show } = play
  const scene = async <A>(name: string, title: string, act: () => Promise<A>): Promise<A | undefined> => {
    signal.throwIfAborted()
    show.scene(name, title)
    try {
      return await act()
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!(error instanceof DemoError)) throw error
      await show.failed(title, "that it goes on", sentenceOf(error))
      return undefined
    }
  }

  const agents: Agents | undefined = await scene("hire", "Asha hires two agents", () => hiring(play))
  if (agents === undefined) throw new DemoError("Without hired agents there is no story to tell")
  const due = DateTime.toEpochMillis(firstSlot(agents.everyMinute.created_at))
  const foreign = (await scene("trade", "Two trades on demand", () => trades(play, agents)))?.approval_id
  let told = false
  const cron = async () => {
    told = true
    await scene("minute", "The minute turns: a post, by cron", () => minute(play, agents, foreign))
  }

  if (Date.now() > due - 2_000) await cron()
  await scene("crash", "kill -9 in the middle of forty runs", () => crash(play, agents))
  if (!told && Date.now() > due - 2_000) await cron()
  await scene("pause", "Olga pauses the scheduler", () => pausing(play, agents))
  if (!told) await cron()
  return await scene("audit", "The books", () => audit(play, agents))
}

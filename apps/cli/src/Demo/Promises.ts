import type { Narrator } from "./Narrator.ts"

/** All that the demo verifies. One that no scene came to has not held. */
export const promises = {
  stack_ready: "four services are ready, each a process of its own",
  secret_refused: "a secret in a config is refused, with its JSON path and without its value",
  unconfigured_not_finalized: "a hire with a wrong field is not finalized; the reply names the field",
  hires_at_work: "an agent of each shipped type is hired, configured and finalized",
  trade_draft: "a trade draft is what config and settings make of it",
  unsound_not_approved: "a draft that breaks the hire's own limits can't be approved",
  rejection_kept: "a rejection is kept, with its note",
  rejected_not_executed: "what was rejected is not executed (409)",
  journal_exact: "the journal holds what was approved, byte for byte",
  cron_on_the_minute: "the cron goal ran for its slot, exactly on the minute",
  draft_per_platform: "the batch has a post for each enabled platform, within the platform's limit",
  unreviewed_not_executed: "what nobody reviewed is not executed (409)",
  approval_required: "an execution that does not name its approval is refused (403)",
  approval_of_other_refused: "the approval of another draft is refused (403)",
  webhook_signed: "the webhook's signature verifies; with one bit flipped it does not",
  webhook_exact: "SHA-256 of the payload that the webhook received = the approval's content_sha256",
  executed_once: "a second execution is refused (409), and nothing more is delivered",
  killed_in_the_middle: "the scheduler was killed in the middle, with drafts made of which it had not heard yet",
  restarted: "the launcher started another scheduler, which is ready",
  every_run_once: "of the runs that the kill hit, each completed, once, under a key of its own",
  one_draft_per_run: "and each made exactly one draft: none lost, none doubled",
  pause_binds: "while the scheduler is paused, a run that was asked for does not start",
  resume_goes_on: "after the resume that run went through, and no earlier",
  actions_logged: "pause and resume are in the action log: who, when, why",
  all_runs_accounted: "in all that ran here: one draft per run, one run per key, every minute's slot once",
  all_ended: "everything that the demo started has ended, and its home is gone",
} as const

/** The name of a check. */
export type PromiseName = keyof typeof promises

/** What came of a check. */
export interface Check {
  readonly name: PromiseName
  readonly held: boolean
  /** What was verified, in words. */
  readonly detail: string
  /** When it was looked at and did not hold. */
  readonly expected?: string
  readonly got?: string
}

/** Takes checks as the scenes make them. */
export interface Checks {
  /** Compares by JSON, keys in the order given. One that fails is said at once, and the demo goes on. */
  equal(name: PromiseName, expected: unknown, got: unknown): Promise<void>
  /** All, in the order of `promises`. */
  all(): ReadonlyArray<Check>
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 500)

/** The checks of one demo. */
export const makeChecks = (show: Narrator): Checks => {
  const made = new Map<PromiseName, Check>()
  return {
    equal: async (name, expected, got) => {
      const held = JSON.stringify(expected) === JSON.stringify(got)
      const check = { name, held, detail: promises[name] }
      made.set(name, held ? check : { ...check, expected: shown(expected), got: shown(got) })
      if (!held) await show.failed(promises[name], shown(expected), shown(got))
    },
    all: () =>
      (Object.keys(promises) as ReadonlyArray<PromiseName>).map((name) =>
        made.get(name) ?? { name, held: false, detail: `${promises[name]} (not reached)` }
      ),
  }
}

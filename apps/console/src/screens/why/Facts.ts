/** The facts behind an explanation, in order of time, each with its source: pure. */
import type { Explanation, Verdict } from "@stint/domain/scheduler/Answers"
import { millisOf, type Moment } from "../../format/Time.ts"
import type { Kind } from "../../ui/Tag.tsx"

/** A fact. */
export interface Fact {
  readonly at: Moment
  readonly kind: Kind
  readonly words: string
  /** Where it is recorded: the rule, the action log, the run, the dead letter. */
  readonly source: string
}

/** The verdicts: their words, and what their colour means. */
export const verdicts: Readonly<Record<Verdict, { readonly kind: Kind; readonly words: string }>> = {
  ran: { kind: "ok", words: "ran" },
  running: { kind: "run", words: "running" },
  retrying: { kind: "wait", words: "retrying" },
  waiting: { kind: "wait", words: "waits" },
  skipped: { kind: "plain", words: "skipped" },
  missed: { kind: "bad", words: "missed" },
  cancelled: { kind: "plain", words: "cancelled" },
  dead_lettered: { kind: "bad", words: "dead-lettered" },
  paused: { kind: "wait", words: "paused" },
  will_run: { kind: "run", words: "will run" },
  will_not_run: { kind: "plain", words: "will not run" },
  not_due: { kind: "plain", words: "not due" },
  not_known: { kind: "plain", words: "not known" },
}

const by = (who: string | null): string => who === null ? "" : ` by ${who}`
const because = (reason: string | null): string => reason === null ? "" : `: ${reason}`

const pauseFacts = ({ pauses }: Explanation): ReadonlyArray<Fact> =>
  pauses.flatMap(({ paused_at, paused_by, reason, resumed_at, resumed_by, scope }): ReadonlyArray<Fact> => {
    const what = scope === null ? "Everything" : scope.customer_id === undefined ? "The agent" : "The customer"
    return [
      {
        at: paused_at,
        kind: "wait",
        words: `${what} was paused${by(paused_by)}${because(reason)}`,
        source: "action log",
      },
      ...(resumed_at === null ? [] : [
        {
          at: resumed_at,
          kind: "plain",
          words: `${what} was resumed${by(resumed_by)}`,
          source: "action log",
        } as const,
      ]),
    ]
  })

const runFacts = ({ run }: Explanation): ReadonlyArray<Fact> =>
  run === null ? [] : [
    ...run.attempts.flatMap(({ attempt, ended_at, error_details, started_at }): ReadonlyArray<Fact> => [
      { at: started_at, kind: "run", words: `Attempt ${attempt} began`, source: "run" },
      ...(ended_at === null ? [] : [
        {
          at: ended_at,
          kind: error_details === null ? "ok" : "bad",
          words: error_details === null
            ? `Attempt ${attempt} succeeded`
            : `Attempt ${attempt} failed (${error_details.type}): ${error_details.message}`,
          source: "run",
        } as const,
      ]),
    ]),
    ...(run.next_attempt_at === null
      ? []
      : [{ at: run.next_attempt_at, kind: "wait", words: "The next attempt begins", source: "run" } as const]),
  ]

const ruleFacts = ({ missed, next_slot, previous_slot, slot, starts_at }: Explanation): ReadonlyArray<Fact> => [
  ...(previous_slot === null
    ? []
    : [{ at: previous_slot, kind: "plain", words: "The slot before", source: "rule" } as const]),
  ...(slot === null ? [] : [{ at: slot, kind: "plain", words: "This slot", source: "rule" } as const]),
  ...(starts_at === null || slot === null || millisOf(starts_at) === millisOf(slot)
    ? []
    : [{ at: starts_at, kind: "plain", words: "It was to start, with the goal's spread", source: "rule" } as const]),
  ...(missed === null ? [] : [
    {
      at: missed.from,
      kind: "bad",
      words: `From here on slots were missed: ${missed.reason}`,
      source: "missed slots",
    } as const,
    { at: missed.to, kind: "plain", words: "The last slot that was missed", source: "missed slots" } as const,
  ]),
  ...(next_slot === null ? [] : [{ at: next_slot, kind: "plain", words: "The next slot", source: "rule" } as const]),
]

/** The facts of an explanation, the earliest first. */
export const factsOf = (explanation: Explanation): ReadonlyArray<Fact> =>
  [...ruleFacts(explanation), ...pauseFacts(explanation), ...runFacts(explanation)]
    .sort((a, b) => millisOf(a.at) - millisOf(b.at))

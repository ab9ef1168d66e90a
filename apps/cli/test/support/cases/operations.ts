/** Commands about dead letters, the scheduler and the audit. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"

/** One of each. */
export const operations: ReadonlyArray<Case> = [
  {
    args: "dlq list",
    answers: { "scheduler.deadLetters.list": ({ query }) => query.state === "open" && body.page(body.deadLetter) },
    says: /^DLQ-1 +open +2 +2026-03-01T09:00:00Z +maker_refused +3f9c0a417be2 +GOI-1\n$/,
    refused: "scheduler.deadLetters.list",
    by: new Refusal(400, "invalid_request", "The request is not valid", {
      errors: [{ path: "query.cursor", message: "is none" }],
    }),
    exit: 2,
    words: /query\.cursor is none/,
  },
  {
    args: "dlq causes",
    answers: {
      "scheduler.deadLetters.causes": () => ({
        items: [{
          fingerprint: "3f9c0a417be2",
          error_type: "PERMANENT",
          error_message: "maker_refused",
          example: "DLQ-1",
          entries: 4,
          runs: 9,
          first_failed_at: body.run.scheduled_time,
          last_failed_at: body.run.scheduled_time,
        }],
      }),
    },
    says: /^3f9c0a417be2 +4 +9 +2026-03-01T09:00:00Z +maker_refused\n$/,
    refused: "scheduler.deadLetters.causes",
    by: new Refusal(500, "internal_error", "Something broke on our side"),
    exit: 1,
  },
  {
    args: "dlq show DLQ-1",
    answers: { "scheduler.deadLetters.get": () => body.deadLetter },
    says: /scheduled_run_ids +SCH-1\n/,
    refused: "scheduler.deadLetters.get",
    by: missing("dead_letter_not_found"),
  },
  {
    args: "dlq retry DLQ-1",
    answers: { "scheduler.deadLetters.retry": () => ({ status: "queued", dlq_id: "DLQ-1", retry_count: 1 }) },
    says: /^status +queued\n/,
    refused: "scheduler.deadLetters.retry",
    by: new Refusal(409, "dead_letter_queued", "The dead letter's runs are queued already"),
    exit: 4,
  },
  {
    args: "dlq redrive --cause 3f9c0a417be2 --reason mended",
    answers: {
      "scheduler.deadLetters.redrive": ({ payload: { cap, filter } }) =>
        cap === 100 && filter.fingerprint === "3f9c0a417be2" &&
        { matched: 1, queued: 1, dlq_ids: ["DLQ-1"], runs: 2, finishes_at: null },
    },
    says: /queued +1\n/,
    refused: "scheduler.deadLetters.redrive",
    by: new Refusal(503, "unavailable", "A service that is needed does not answer now"),
    exit: 1,
  },
  {
    args: "dlq discard DLQ-1 --reason gone --yes",
    answers: { "scheduler.deadLetters.discard": () => ({ ...body.deadLetter, state: "discarded" }) },
    says: /state +discarded\n/,
    refused: "scheduler.deadLetters.discard",
    by: new Refusal(409, "dead_letter_closed", "The dead letter is closed", { state: "resolved" }),
    exit: 4,
  },
  {
    args: "scheduler status",
    answers: { "scheduler.pauses.status": () => body.status },
    says: /paused_reason +exchange maintenance\n/,
    refused: "scheduler.pauses.status",
    by: new Refusal(503, "unavailable", "A service that is needed does not answer now"),
    exit: 1,
  },
  {
    args: "scheduler pauses --customer CUS-1",
    role: "viewer",
    answers: {
      "scheduler.pauses.holding": ({ query }) =>
        query.customer_id === "CUS-1" && {
          items: [
            { scope: null, paused_at: body.run.scheduled_time, paused_by: "ops.asha", reason: "exchange maintenance" },
            {
              scope: { hired_instance_id: "HAI-1" },
              paused_at: body.run.scheduled_time,
              paused_by: "ops.ben",
              reason: null,
            },
          ],
        },
    },
    says:
      /^everything +2026-03-01T09:00:00Z +ops\.asha +exchange maintenance\nHAI-1 +2026-03-01T09:00:00Z +ops\.ben +-\n$/,
    refused: "scheduler.pauses.holding",
    by: missing("customer_not_found"),
  },
  {
    args: "scheduler health",
    answers: { "scheduler.health.health": () => body.health },
    says: /^status +healthy\n/,
    refused: "scheduler.health.health",
    by: new Refusal(503, "unavailable", "A service that is needed does not answer now"),
    exit: 1,
  },
  {
    args: "scheduler pause --hire HAI-1 --reason maintenance",
    answers: {
      "scheduler.pauses.pause": ({ payload }) =>
        payload.scope.hired_instance_id === "HAI-1" && {
          status: "paused",
          message: "Paused",
          paused_at: body.run.scheduled_time,
          reason: payload.reason,
          running_goals_at_pause: 0,
          running_goals_after_wait: 0,
        },
    },
    says: /reason +maintenance\n/,
    refused: "scheduler.pauses.pause",
    by: missing("hire_not_found"),
  },
  {
    args: "scheduler resume",
    answers: {
      "scheduler.pauses.resume": () => ({ status: "running", message: "Running", resumed_at: body.run.scheduled_time }),
    },
    says: /^status +running\n/,
    refused: "scheduler.pauses.resume",
    by: missing("customer_not_found"),
  },
  {
    args: "scheduler trigger GOI-1 --at 2026-03-01T09:00:00Z --force --reason now",
    answers: {
      "scheduler.triggers.trigger": ({ payload }) =>
        payload.force === true && {
          status: "triggered",
          goal_instance_id: "GOI-1",
          scheduled_time: body.run.scheduled_time,
          scheduled_run_id: "SCH-1",
        },
    },
    says: /scheduled_run_id +SCH-1\n/,
    refused: "scheduler.triggers.trigger",
    by: new Refusal(409, "slot_taken", "That slot has a run already", { scheduled_run_id: "SCH-7" }),
    exit: 4,
    words: /stint runs show SCH-7/,
  },
  {
    args: "scheduler backfill GOI-1 --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --dry-run",
    answers: {
      "scheduler.backfill.backfill": ({ payload }) => ({
        matched: 1,
        queued: 0,
        slots: [{ scheduled_time: body.run.scheduled_time, outcome: "would_queue" }],
        next_from: null,
        finishes_at: null,
        dry_run: payload.dry_run,
      }),
    },
    says: /^2026-03-01T09:00:00Z +would_queue +- +-\n$/,
    refused: "scheduler.backfill.backfill",
    by: new Refusal(409, "scheduler_paused", "The scheduler is paused", { paused_reason: null }),
    exit: 4,
    words: /stint scheduler resume/,
  },
  {
    args: "scheduler limits --customer CUS-1 --max 5 --reason fair",
    answers: {
      "scheduler.limits.set": ({ payload }) => ({
        scope: payload.scope,
        max_running: payload.max_running,
        set_by: "ops.asha",
        updated_at: body.run.scheduled_time,
      }),
    },
    says: /max_running +5\n/,
    refused: "scheduler.limits.set",
    by: missing("customer_not_found"),
  },
  {
    args: "audit list --service hiring",
    answers: { "hiring.actionLog.list": () => body.page(body.actionLine("activate")) },
    says: /^2026-03-01T09:00:00Z +hiring +activate +ops\.asha +a reason +\{\}\n$/,
    refused: "hiring.actionLog.list",
    by: new Refusal(503, "unavailable", "A service that is needed does not answer now"),
    exit: 1,
  },
  {
    args: "explain --goal GOI-1",
    answers: { "scheduler.answers.explain": () => body.explanation },
    says: /^The slot ran\.\n {2}It fell due\.\n$/,
    refused: "scheduler.answers.explain",
    by: missing("goal_not_found"),
  },
]

/** Every command that calls the services: its text, its `--json`, its failure and its exit status. */
import { assert, describe, it } from "vitest"
import { commands } from "../src/Commands.ts"
import * as body from "./support/bodies.ts"
import { type Answers, Refusal } from "./support/fakeServices.ts"
import { invoke } from "./support/invoke.ts"

/** A command line, what it is answered, and what it says then. */
interface Case {
  readonly args: string
  readonly role?: string
  readonly answers: Answers
  /** What stands on standard output. */
  readonly says: RegExp
  /** The endpoint whose answer --json prints; the last one that is asked unless given. */
  readonly refused: string
  readonly by?: Refusal
  readonly exit?: number
  readonly words?: RegExp
}

const missing = (code: string) => new Refusal(404, code, "There is no such thing", { detail: "X" })

const cases: ReadonlyArray<Case> = [
  {
    args: "types list",
    answers: { "catalog.agentTypes.list": () => body.page(body.agentType) },
    says: /^tea\.v1 +1\.0\.0 +1 +1 +2026-03-01T09:00:00Z\n$/,
    refused: "catalog.agentTypes.list",
    by: new Refusal(503, "unavailable", "A service that is needed does not answer now"),
    exit: 1,
    words: /stint doctor says which service is away/,
  },
  {
    args: "types show tea.v1 --version 1.0.0",
    answers: { "catalog.agentTypes.get": ({ query }) => query.version === "1.0.0" ? body.agentType : undefined },
    says: /agent_type_id +tea\.v1\n/,
    refused: "catalog.agentTypes.get",
    by: missing("agent_type_not_found"),
    words: /stint types list names those there are/,
  },
  {
    args: "types versions tea.v1",
    answers: { "catalog.agentTypes.versions": () => body.page(body.agentType) },
    says: /^tea\.v1 +1\.0\.0/,
    refused: "catalog.agentTypes.versions",
    by: missing("agent_type_not_found"),
  },
  {
    args: "types publish -",
    answers: { "catalog.agentTypes.publish": ({ payload }) => ({ ...body.agentType, version: payload.version }) },
    says: /^id +tea\.v1@1\.0\.0\npublished +2026-03-01T09:00:00\.000Z\n$/,
    refused: "catalog.agentTypes.publish",
    by: new Refusal(409, "agent_type_immutable", "A published version never changes", { errors: [] }),
    exit: 4,
    words: /Publish the change under a new version/,
  },
  {
    args: "customers list --email asha@example.org",
    answers: { "hiring.customers.list": () => body.page(body.customer) },
    says: /^CUS-1 +Asha Rao +Rao Dental +asha@example\.org +-\n$/,
    refused: "hiring.customers.list",
    by: new Refusal(401, "unauthorized", "A valid bearer token is needed"),
    exit: 5,
    words: /stint login/,
  },
  {
    args: "customers show CUS-1",
    answers: { "hiring.customers.get": () => body.customer },
    says: /full_name +Asha Rao\n/,
    refused: "hiring.customers.get",
    by: missing("customer_not_found"),
  },
  {
    args: "subs list --customer CUS-1",
    answers: {
      "hiring.subscriptions.list": ({ query }) => query.customer_id === "CUS-1" && body.page(body.subscription),
    },
    says: /^SUB-1 +active +tea\.v1 +2026-04-01T09:00:00Z +monthly\n$/,
    refused: "hiring.subscriptions.list",
    by: missing("customer_not_found"),
  },
  {
    args: "subs show SUB-1",
    answers: { "hiring.subscriptions.get": () => body.subscription },
    says: /subscription_id +SUB-1\n/,
    refused: "hiring.subscriptions.get",
    by: missing("subscription_not_found"),
  },
  {
    args: "subs activate SUB-1",
    answers: { "hiring.subscriptions.activate": () => body.subscription },
    says: /status +active\n/,
    refused: "hiring.subscriptions.activate",
    by: new Refusal(409, "subscription_not_active", "The subscription is not active", {
      subscription_status: "canceled",
    }),
    exit: 4,
  },
  {
    args: "subs past-due SUB-1",
    answers: { "hiring.subscriptions.pastDue": () => ({ ...body.subscription, status: "past_due" }) },
    says: /status +past_due\n/,
    refused: "hiring.subscriptions.pastDue",
    by: missing("subscription_not_found"),
  },
  {
    args: "subs cancel SUB-1 --at-period-end --yes",
    role: "customer",
    answers: {
      "hiring.subscriptions.cancel": ({ payload }) => ({
        ...body.subscription,
        cancel_at_period_end: payload.at_period_end,
      }),
    },
    says: /cancel_at_period_end +true\n/,
    refused: "hiring.subscriptions.cancel",
    by: new Refusal(410, "hire_gone", "It is past its retention"),
    exit: 3,
  },
  {
    args: "hires list --customer CUS-1",
    answers: { "hiring.hires.list": () => body.page(body.hire) },
    says: /^HAI-1 +active +Mira +tea\.v1 +active +2026-03-01T09:00:00Z\n$/,
    refused: "hiring.hires.list",
    by: missing("customer_not_found"),
  },
  {
    args: "hires show HAI-1",
    answers: {
      "hiring.hires.get": () => ({ ...body.hire, missing: [{ path: "$.config.theme", message: "is required" }] }),
    },
    says: /missing\n {2}- path +\$\.config\.theme\n {4}message +is required\n/,
    refused: "hiring.hires.get",
    by: missing("hire_not_found"),
  },
  {
    args: "hires deactivate HAI-1 --yes",
    role: "customer",
    answers: { "hiring.hires.deactivate": () => ({ ...body.hire, active: false }) },
    says: /active +false\n/,
    refused: "hiring.hires.deactivate",
    by: missing("hire_not_found"),
  },
  {
    args: "goals list HAI-1",
    answers: { "hiring.goals.list": () => body.page(body.goal) },
    says: /^GOI-1 +on +daily +tea\.note\.v1 +2026-03-01T09:00:00Z\n$/,
    refused: "hiring.goals.list",
    by: missing("hire_not_found"),
  },
  {
    args: "goals show GOI-1",
    answers: {
      "scheduler.runs.list": ({ query }) => query.goal_instance_id === "GOI-1" && body.page(body.run),
      "hiring.goals.get": ({ params }) => params.id === "HAI-1" && body.goal,
    },
    says: /goal_instance_id +GOI-1\n/,
    refused: "hiring.goals.get",
    by: missing("goal_not_found"),
  },
  {
    args: "goals preview GOI-1 --count 1",
    answers: { "scheduler.answers.preview": () => body.preview },
    says: /^every day at 09:00 Asia\/Kolkata\n2026-03-01T09:00:00Z +2026-03-01T14:30:00\+05:30/,
    refused: "scheduler.answers.preview",
    by: missing("goal_not_found"),
  },
  {
    args: "goals run GOI-1 --hire HAI-1",
    answers: {
      "hiring.goals.run": () => ({
        goal_instance_id: "GOI-1",
        scheduled_time: body.run.scheduled_time,
        scheduler: "running",
      }),
    },
    says: /scheduler +running\n/,
    refused: "hiring.goals.run",
    by: new Refusal(409, "goal_disabled", "The goal is switched off"),
    exit: 4,
    words: /stint goals on GOAL/,
  },
  {
    args: "goals on GOI-1 --hire HAI-1",
    role: "customer",
    answers: {
      "hiring.goals.get": () => ({ ...body.goal, enabled: false }),
      "hiring.goals.put": ({ headers, payload }) => headers["if-match"] === '"1"' && { ...body.goal, ...payload },
    },
    says: /enabled +true\n/,
    refused: "hiring.goals.put",
    by: new Refusal(412, "precondition_failed", "It is not as the request expects it"),
    exit: 4,
  },
  {
    args: "goals off GOI-1 --hire HAI-1",
    role: "customer",
    answers: {
      "hiring.goals.get": () => body.goal,
      "hiring.goals.put": ({ payload }) => ({ ...body.goal, ...payload }),
    },
    says: /enabled +false\n/,
    refused: "hiring.goals.put",
    by: new Refusal(409, "hire_deactivated", "The hired agent is deactivated"),
    exit: 4,
  },
  {
    args: "runs list --status completed --goal GOI-1",
    answers: { "scheduler.runs.list": ({ query }) => query.status === "completed" && body.page(body.run) },
    says: /^SCH-1 +completed +2026-03-01T09:00:00Z +1 +- +GOI-1\n$/,
    refused: "scheduler.runs.list",
    by: new Refusal(429, "rate_limited", "Too many requests"),
    exit: 1,
  },
  {
    args: "runs show SCH-1",
    answers: { "scheduler.runs.get": () => body.run },
    says: /attempts\n {2}- attempt +1\n/,
    refused: "scheduler.runs.get",
    by: missing("run_not_found"),
    words: /stint runs list/,
  },
  {
    args: "runs cancel SCH-1 --reason wrong-goal --yes",
    answers: {
      "scheduler.runs.cancel": ({ payload }) => ({ ...body.run, status: "cancelled", reason: payload.reason }),
    },
    says: /reason +wrong-goal\n/,
    refused: "scheduler.runs.cancel",
    by: new Refusal(409, "run_final", "The run is final", { run_status: "completed" }),
    exit: 4,
  },
  {
    args: "inbox list",
    answers: {
      "deliverables.deliverables.inbox": ({ query }) =>
        query.review_status === "pending_review" && body.page(body.draft),
    },
    says: /^DEL-1 +abcdef012345 +pending_review +A note +2026-03-01T09:00:00Z\n$/,
    refused: "deliverables.deliverables.inbox",
    by: missing("customer_not_found"),
  },
  {
    args: "inbox show DEL-1",
    answers: { "deliverables.deliverables.get": () => body.draft },
    says: /body\n {4}\| # Tea\n {4}\| \n {4}\| Drink it \\u001b\[31mhot\n/,
    refused: "deliverables.deliverables.get",
    by: missing("deliverable_not_found"),
  },
  ...(["approve", "reject"] as const).map((verb): Case => ({
    args: `inbox ${verb} DEL-1 --yes --notes fine`,
    role: "customer",
    answers: {
      "deliverables.deliverables.get": () => body.draft,
      "deliverables.reviews.decide": ({ payload: { items: [item] } }) =>
        item.content_sha256 === body.draft.content_sha256 && item.notes === "fine" &&
        { items: [{ deliverable_id: "DEL-1", deliverable: { ...body.draft, review_status: item.decision } }] },
    },
    says: new RegExp(`^DEL-1 +${verb === "approve" ? "approved" : "rejected"} +A note\\n$`),
    refused: "deliverables.deliverables.get",
    by: missing("deliverable_not_found"),
  })),
  {
    args: "inbox execute DEL-1 --yes",
    role: "customer",
    answers: {
      "deliverables.deliverables.get": () => ({ ...body.draft, review_status: "approved", approval_id: "APR-1" }),
      "deliverables.executions.execute": ({ payload }) =>
        payload.approval_id === "APR-1" &&
        { ...body.draft, execution_status: "executed", executed_at: body.run.scheduled_time },
    },
    says: /execution_status +executed\n/,
    refused: "deliverables.executions.execute",
    by: new Refusal(403, "approval_required", "The approval_id is needed"),
    exit: 5,
  },
  {
    args: "inbox counts",
    answers: {
      "deliverables.deliverables.counts": () => ({ pending_review: 3, approved_waiting: 0, delivery_failed: 1 }),
    },
    says: /^pending_review +3\napproved_waiting +0\ndelivery_failed +1\n$/,
    refused: "deliverables.deliverables.counts",
    by: missing("customer_not_found"),
  },
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

const stdin = JSON.stringify(
  (({ created_at: _c, id: _i, updated_at: _u, ...definition }) => definition)(body.agentType),
)

describe("a command that calls the services", () => {
  for (const { answers, args, by, exit = 3, refused, role = "operator", says, words = /./ } of cases) {
    const line = args.split(" ")
    it(`stint ${args}: its text, its --json, its failure`, async () => {
      const text = await invoke(line, { answers, role, stdin })
      assert.strictEqual(text.status, 0, text.err)
      assert.match(text.out, says)
      const json = await invoke([...line, "--json"], { answers, role, stdin })
      assert.strictEqual(json.status, 0, json.err)
      assert.isObject(JSON.parse(json.out))
      const failing = { ...answers, [refused]: () => by! }
      const failed = await invoke(line, { answers: failing, role, stdin })
      assert.deepStrictEqual([failed.status, failed.out], [exit, ""], failed.err)
      assert.match(failed.err, /^stint: [^\n]+[.\d]\n$/)
      assert.match(failed.err, words)
      const problem = await invoke([...line, "--json"], { answers: failing, role, stdin })
      assert.deepStrictEqual([problem.status, JSON.parse(problem.err)], [exit, by!.body])
    })
  }

  it("that exists is among these", async () => {
    const tried = new Set(cases.map(({ args }) => args.split(" ").slice(0, 2).join(" ")))
    const all = await Promise.all(Object.entries(commands).map(async ([name, { load }]) => ({ name, ...await load() })))
    const remote = all.filter(({ actions, flags }) => actions !== undefined && flags.url !== undefined)
    assert.deepStrictEqual(
      remote.flatMap(({ actions, name }) => Object.keys(actions!).map((action) => `${name} ${action}`))
        .filter((name) => !tried.has(name)),
      [],
    )
    assert.isAbove(remote.length, 9)
  })
})

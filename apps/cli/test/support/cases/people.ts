/** Commands about agent types, customers, goals and runs. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"

/** One of each. */
export const people: ReadonlyArray<Case> = [
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
    args: "types check -",
    answers: {
      "catalog.agentTypes.check": ({ payload, query }) =>
        payload.version === "1.0.0" && { breaks: [], holds: 2, next_cursor: query.cursor === undefined ? "n" : null },
    },
    says: /^$/,
    refused: "catalog.agentTypes.check",
    by: new Refusal(503, "unavailable", "A service that is needed does not answer now"),
    exit: 1,
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
    args: "customers report CUS-1",
    answers: {
      "deliverables.reports.ofCustomer": ({ params, query }) => params.customer === "CUS-1" && body.report(query),
    },
    says: /drafts +3\n/,
    refused: "deliverables.reports.ofCustomer",
    by: missing("customer_not_found"),
  },
  {
    args: "customers show CUS-1",
    answers: { "hiring.customers.get": () => body.customer },
    says: /full_name +Asha Rao\n/,
    refused: "hiring.customers.get",
    by: missing("customer_not_found"),
  },
  {
    args: "subs list --status active",
    answers: {
      "hiring.subscriptions.list": ({ query }) =>
        query.status === "active" && query.customer_id === undefined && body.page(body.subscription),
    },
    says: /^SUB-1 +active +CUS-1 +tea\.v1 +2026-04-01T09:00:00Z +monthly\n$/,
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
    args: "runs last --hire HAI-1 --ended dead_lettered",
    answers: {
      "scheduler.runs.last": ({ query }) =>
        query.hired_instance_id === "HAI-1" && query.status === "dead_lettered" &&
        body.page({ enabled: true, run: { ...body.run, status: "dead_lettered", reason: "maker_refused" } }),
    },
    says: /^GOI-1 +on +SCH-1 +dead_lettered +2026-03-01T09:00:00Z +1 +maker_refused\n$/,
    refused: "scheduler.runs.last",
    by: missing("customer_not_found"),
  },
  {
    args: "runs show SCH-1",
    answers: {
      "scheduler.runs.get": () => ({ trace_url: "https://traces.example.com/trace/4bf92f3577b34da6", ...body.run }),
    },
    says: /trace_url +https:\/\/traces\.example\.com\/trace\/4bf92f3577b34da6\n[^]*attempts\n {2}- attempt +1\n/,
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
]

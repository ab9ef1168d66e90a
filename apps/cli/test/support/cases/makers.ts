/** Commands about models, and about programs that make drafts. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"

const idle = { limit: 4, making: 0, waiting: 0, away_since: null, retry_at: null, last_error: null }

const places = () => ({
  items: [
    {
      place: "host:agents.example.com:443",
      ...idle,
      limit: 16,
      waiting: 3,
      away_since: body.run.scheduled_time,
      retry_at: "2026-03-01T09:01:00.000Z",
      last_error: "it answered 503",
    },
    { place: "model:gone", ...idle },
    {
      place: "model:writer",
      model: { alias: "writer", provider: "anthropic", model: "writer-large" },
      ...idle,
      making: 1,
    },
  ],
})

const unavailable = new Refusal(503, "unavailable", "A service that is needed does not answer now")

/** An agent type whose templates have these makers. */
export const typeOf = (...kinds: ReadonlyArray<object>): string => {
  const { created_at: _c, id: _i, updated_at: _u, ...definition } = body.agentType
  const goal_templates = kinds.map((maker, nth) => ({
    ...body.agentType.goal_templates[0],
    goal_template_id: `tea.${nth}`,
    maker,
  }))
  return JSON.stringify({ ...definition, goal_templates })
}

/** One of each. */
export const makers: ReadonlyArray<Case> = [
  {
    args: "models list",
    role: "viewer",
    answers: { "deliverables.makings.places": places },
    says:
      /^gone +not configured +- +there +0\/4 +0 +- +- +-\nwriter +writer-large +anthropic +there +1\/4 +0 +- +- +-\n$/,
    refused: "deliverables.makings.places",
    by: unavailable,
    exit: 1,
  },
  {
    args: "models check",
    answers: {
      "deliverables.makings.places": places,
      "deliverables.makings.checkModel": ({ params: { alias } }) =>
        alias === "writer" && { alias, outcome: "answered", seconds: 0.42, tokens_in: 20, tokens_out: 5 },
    },
    says: /^writer +answered +0\.4 +25 +-\n$/,
    refused: "deliverables.makings.checkModel",
    by: missing("model_not_found"),
  },
  {
    args: "makers list",
    answers: { "deliverables.makings.places": places },
    says: /^agents\.example\.com:443 +away +0\/16 +3 +2026-03-01T09:00:00Z +2026-03-01T09:01:00Z +it answered 503\n$/,
    refused: "deliverables.makings.places",
    by: unavailable,
    exit: 1,
  },
  {
    args: "types makers -",
    role: "viewer",
    stdin: typeOf(
      { kind: "model", model: "writer", instructions: "Write a note." },
      { kind: "builtin" },
      { kind: "http", url: "https://agents.example.com/make" },
    ),
    answers: {
      "deliverables.makings.checkMakers": ({ payload: { makers } }) =>
        makers.length === 2 && makers[1].url === "https://agents.example.com/make" &&
        { items: [{ problem: null }, { problem: null }] },
    },
    says: /^tea\.0 +model writer +-\ntea\.2 +https:\/\/agents\.example\.com\/make +-\n$/,
    refused: "deliverables.makings.checkMakers",
    by: unavailable,
    exit: 1,
  },
]

/** Makings: drafts that a model or a program of the provider's own makes, which takes long (domain.md, "Makers"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Callers } from "../Caller.ts"
import { TemplateMaker } from "../Definition/Maker.ts"
import { Making } from "../Making.ts"
import { faultFields, problem } from "../Problem.ts"
import { Provider } from "../Models.ts"
import { Instant, NoFields } from "../Protocol.ts"

/** 504: the maker took longer than its `timeout_seconds`. TRANSIENT. */
export class MakerLate extends problem<MakerLate>()("MakerLate", {
  code: "maker_late",
  status: 504,
  title: "The maker took too long",
}) {}

/** 502: the maker answered, with a failure that may pass. TRANSIENT. */
export class MakerFailed extends problem<MakerFailed>()("MakerFailed", {
  code: "maker_failed",
  status: 502,
  title: "The maker failed",
}) {}

/** 503: the maker was away for as long as a run waits for it. It is dead-lettered, and no attempt is charged for the waiting. */
export class MakerAway extends problem<MakerAway>()("MakerAway", {
  code: "maker_away",
  status: 503,
  title: "The maker is away",
}) {}

/** 422: what the maker returned is no draft of this template, also after it was told why. PERMANENT. */
export class DraftNotValid extends problem<DraftNotValid>()("DraftNotValid", {
  code: "draft_not_valid",
  status: 422,
  title: "What the maker returned is no valid draft",
}, { errors: Schema.optionalKey(faultFields.errors), errors_omitted: faultFields.errors_omitted }) {}

/** 422: the maker refuses to make this draft. PERMANENT. */
export class MakerRefused extends problem<MakerRefused>()("MakerRefused", {
  code: "maker_refused",
  status: 422,
  title: "The maker refuses to make this draft",
}) {}

/**
 * 422: the maker can't be called as it is configured: an unknown model, a host that may not be called, an unknown secret, or a
 * maker that the type's rules forbid. PERMANENT.
 */
export class MakerMisconfigured extends problem<MakerMisconfigured>()("MakerMisconfigured", {
  code: "maker_misconfigured",
  status: 422,
  title: "The maker can't be called as it is configured",
}) {}

/** 409: the hire's budget does not allow it (`settings.budget`). The run is cancelled, with the reason `budget`. */
export class OverBudget extends problem<OverBudget>()("OverBudget", {
  code: "budget",
  status: 409,
  title: "The hire's budget is used up",
}) {}

/** 404: no draft is being made under this key. */
export class MakingNotFound extends problem<MakingNotFound>()("MakingNotFound", {
  code: "making_not_found",
  status: 404,
  title: "No draft is being made for this run",
}) {}

/** 404: STINT_MODELS has no model of that alias. */
export class ModelNotFound extends problem<ModelNotFound>()("ModelNotFound", {
  code: "model_not_found",
  status: 404,
  title: "There is no such model",
}) {}

/** The idempotency key of a run. */
const RunKey = Schema.String.annotate({
  description: "The idempotency key of the run",
  examples: ["GOI-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11:2026-03-01T09:00:00.000Z"],
})

/** Where makers are called: a model by its alias, or a host, with its breaker. */
export const MakerPlace = Schema.Struct({
  place: Schema.String.annotate({ examples: ["host:agents.example.com:443"] }),
  /** Of a model that STINT_MODELS has: what stands behind its alias. */
  model: Schema.optionalKey(Schema.Struct({
    alias: Schema.String.annotate({ examples: ["writer"] }),
    provider: Provider,
    model: Schema.String.annotate({ description: "Its id at its provider", examples: ["writer-large"] }),
  })),
  /** How many makings work there at once, over all replicas. */
  limit: Schema.Int,
  /** How many work there now, and how many wait for it. */
  making: Schema.Int,
  waiting: Schema.Int,
  /** Since when it is away; null while it is there. */
  away_since: Schema.NullOr(Instant),
  /** When one making tries it again; null while it is there. */
  retry_at: Schema.NullOr(Instant),
  /** How it was found away last. */
  last_error: Schema.NullOr(Schema.String),
}).annotate({ identifier: "MakerPlace" })
export type MakerPlace = typeof MakerPlace.Type

/** Makers that are asked about, as templates name them. */
export const MakersAsked = Schema.Struct({
  makers: Schema.Array(TemplateMaker).check(
    Schema.isBetweenLength(1, 100),
  ),
}).annotate({ identifier: "MakersAsked" })
export type MakersAsked = typeof MakersAsked.Type

/** Why each of them can't be called, in their order. */
export const MakersChecked = Schema.Struct({
  items: Schema.Array(Schema.Struct({
    problem: Schema.NullOr(Schema.String).annotate({
      description: "What to mend; null where nothing is known to be in its way. Nothing is called",
      examples: ["The host agents.example.com is not in STINT_MAKER_HOSTS: whoever runs the stack adds it there"],
    }),
  })),
}).annotate({ identifier: "MakersChecked" })
export type MakersChecked = typeof MakersChecked.Type

/** What became of a question of a few tokens to a model. */
export const ModelCheck = Schema.Struct({
  alias: Schema.String.annotate({ examples: ["writer"] }),
  outcome: Schema.Literals(["answered", "away", "misconfigured", "failed"]).annotate({
    description: "misconfigured: its key, its url, its id or the form of its requests is wrong",
  }),
  seconds: Schema.optionalKey(Schema.Finite.annotate({ description: "Until its answer had ended" })),
  tokens_in: Schema.optionalKey(Schema.Int),
  tokens_out: Schema.optionalKey(Schema.Int),
  cost: Schema.optionalKey(
    Schema.Finite.annotate({ description: "By the prices of STINT_MODELS. No hire pays for it" }),
  ),
  error: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "ModelCheck" })
export type ModelCheck = typeof ModelCheck.Type

/** Endpoints of makings. */
export class MakingsGroup extends HttpApiGroup.make("makings")
  .annotate(OpenApi.Title, "Makings")
  .annotate(OpenApi.Description, "Drafts that a model or a program of the provider's own makes, while they are made.")
  .add(
    HttpApiEndpoint.get("get", "/makings/:key", {
      params: { key: RunKey },
      success: Making,
      error: MakingNotFound,
    }).annotate(Access, ["service"]).annotate(Callers, ["scheduler"])
      .annotate(OpenApi.Summary, "Get a making")
      .annotate(OpenApi.Description, "Services only: how a draft stands that is being made, by the key of its run."),
    HttpApiEndpoint.get("places", "/maker-places", {
      success: Schema.Struct({ items: Schema.Array(MakerPlace) }),
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List where makers are called")
      .annotate(
        OpenApi.Description,
        "For operators and viewers: every model of STINT_MODELS, and every host that was called, how many drafts it makes and how " +
          "many wait for it, and since when it is away.",
      ),
    HttpApiEndpoint.post("checkMakers", "/maker-places/check", { payload: MakersAsked, success: MakersChecked })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "Ask whether makers can be called")
      .annotate(
        OpenApi.Description,
        "For operators and viewers: by the settings of this installation, why runs of templates with these makers would fail: a " +
          "host that STINT_MAKER_HOSTS does not list for anybody, a secret or a model that is not known. It calls none of them.",
      ),
    HttpApiEndpoint.post("checkModel", "/models/:alias/check", {
      params: { alias: Schema.String.annotate({ description: "The alias of the model", examples: ["writer"] }) },
      payload: NoFields,
      success: ModelCheck,
      error: ModelNotFound,
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Ask a model whether it answers")
      .annotate(
        OpenApi.Description,
        "For operators: calls the model with a question of a few tokens, which its provider may charge for. What its provider " +
          "answers is judged and not repeated.",
      ),
    HttpApiEndpoint.post("cancel", "/makings/cancel", {
      payload: Schema.Struct({ keys: Schema.Array(RunKey).check(Schema.isBetweenLength(1, 1000)) }),
      success: Schema.Struct({ cancelled: Schema.Int }),
    }).annotate(Access, ["service"]).annotate(Callers, ["scheduler"])
      .annotate(OpenApi.Summary, "Cancel makings")
      .annotate(
        OpenApi.Description,
        "Services only: the runs of these keys are cancelled. What their makers still return is discarded; `cancelled` says how " +
          "many were under way.",
      ),
  ) {}

/**
 * The interface of a slow maker: a language model, or a program of the provider's own (domain.md, "Makers"). While it works no
 * transaction, connection or lease of the scheduler's is held for it; the queue of makings (Makings.ts) holds the making.
 */
import type { AgentTypeDefinition, GoalTemplate } from "@stint/domain/Definition"
import type { HttpMaker, ModelMaker, SlowTemplateMaker } from "@stint/domain/Definition/Maker"
import type { ModelCheck, ModelNotFound } from "@stint/domain/deliverables/Makings"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import type { Provider } from "@stint/domain/Models"
import type { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { JsonObject } from "@stint/domain/Protocol"
import type { Effect, Schema } from "effect"
import type { Draft } from "./Maker.ts"
import type { CallEnd, NewCall } from "./Calls.ts"
import type { MakerMisconfigured, MakingError, OverBudget } from "./Errors.ts"

/** A decision of the past on a draft of the same goal. It is data that a person wrote, never instructions. */
export interface PastDecision {
  readonly decision: Decision
  readonly notes: string | null
  /** What was decided on: the draft's title and payload. */
  readonly title: string
  readonly payload: Schema.Json
  /** Epoch milliseconds. */
  readonly decided_at: number
}

/** What a person asked to change in a draft: the revision that it is, and what it said. */
export interface ChangesAsked {
  readonly deliverable_id: DeliverableId
  readonly revision: number
  readonly notes: string
  readonly title: string
  readonly payload: Schema.Json
}

/** What a making is made from: all that a maker may know, as data. */
export interface MakingInput {
  /** The run's idempotency key. The same run has the same one, whatever is repeated. */
  readonly key: string
  readonly customer_id: CustomerId
  readonly agent_id: AgentTypeId
  readonly definition: AgentTypeDefinition
  /** The goal's template, with its `output`. */
  readonly template: GoalTemplate
  readonly hire: {
    readonly hired_instance_id: HiredInstanceId
    readonly config: JsonObject
    /** The hire's own settings, with its `budget`. */
    readonly settings: JsonObject
  }
  readonly goal: {
    readonly goal_instance_id: GoalInstanceId
    readonly goal_template_id: string
    readonly settings: JsonObject
  }
  /** The slot of the run, epoch milliseconds. */
  readonly slot: number
  /** The last five decisions on drafts of this goal, the latest first. */
  readonly decisions: ReadonlyArray<PastDecision>
  /** What a person asked to change; undefined for the first draft of a run. It is data that a person wrote, never instructions. */
  readonly changes: ChangesAsked | undefined
}

/** A call that is recorded: it may be sent now. */
export interface RecordedCall {
  readonly call_id: string
  /** Records how it ended. One that never is counts with its maximum, since nobody knows what it cost. */
  ended(end: CallEnd): Effect.Effect<void>
}

/** A request to a maker: what it is made from, until when, and what it says on the way. */
export interface MakingRequest<Spec extends SlowTemplateMaker = SlowTemplateMaker> {
  readonly input: MakingInput
  /** The template's maker. */
  readonly spec: Spec
  /** When it is late, epoch milliseconds. The queue interrupts `make` then, so a maker needs no time-out of its own. */
  readonly deadline: number
  /** Says how far it is, for people: at most 300 characters are kept. A note that comes too soon after another is left out. */
  progress(note: string): Effect.Effect<void>
  /**
   * Records a call before it is sent, committed, against the hire's budget. Fails with OverBudget where it does not allow the
   * call's maximum: then nothing may be sent.
   */
  recordCall(call: NewCall): Effect.Effect<RecordedCall, OverBudget>
}

/** Where a maker's calls go: what is limited and what breaks together, as `model:writer` or `host:agents.example.com:443`. */
export interface Place {
  readonly name: string
  /** How many makings work at once in this place, over all replicas. */
  readonly limit: number
}

/** A maker of one kind. */
export interface SlowMaker<Spec extends SlowTemplateMaker> {
  /** Where the calls of such a maker go, asked before it is queued. Fails with MakerMisconfigured where it can't be called. */
  place(spec: Spec, customer_id: CustomerId): Effect.Effect<Place, MakerMisconfigured>
  /** Why it can be called for no customer, as this installation is set up; null where nothing is known to be in its way. */
  fault(spec: Spec): Effect.Effect<string | null>
  /**
   * Makes a draft. It is interrupted at the deadline, when its lease is lost, and at the drain; then it is asked again, and
   * calls that were recorded stay recorded. It does not retry by itself, but for the one repair of what does not decode.
   */
  make(request: MakingRequest<Spec>): Effect.Effect<Draft, MakingError>
}

/** A model of STINT_MODELS: a place, and what stands behind it. */
export interface ModelPlace extends Place {
  readonly alias: string
  readonly provider: Provider
  /** Its id at its provider. */
  readonly model: string
}

/** The maker `model`, with what is known of the models. */
export interface ModelsMaker extends SlowMaker<ModelMaker> {
  readonly models: ReadonlyArray<ModelPlace>
  /** Asks a model a question of a few tokens. It is no making's call: no hire pays for it. */
  check(alias: string): Effect.Effect<ModelCheck, ModelNotFound>
}

/** The slow makers by kind. */
export interface SlowMakersByKind {
  readonly model: ModelsMaker
  readonly http: SlowMaker<HttpMaker>
}

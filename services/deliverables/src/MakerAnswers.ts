/**
 * Answers that http makers call back (docs/makers.md): signed with the secret of the request, for the attempt that is under way. An
 * answer that ends a making takes it over from whoever holds it: what its holder still writes finds its fence gone.
 */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import { slowMakerOf } from "@stint/domain/Definition/Maker"
import { AnswerNotSigned, CallNotFound, type DraftAnswered, MakingOver } from "@stint/domain/makers/Answers"
import { DraftNotValid } from "@stint/domain/deliverables/Makings"
import { Unavailable } from "@stint/domain/Problem"
import { makeSecrets } from "@stint/edge/Secrets"
import { makeVerifier, type SignedHeaders } from "@stint/edge/Webhooks"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Mac } from "effect/crypto"
import { Definitions } from "./Definitions.ts"
import { MakerFailed, MakerRefused } from "./Makers/Errors.ts"
import { draftFrom } from "./Makers/Output.ts"
import { MAKER_SECRETS } from "./Makers/Remote.ts"
import { Makings } from "./Makings.ts"
import { known, makeEnding, NOTE } from "./Makings/Ending.ts"
import { storable } from "./Makings/Policy.ts"
import { MakingsRepo } from "./Makings/Repo.ts"
import type { AnsweredCall } from "./Makings/Row.ts"

/** How often an answer may be no draft in an attempt, the last of which ends it (domain.md: after one repair). */
const BAD_ANSWERS = 2

/** How the making stands after an answer. */
type State = "making" | "made" | "failed"

type Answered<Type extends DraftAnswered["type"]> = Extract<DraftAnswered, { readonly type: Type }>

/** What a draft of that making is judged by. */
const judgedBy = (call: AnsweredCall, definition: AgentTypeDefinition): Parameters<typeof draftFrom>[0] => {
  const { config, goal_settings, settings } = call.input
  const { agent_id, goal_instance_id, goal_template_id, hired_instance_id } = call
  return {
    agent_id,
    definition,
    // it was found before the signature was judged
    template: findTemplate(definition, goal_template_id)!,
    hire: { hired_instance_id, config, settings },
    goal: { goal_instance_id, goal_template_id, settings: goal_settings },
    slot: DateTime.toEpochMillis(call.scheduled_time),
  }
}

/** The state in which a repeat of an answer finds its making; undefined while it is open. */
const stateOf = ({ is_current, state }: AnsweredCall, type: DraftAnswered["type"]): State | "over" | undefined => {
  if (!is_current || state === "cancelled") return "over"
  if (state === "made") return type === "draft.made" ? "made" : "over"
  if (state === "failed") return type === "draft.refused" || type === "draft.failed" ? "failed" : "over"
  return undefined
}

/** Answers that makers call back. */
export class MakerAnswers extends Context.Service<MakerAnswers, {
  /** Takes an answer; `text` is the body as it came, which the headers sign. */
  take(
    answer: DraftAnswered,
    headers: SignedHeaders,
    text: string,
  ): Effect.Effect<State, AnswerNotSigned | CallNotFound | MakingOver | DraftNotValid | Unavailable>
}>()("deliverables/MakerAnswers") {
  static readonly layer = Layer.effect(
    MakerAnswers,
    Effect.gen(function* () {
      const repo = yield* MakingsRepo
      const definitions = yield* Definitions
      const { begun } = yield* Makings
      const secretsOf = yield* makeSecrets
      const verify = yield* makeVerifier
      const end = yield* makeEnding

      /** The definition of a call's making, once the answer is known to be signed as its request was. */
      const judged = Effect.fnUntraced(function* (call: AnsweredCall, headers: SignedHeaders, text: string) {
        const definition = yield* definitions.get(call.agent_id, call.definition_version)
        const template = Option.getOrUndefined(Option.map(definition, (it) => findTemplate(it, call.goal_template_id)))
        const spec = template && slowMakerOf(template)
        if (Option.isNone(definition) || spec?.kind !== "http" || spec.secret_ref === undefined) {
          return yield* new CallNotFound({ detail: "The maker of that call can't call back" })
        }
        const secrets = yield* secretsOf(MAKER_SECRETS, spec.secret_ref).pipe(
          Effect.catchTag("SecretsUnreadable", ({ why }) => Effect.fail(new Unavailable({ detail: why }))),
          Effect.catchTag("SecretUnknown", () => Effect.succeed([])),
        )
        if (yield* verify(secrets, headers, text)) return definition.value
        return yield* new AnswerNotSigned({
          detail: "Sign {webhook-id}.{webhook-timestamp}.{body} with the secret of the request, within five minutes",
        })
      })

      const over = (call_id: string) => new MakingOver({ detail: `Nobody waits for the draft of ${call_id} any more` })

      /** Ends the making of a call; fails where it is over by now. */
      const ended = Effect.fnUntraced(function* (call_id: string, made: Parameters<typeof end>[1]) {
        const taken = yield* repo.takeOver(call_id)
        if (Option.isNone(taken) || !(yield* end(taken.value, made, false))) return yield* over(call_id)
        // its place has room for another
        yield* begun
      })

      /** Ends the making by a draft. One that is none may be sent once more, mended; the next ends the making as well. */
      const made = Effect.fnUntraced(
        function* (call: AnsweredCall, definition: AgentTypeDefinition, answer: Answered<"draft.made">) {
          const { call_id, draft } = answer.data
          const result = draftFrom(judgedBy(call, definition), draft)
          if (Result.isSuccess(result)) {
            const draft = yield* known(result.success)
            yield* ended(call_id, Result.succeed({ draft, definition }))
            return "made" as const
          }
          const fault = new DraftNotValid({ detail: "That is no draft of this template", errors: result.failure })
          const bad = yield* repo.badAnswer(call_id)
          if (Option.isSome(bad) && bad.value.bad_answers >= BAD_ANSWERS) yield* ended(call_id, Result.fail(fault))
          return yield* fault
        },
      )

      const take = Effect.fn("MakerAnswers.take")(
        function* (answer: DraftAnswered, headers: SignedHeaders, text: string) {
          const { call_id } = answer.data
          const call = yield* Effect.flatMap(
            repo.answered(call_id),
            Option.match({
              onNone: () => Effect.fail(new CallNotFound({ detail: call_id })),
              onSome: Effect.succeed,
            }),
          )
          const definition = yield* judged(call, headers, text)
          const state = stateOf(call, answer.type)
          if (state === "over") return yield* over(call_id)
          if (state !== undefined) return state
          switch (answer.type) {
            case "draft.made":
              return yield* made(call, definition, answer)
            case "draft.progress":
              return (yield* repo.noteOf(call_id, storable(answer.data.note, NOTE))) ? "making" : yield* over(call_id)
            case "draft.refused":
            case "draft.failed": {
              const detail = `The maker called back${
                answer.data.detail === undefined ? "" : `: ${answer.data.detail.slice(0, 300)}`
              }`
              const Failure = answer.type === "draft.refused" ? MakerRefused : MakerFailed
              yield* ended(call_id, Result.fail(new Failure({ detail })))
              return "failed"
            }
          }
        },
      )

      return MakerAnswers.of({ take })
    }),
  ).pipe(Layer.provide(Mac.layerWebCrypto))
}

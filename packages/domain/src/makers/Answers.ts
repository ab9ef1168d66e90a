/**
 * What an http maker calls back: the answer to a request that it answered 202, signed as the request was (docs/makers.md). The address
 * comes with each request, as `callback_url`; the front door passes it on.
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { DraftNotValid } from "../deliverables/Makings.ts"
import { documentOf } from "../Document.ts"
import { problem, Unavailable } from "../Problem.ts"
import { BodyLimits, Instant, RequestProblems, strict, text } from "../Protocol.ts"
import { MadeDraft, MakerApi } from "./Api.ts"

/** 401: it is not signed by the secret that signed the request, or not within the last five minutes. */
export class AnswerNotSigned extends problem<AnswerNotSigned>()("AnswerNotSigned", {
  code: "answer_not_signed",
  status: 401,
  title: "That answer is not signed as its request was",
}) {}

/** 404: no maker was called under this id, or it can't call back. */
export class CallNotFound extends problem<CallNotFound>()("CallNotFound", {
  code: "call_not_found",
  status: 404,
  title: "No such call was made",
}) {}

/** 409: nobody waits for it any more: the draft is there, or its run was cancelled, failed, or is tried anew by another call. */
export class MakingOver extends problem<MakingOver>()("MakingOver", {
  code: "making_over",
  status: 409,
  title: "Nobody waits for that draft any more",
}) {}

/** The longest note or detail of an answer that is taken, in characters; of a note 300 are kept. */
const MOST_SAID = 2_000

const call_id = Schema.String.annotate({
  description: "The call that it answers, as its request had it",
  examples: ["CAL-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"],
}).check(Schema.isMaxLength(64))

const answer = <const Type extends string, Fields extends Schema.Struct.Fields>(type: Type, fields: Fields) =>
  Schema.Struct({
    type: Schema.Literal(type),
    timestamp: Schema.optionalKey(Instant),
    data: Schema.Struct({ call_id, ...fields }),
  })

/** What became of a request for a draft: an envelope as in Standard Webhooks. */
export const DraftAnswered = Schema.Union([
  answer("draft.made", { draft: MadeDraft }),
  answer("draft.refused", { detail: Schema.optionalKey(text(MOST_SAID)) }),
  answer("draft.failed", { detail: Schema.optionalKey(text(MOST_SAID)) }),
  answer("draft.progress", { note: text(MOST_SAID) }),
]).annotate({ identifier: "DraftAnswered" })
export type DraftAnswered = typeof DraftAnswered.Type

/** The path of answers, at the front door as at deliverables. */
export const ANSWERS_PATH = "/api/v1/maker-answers"

/** Answers of makers. */
export class MakerAnswersGroup extends HttpApiGroup.make("makerAnswers")
  .annotate(OpenApi.Title, "Answers of makers")
  .annotate(OpenApi.Description, "What a maker that answered 202 calls back, at the `callback_url` of its request.")
  .add(
    HttpApiEndpoint.post("answer", ANSWERS_PATH, {
      headers: Schema.Struct({
        // without them it is no signed answer: 401, as with wrong ones
        "webhook-id": Schema.optionalKey(Schema.String),
        "webhook-timestamp": Schema.optionalKey(Schema.String),
        "webhook-signature": Schema.optionalKey(Schema.String),
      }),
      payload: DraftAnswered,
      success: Schema.Struct({ state: Schema.Literals(["making", "made", "failed"]) }),
      error: [AnswerNotSigned, CallNotFound, MakingOver, DraftNotValid, Unavailable],
    }).annotate(OpenApi.Summary, "Answer a request for a draft")
      .annotate(
        OpenApi.Description,
        "For makers, signed with the secret of the request over `{webhook-id}.{webhook-timestamp}.{body}`. `draft.made` has the draft, " +
          "`draft.refused` and `draft.failed` say why there is none, `draft.progress` has a note for people. A repeat changes nothing. " +
          "After 422 the draft may be sent once more, mended; after 409 there is nothing to send; after any other answer but 200, " +
          "send the same again later.",
      ),
  ) {}

/** The API of answers: no bearer token, each is signed. */
export class MakerAnswersApi extends HttpApi.make("makerAnswers")
  .add(MakerAnswersGroup)
  .middleware(BodyLimits)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(
    documentOf({ title: "Stint answers of makers", description: "Drafts that programs of providers call back." }),
  ) {}

/** What who writes a maker reads: what is asked of it, and what it may call back. */
export const MakerDocument = MakerApi.add(MakerAnswersGroup)

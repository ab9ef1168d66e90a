/**
 * The maker `http`: a program of the provider's own. One signed request (Standard Webhooks) under the key of the run, answered 200
 * with the draft, or 202 and asked for at its Location (packages/domain/src/makers/Api.ts; docs/makers.md).
 */
import { isPrivateAddress } from "@stint/domain/Addresses"
import { Bounds } from "@stint/domain/Bounds"
import type { HttpMaker } from "@stint/domain/Definition/Maker"
import { isAllowed, isListed, mayBePrivate, placeOf, portOf } from "@stint/domain/HostList"
import { ANSWERS_PATH } from "@stint/domain/makers/Answers"
import { type DraftRequested, NoDraft, Working } from "@stint/domain/makers/Api"
import type { FieldIssue } from "@stint/domain/Problem"
import { Dial } from "@stint/edge/Dial"
import { hostList, httpUrl } from "@stint/edge/Places"
import { makeSecrets, type Signing } from "@stint/edge/Secrets"
import { makeSigner } from "@stint/edge/Webhooks"
import { DateTime, Effect, Option, Result, Schema } from "effect"
import type { Draft } from "./Maker.ts"
import { DraftNotValid, MakerFailed, MakerMisconfigured, MakerRefused, type MakingError, PlaceAway } from "./Errors.ts"
import { draftFrom } from "./Output.ts"
import { isTooDeep } from "./Storable.ts"
import { type Answer, judged, makeExchange } from "./Remote/Exchange.ts"
import type { MakingInput, MakingRequest, SlowMaker } from "./SlowMaker.ts"

/** Whose secrets makers' requests are signed with, in the file STINT_SECRETS: no subject of a token can have this name. */
export const MAKER_SECRETS = "$makers"

/** The wait between two looks where the maker asks for none, the shortest and the longest, in seconds. */
const LOOK = 2
const SHORTEST_LOOK = 0.2
const LONGEST_LOOK = 60

const decodeWorking = Schema.decodeUnknownOption(Working)
const decodeNoDraft = Schema.decodeUnknownOption(NoDraft)

/** What was returned, and what is wrong with it. */
interface Repair {
  readonly answer: Schema.Json
  readonly errors: ReadonlyArray<FieldIssue>
}

const instant = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis))

/** The body of a request: all that people wrote stands in it as data. */
const bodyOf = (
  { definition, goal, hire, template, ...input }: MakingInput,
  call: {
    readonly call_id: string
    readonly deadline: number
    readonly repair: Repair | undefined
    readonly callback_url: string | undefined
  },
  now: DateTime.Utc,
): string =>
  JSON.stringify(
    {
      type: "draft.requested",
      timestamp: DateTime.formatIso(now),
      data: {
        idempotency_key: input.key,
        call_id: call.call_id,
        ...(call.callback_url === undefined ? {} : { callback_url: call.callback_url }),
        deadline: instant(call.deadline),
        customer_id: input.customer_id,
        agent_id: input.agent_id,
        definition_version: definition.version,
        hired_instance_id: hire.hired_instance_id,
        goal_instance_id: goal.goal_instance_id,
        goal_template_id: goal.goal_template_id,
        scheduled_time: instant(input.slot),
        config: hire.config,
        settings: goal.settings,
        ...(template.output === undefined ? {} : { output: template.output }),
        decisions: input.decisions.map(({ decided_at, ...past }) => ({ ...past, decided_at: instant(decided_at) })),
        ...(input.changes === undefined ? {} : { changes: input.changes }),
        ...(call.repair === undefined ? {} : { repair: call.repair }),
      },
    } satisfies Encoded,
  )
type Encoded = typeof DraftRequested.Encoded

/** The failure that an answer other than 200 and 202 stands for; one that is away is judged before (Exchange.ts). */
const failureOf = ({ body, status }: Answer): MakingError => {
  const said = Option.getOrElse(decodeNoDraft(body), (): NoDraft => ({}))
  const detail = `The maker answered ${status}${said.detail === undefined ? "" : `: ${said.detail.slice(0, 300)}`}`
  if (status === 422 && said.code === "refused") return new MakerRefused({ detail })
  if (status >= 300 && status < 400) {
    return new MakerMisconfigured({ detail: `${detail}, a redirect, which is not followed` })
  }
  return status >= 400 && status < 500 && status !== 409
    ? new MakerMisconfigured({ detail })
    : new MakerFailed({ detail })
}

/** The url to look at, which has to be of the maker's own origin. */
const locationOf = (location: string | undefined, url: string): Result.Result<string, MakingError> => {
  const at = location === undefined ? null : URL.parse(location, url)
  if (at === null) return Result.fail(new MakerFailed({ detail: "The maker answered 202 without a Location" }))
  return at.origin === new URL(url).origin
    ? Result.succeed(at.href)
    : Result.fail(new MakerMisconfigured({ detail: "The Location of the maker is of another host" }))
}

const notListed = ({ host }: URL): string =>
  `The host ${host} is not in STINT_MAKER_HOSTS: whoever runs the stack adds it there and starts the services again, which read it ` +
  "at their start (docs/makers.md)"

/**
 * Makes the maker. `STINT_MAKER_HOSTS` lists the hosts that may be called; each is a place of its own. `STINT_CONSOLE_URL` is where they
 * may call back.
 */
export const makeRemote = Effect.gen(function* () {
  const secretsOf = yield* makeSecrets
  const hosts = yield* hostList("STINT_MAKER_HOSTS")
  const limit = (yield* Bounds).makings_per_host
  const dial = yield* Dial
  const front = Option.getOrUndefined(yield* httpUrl("STINT_CONSOLE_URL"))
  /** Where its answer may be called back: an answer has to be signed as its request is. */
  const callbackOf = ({ secret_ref }: HttpMaker) =>
    front === undefined || secret_ref === undefined ? undefined : `${front.href.replace(/\/+$/, "")}${ANSWERS_PATH}`
  const exchange = makeExchange(yield* makeSigner)

  const signing = ({ secret_ref }: HttpMaker): Effect.Effect<Signing, MakerMisconfigured | MakerFailed> =>
    secret_ref === undefined ? Effect.succeed([]) : secretsOf(MAKER_SECRETS, secret_ref).pipe(
      Effect.catchTags({
        SecretUnknown: ({ why }) => Effect.fail(new MakerMisconfigured({ detail: why })),
        SecretsUnreadable: ({ why }) => Effect.fail(new MakerFailed({ detail: why })),
      }),
    )

  const place: SlowMaker<HttpMaker>["place"] = ({ url }, customer_id) =>
    Effect.suspend(() => {
      const parsed = new URL(url)
      return isAllowed(hosts, parsed, customer_id)
        ? Effect.succeed({ name: `host:${placeOf({ hostname: parsed.hostname, port: portOf(parsed) })}`, limit })
        : Effect.fail(new MakerMisconfigured({ detail: notListed(parsed) }))
    })

  const fault: SlowMaker<HttpMaker>["fault"] = (spec) =>
    Effect.suspend(() => {
      const url = new URL(spec.url)
      return isListed(hosts, url)
        ? Effect.match(signing(spec), { onFailure: ({ detail }) => detail ?? null, onSuccess: () => null })
        : Effect.succeed(notListed(url))
    })

  /**
   * A connection for one request. Fails where the host is not reached, and where its name leads into a network of ours that its entry
   * does not allow.
   */
  const connect = (at: string, customer_id: string) => {
    const url = new URL(at)
    return dial(at, (address) => !isPrivateAddress(address) || mayBePrivate(hosts, url, customer_id)).pipe(
      Effect.catchTags({
        Unreachable: ({ message }) => Effect.fail(new PlaceAway({ why: `It can't be reached: ${message}` })),
        AddressRefused: () =>
          Effect.fail(
            new MakerMisconfigured({
              detail:
                `The host ${url.host} has an address of a private network; if that is meant, the operator lists it ` +
                `as ${url.host}+private in STINT_MAKER_HOSTS`,
            }),
          ),
      }),
    )
  }

  /** Looks until the maker has answered; the queue ends it at the deadline. */
  const look = Effect.fnUntraced(function* (
    first: Answer,
    { input, progress, spec }: MakingRequest<HttpMaker>,
    secret: Signing,
  ) {
    let answer = first
    let location = first.location
    while (answer.status === 202) {
      const working = Option.getOrElse(decodeWorking(answer.body), (): Working => ({}))
      if (working.note !== undefined) yield* progress(working.note)
      location = answer.location ?? location
      // it calls back: whoever takes its answer ends this making, and this claim with it (MakerAnswers.ts)
      if (location === undefined && callbackOf(spec) !== undefined) return yield* Effect.never
      const url = yield* Effect.fromResult(locationOf(location, spec.url))
      const seconds = Math.min(Math.max(working.poll_after_seconds ?? LOOK, SHORTEST_LOOK), LONGEST_LOOK)
      yield* Effect.sleep(seconds * 1_000)
      answer = yield* connect(url, input.customer_id).pipe(
        Effect.flatMap((line) => judged(exchange(line, { method: "GET", key: input.key, secrets: secret, body: "" }))),
        Effect.scoped,
      )
    }
    return answer
  })

  /** Sends the request, recorded before it is sent, and reads its first answer. */
  const send = Effect.fnUntraced(function* (
    { deadline, input, recordCall, spec }: MakingRequest<HttpMaker>,
    { name, repair, secrets }: {
      readonly name: string
      readonly repair: Repair | undefined
      readonly secrets: Signing
    },
  ) {
    const line = yield* connect(spec.url, input.customer_id)
    const { call_id, ended } = yield* recordCall({ place: name, model: null, max_cost: 0, max_tokens: 0 })
    const called = { call_id, deadline, repair, callback_url: callbackOf(spec) }
    const body = bodyOf(input, called, yield* DateTime.now)
    // what breaks on the way stays unknown: the maker may have got it
    return { answer: yield* exchange(line, { method: "POST", key: input.key, secrets, body }), ended }
  }, Effect.scoped)

  /** One call, from its request to its last answer. */
  const call = Effect.fn("Remote.call")(function* (request: MakingRequest<HttpMaker>, repair: Repair | undefined) {
    const { input, spec } = request
    const secrets = yield* signing(spec)
    const { name } = yield* place(spec, input.customer_id)
    yield* Effect.annotateCurrentSpan({ "stint.place": name })
    const { answer, ended } = yield* send(request, { name, repair, secrets })
    const isMade = answer.status === 200 || answer.status === 202
    yield* Effect.annotateCurrentSpan({
      "http.response.status_code": answer.status,
      "stint.outcome": isMade ? "answered" : "failed",
    })
    yield* ended({
      outcome: isMade ? "answered" : "failed",
      tokens_in: 0,
      tokens_out: 0,
      cost: 0,
      ...(isMade ? {} : { error: `it answered ${answer.status}` }),
    })
    const last = yield* look(yield* judged(Effect.succeed(answer)), request, secrets)
    return last.status === 200 ? last.body : yield* failureOf(last)
  })

  const make = Effect.fn("Remote.make")(
    function* (request: MakingRequest<HttpMaker>): Effect.fn.Return<Draft, MakingError> {
      const answer = yield* call(request, undefined)
      const draft = draftFrom(request.input, answer)
      if (Result.isSuccess(draft)) return draft.success
      // what is too deep to be written is not told again
      const told = isTooDeep(answer) ? null : answer ?? null
      const repaired = draftFrom(request.input, yield* call(request, { answer: told, errors: draft.failure }))
      if (Result.isSuccess(repaired)) return repaired.success
      return yield* new DraftNotValid({
        detail: "The maker's answer is no draft of this template, also after it was told why",
        errors: repaired.failure,
      })
    },
  )

  const maker: SlowMaker<HttpMaker> = { place, fault, make }
  return maker
})

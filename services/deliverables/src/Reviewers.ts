/** The rules of people's settings: who may set whose, and which channels there may be (domain.md, "Notifications"). */
import { type Caller, type CurrentCaller, customerOf, hasDuty, visibleCustomer } from "@stint/domain/Caller"
import {
  type Channel,
  DIGEST_AT,
  EmailNotConfigured,
  type Reviewer,
  ReviewerNotFound,
  type ReviewerSettings,
} from "@stint/domain/deliverables/Reviewers"
import type { CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound, DutyMissing, type FieldIssue, InvalidRequest, Unavailable } from "@stint/domain/Problem"
import { isSystem } from "@stint/domain/Tokens"
import { Mail } from "@stint/edge/Mail"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { hostList } from "@stint/edge/Places"
import { makeSecrets } from "@stint/edge/Secrets"
import { sha256 } from "@stint/edge/Sha256"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Hex } from "effect/encoding"
import {
  channelIssues,
  escalationIssue,
  type Identified,
  kept,
  type Places,
  targetOf,
  whole,
} from "./Reviewers/Policy.ts"
import { After, ReviewersRepo } from "./Reviewers/Repo.ts"
import { toReviewer } from "./Reviewers/Wire.ts"

/** Whose settings to list. */
export interface ReviewersQuery extends PageQuery {
  readonly customer_id?: CustomerId
}

const encodeAfter = Schema.encodeSync(After)

/** The hosts that the channels of people may call. */
export const makePlaces: Effect.Effect<Places, Effect.Error<ReturnType<typeof hostList>>> = Effect.all({
  webhooks: hostList("STINT_WEBHOOK_HOSTS"),
  slack: hostList("STINT_SLACK_HOSTS"),
})

/** A channel with its id: a digest of where it goes, the same for whoever sets it. */
const identified = (channel: Channel): Effect.Effect<Identified> =>
  Effect.map(sha256(`${channel.kind}\n${targetOf(channel)}`), (digest) => ({
    ...channel,
    channel_id: Hex.encode(digest).slice(0, 16),
  }))

/** People's settings. */
export class Reviewers extends Context.Service<Reviewers, {
  /** By name: a customer's own, or those of `customer_id`, or all. */
  list(query: ReviewersQuery): Effect.Effect<Page<Reviewer>, CustomerNotFound | InvalidRequest, CurrentCaller>
  get(
    customer_id: CustomerId | undefined,
    person: string,
  ): Effect.Effect<Reviewer, CustomerNotFound | ReviewerNotFound, CurrentCaller>
  /** Replaces the settings of a person. */
  put(
    caller: Caller,
    customer_id: CustomerId | undefined,
    person: string,
    settings: ReviewerSettings,
  ): Effect.Effect<
    Reviewer,
    CustomerNotFound | DutyMissing | EmailNotConfigured | InvalidRequest | Unavailable,
    CurrentCaller
  >
}>()("deliverables/Reviewers") {
  static readonly layer = Layer.effect(
    Reviewers,
    Effect.gen(function* () {
      const repo = yield* ReviewersRepo
      const decodeAfter = decodeCursor(After)
      const judge = yield* judging

      const customer = (asked: CustomerId | undefined) =>
        visibleCustomer(asked, () => new CustomerNotFound({ detail: asked ?? "" }))

      const list = Effect.fn("Reviewers.list")(function* ({ cursor, limit = DEFAULT_LIMIT, ...query }: ReviewersQuery) {
        const customer_id = yield* customer(query.customer_id)
        const after = (yield* decodeAfter(cursor)) ?? null
        const rows = yield* repo.list({ customer_id: customer_id ?? null, after, limit: limit + 1 })
        return yield* pageOf(rows, limit, encodeAfter, toReviewer)
      })

      const get = Effect.fn("Reviewers.get")(function* (asked: CustomerId | undefined, person: string) {
        const customer_id = yield* customer(asked)
        const row = customer_id === undefined ? Option.none() : yield* repo.find(customer_id, person)
        return Option.isSome(row) ? toReviewer(row.value) : yield* new ReviewerNotFound({ detail: person })
      })

      const put = Effect.fn("Reviewers.put")(function* (
        caller: Caller,
        asked: CustomerId | undefined,
        person: string,
        settings: ReviewerSettings,
      ) {
        // a customer's token alone may do this, so there always is one
        const customer_id = (yield* customer(asked)) ?? customerOf(caller)!
        if (isSystem(person)) {
          const message = "is the system's own name: no person has it"
          return yield* new InvalidRequest({
            detail: `path.person ${message}`,
            errors: [{ path: "path.person", message }],
          })
        }
        const itself = caller.subject === person
        if (!itself && !hasDuty(caller, "editor")) {
          return yield* new DutyMissing({ detail: `The settings of ${person} are another person's`, duty: "editor" })
        }
        while (true) {
          const before = Option.getOrUndefined(yield* repo.find(customer_id, person))
          const channels = whole(settings.channels, before?.channels ?? [])
          yield* judge({ ...settings, channels }, customer_id, person)
          const written = yield* repo.put({
            customer_id,
            person,
            channels: kept(yield* Effect.forEach(channels, identified), before?.channels ?? [], {
              itself,
              reviews: hasDuty(caller, "reviewer"),
            }),
            events: settings.events ?? {},
            digest_at: settings.digest_at ?? DIGEST_AT,
            quiet_from: settings.quiet_hours?.from ?? null,
            quiet_to: settings.quiet_hours?.to ?? null,
            timezone: settings.timezone,
            escalate_after: settings.escalation?.after_seconds ?? null,
            escalate_to: settings.escalation?.to ?? null,
            updated_by: caller.subject,
          }, before?.channels.map(({ channel_id }) => channel_id) ?? [])
          if (written) return yield* get(customer_id, person).pipe(Effect.catchTag("ReviewerNotFound", Effect.die))
        }
      })

      return Reviewers.of({ list, get, put })
    }),
  )
}

/** What refuses settings: hosts, secrets, the person that it escalates to, and e-mail where none is sent. */
const judging = Effect.gen(function* () {
  const repo = yield* ReviewersRepo
  const mail = yield* Mail
  const secrets = yield* makeSecrets
  const places = yield* makePlaces

  /** The faults of the names of secrets. */
  const secretIssues = (channels: ReadonlyArray<Channel>, customer_id: CustomerId) =>
    Effect.map(
      Effect.forEach(channels, (channel, i): Effect.Effect<ReadonlyArray<FieldIssue>, Unavailable> =>
        channel.kind !== "webhook" ? Effect.succeed([]) : Effect.as(secrets(customer_id, channel.secret_ref), []).pipe(
          Effect.catchTags({
            SecretUnknown: ({ why }) =>
              Effect.succeed([{ path: `$.channels[${i}].secret_ref`, message: why }]),
            SecretsUnreadable: ({ why }) => Effect.fail(new Unavailable({ detail: why })),
          }),
        )),
      (issues) =>
        issues.flat(),
    )

  return Effect.fnUntraced(function* (settings: ReviewerSettings, customer_id: CustomerId, person: string) {
    const { channels, escalation } = settings
    const to = escalation?.to
    const issues = [
      ...channelIssues(channels, places, customer_id),
      ...(yield* secretIssues(channels, customer_id)),
      ...escalationIssue(settings, person),
      ...(to !== undefined && to !== person && Option.isNone(yield* repo.find(customer_id, to))
        ? [{ path: "$.escalation.to", message: "is no person of yours that has settings" }]
        : []),
    ]
    if (issues.length > 0) return yield* new InvalidRequest({ detail: "These settings can't be kept", errors: issues })
    if (!mail.configured && channels.some(({ kind }) => kind === "email")) {
      return yield* new EmailNotConfigured({
        detail: "The operator has set no STINT_SMTP_URL: choose a webhook or an incoming webhook",
      })
    }
  })
})

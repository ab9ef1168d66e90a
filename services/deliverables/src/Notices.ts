/** The rules of notices: who reads them, and a person's test of its own channels (domain.md, "Notifications"). */
import { type Caller, type CurrentCaller, customerOf, visibleCustomer } from "@stint/domain/Caller"
import { ChannelNotFound, type DeadLetterTold, type Notice, type NoticeState } from "@stint/domain/deliverables/Notices"
import { EmailNotConfigured, ReviewerNotFound } from "@stint/domain/deliverables/Reviewers"
import { type CustomerId, NoticeId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { Mail } from "@stint/edge/Mail"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { subjectOf } from "./Notices/Content.ts"
import { After, NoticesRepo } from "./Notices/Repo.ts"
import type { NoticeRow } from "./Notices/Row.ts"
import { watch } from "./Notices/Watch.ts"
import { expiry, worker } from "./Notices/Worker.ts"
import { shownTarget } from "./Reviewers/Policy.ts"
import { ReviewersRepo } from "./Reviewers/Repo.ts"

/** Which messages to list. */
export interface NoticesQuery extends PageQuery {
  readonly customer_id?: CustomerId
  readonly person?: string
  readonly state?: NoticeState
}

const encodeAfter = Schema.encodeSync(After)

/** A message on the wire: one that has ended has no next attempt. */
const toNotice = (row: NoticeRow): Notice => ({
  ...row,
  next_try_at: row.state === "waiting" ? row.next_try_at : null,
})

/** Messages to people. */
export class Notices extends Context.Service<Notices, {
  /** Newest first: a customer's own, or those of `customer_id`, or all. */
  list(query: NoticesQuery): Effect.Effect<Page<Notice>, CustomerNotFound | InvalidRequest, CurrentCaller>
  /** Sends a test to the caller's own channels, or to one of them. */
  test(
    caller: Caller,
    channel_id: string | undefined,
  ): Effect.Effect<
    { readonly items: ReadonlyArray<Notice> },
    ReviewerNotFound | ChannelNotFound | EmailNotConfigured
  >
  /** Takes dead letters in, each once. */
  deadLetters(told: ReadonlyArray<DeadLetterTold>): Effect.Effect<{ readonly taken: number }>
}>()("deliverables/Notices") {
  /** Plans, makes and sends messages, in the background. */
  static readonly worker = worker
  /** Looks for drafts that expire, in the background. */
  static readonly expiry = expiry
  /** Alerts operators of dead channels, in the background. */
  static readonly watch = watch

  static readonly layer = Layer.effect(
    Notices,
    Effect.gen(function* () {
      const repo = yield* NoticesRepo
      const reviewers = yield* ReviewersRepo
      const mail = yield* Mail
      const ids = yield* Ids
      const decodeAfter = decodeCursor(After)

      const list = Effect.fn("Notices.list")(function* ({ cursor, limit = DEFAULT_LIMIT, ...query }: NoticesQuery) {
        const customer_id = yield* visibleCustomer(
          query.customer_id,
          () => new CustomerNotFound({ detail: query.customer_id ?? "" }),
        )
        const rows = yield* repo.list({
          customer_id: customer_id ?? null,
          person: query.person ?? null,
          state: query.state ?? null,
          after: (yield* decodeAfter(cursor)) ?? null,
          limit: limit + 1,
        })
        return yield* pageOf(rows, limit, encodeAfter, toNotice)
      })

      const test = Effect.fn("Notices.test")(function* (caller: Caller, channel_id: string | undefined) {
        const { subject: person } = caller
        // customers alone may ask for it
        const customer_id = customerOf(caller)!
        const row = yield* reviewers.find(customer_id, person)
        if (Option.isNone(row)) return yield* new ReviewerNotFound({ detail: person })
        const { channels } = row.value
        const chosen = channel_id === undefined ? channels : channels.filter((one) => one.channel_id === channel_id)
        if (chosen.length === 0) {
          return yield* new ChannelNotFound({ detail: channel_id ?? "Your settings name no channel" })
        }
        if (!mail.configured && chosen.some(({ kind }) => kind === "email")) {
          return yield* new EmailNotConfigured({ detail: "The operator has set no STINT_SMTP_URL" })
        }
        const notices = yield* Effect.forEach(chosen, (channel) =>
          Effect.map(ids.next("NTC"), (notice_id) => ({
            notice_id: NoticeId.make(notice_id),
            customer_id,
            person,
            channel_id: channel.channel_id,
            kind: channel.kind,
            target: shownTarget(channel),
            purpose: "test" as const,
            subject: subjectOf([]),
            events: [],
          })))
        return { items: (yield* repo.add(notices)).map(toNotice) }
      })

      const deadLetters = Effect.fn("Notices.deadLetters")((told: ReadonlyArray<DeadLetterTold>) =>
        Effect.as(repo.deadLetters(told), { taken: told.length })
      )

      return Notices.of({ list, test, deadLetters })
    }),
  )
}

/** Sends a message by its channel: e-mail, a signed webhook, or an incoming webhook of Slack's kind. */
import { Mail } from "@stint/edge/Mail"
import { httpUrl } from "@stint/edge/Places"
import { makeSecrets, type Signing } from "@stint/edge/Secrets"
import { type Answer, makeSender } from "@stint/edge/Webhooks"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { DecisionLinks } from "../DecisionLinks.ts"
import { makePlaces } from "../Reviewers.ts"
import { hostFault } from "../Reviewers/Policy.ts"
import type { StoredChannel } from "../Reviewers/Row.ts"
import { type LinkOf, MOST_NAMED, slackBody, textOf, webhookBody } from "./Content.ts"
import { asksFor } from "./Policy.ts"
import type { ClaimedNotice } from "./Row.ts"

/** The longest wait that a receiver may ask for, in milliseconds: a day. */
const LONGEST_WAIT = 86_400_000

/** A channel did not take a message. `permanent`: it never will. `retryAfter`: it asks to wait so many milliseconds. */
export class NotTaken extends Schema.TaggedError<NotTaken>()("NotTaken", {
  why: Schema.String,
  permanent: Schema.Boolean,
  retryAfter: Schema.optionalKey(Schema.Number),
}) {}

const failed = (why: string) => new NotTaken({ why, permanent: false })

/** What an answer other than 2xx says. Redirects are not followed: only the url that was set may be called. */
const judge = ({ retryAfter, status }: Answer, gone: ReadonlyArray<number>): Effect.Effect<void, NotTaken> => {
  if (status >= 200 && status < 300) return Effect.void
  const wait = retryAfter === undefined ? {} : { retryAfter: Math.min(retryAfter, LONGEST_WAIT) }
  return Effect.fail(new NotTaken({ why: `It answered ${status}`, permanent: gone.includes(status), ...wait }))
}

/** The channels. */
export class Channels extends Context.Service<Channels, {
  /** Sends a message once; succeeds once its channel has taken it. */
  send(notice: ClaimedNotice, channel: StoredChannel): Effect.Effect<void, NotTaken>
}>()("deliverables/Channels") {
  /** STINT_CONSOLE_URL is where links lead; without it there are none. */
  static readonly layer = Layer.effect(
    Channels,
    Effect.gen(function* () {
      const mail = yield* Mail
      const links = yield* DecisionLinks
      const secrets = yield* makeSecrets
      const places = yield* makePlaces
      const console = Option.getOrUndefined(yield* httpUrl("STINT_CONSOLE_URL"))
      const post = yield* makeSender

      /** Where each draft of the message is decided on: by a token where the channel may have one, else after a sign-in. */
      const linksOf = Effect.fnUntraced(function* (notice: ClaimedNotice, { decides }: StoredChannel) {
        if (console === undefined) return (() => undefined) as LinkOf
        const of = (event: ClaimedNotice["events"][number]) =>
          asksFor(event.event) && typeof event.details.deliverable_id === "string"
            ? event.details.deliverable_id
            : undefined
        const drafts = notice.events.slice(0, MOST_NAMED).flatMap((event) => of(event) ?? [])
        const tokens = decides ? yield* links.make(notice, drafts) : new Map<string, string>()
        const base = console.href.replace(/\/+$/, "")
        return ((event) => {
          const id = of(event)
          if (id === undefined) return undefined
          const token = tokens.get(id)
          return `${base}/inbox/${encodeURIComponent(id)}${token === undefined ? "" : `?token=${token}`}`
        }) as LinkOf
      })

      const posted = Effect.fnUntraced(function* (
        { customer_id, notice_id }: ClaimedNotice,
        channel: Exclude<StoredChannel, { readonly kind: "email" }>,
        body: string,
        signing: Signing,
      ) {
        const fault = hostFault(channel, places, customer_id)
        if (fault !== undefined) return yield* failed(`Its url ${fault}`)
        const answer = yield* Effect.mapError(
          post({ url: channel.url, id: notice_id, body, secrets: signing }),
          ({ why }) => failed(why.replaceAll(channel.url, "its url")),
        )
        return yield* judge(answer, channel.kind === "slack" ? [404, 410] : [410])
      })

      const send = Effect.fn("Channels.send")(function* (notice: ClaimedNotice, channel: StoredChannel) {
        const linkOf = yield* linksOf(notice, channel)
        switch (channel.kind) {
          case "email":
            return yield* Effect.mapError(
              mail.send({
                to: channel.address,
                subject: notice.subject,
                text: textOf(notice.events, linkOf),
                id: notice.notice_id,
              }),
              ({ permanent, why }) => new NotTaken({ why, permanent }),
            )
          case "webhook": {
            const signing = yield* Effect.mapError(
              secrets(notice.customer_id, channel.secret_ref),
              ({ why }) => failed(why),
            )
            return yield* posted(notice, channel, webhookBody(notice, linkOf), signing)
          }
          case "slack":
            return yield* posted(notice, channel, slackBody(notice.subject, textOf(notice.events, linkOf)), [])
        }
      })

      return Channels.of({ send })
    }),
  ).pipe(Layer.provide(Mac.layerWebCrypto), Layer.provide(SecureRandom.layerWebCrypto))
}

/**
 * Links that decide: a message holds a token for one draft and one person, good for a day. Whoever has it may see that draft and
 * decide on it as that person, and do nothing else. The token is random; the database keeps its digest alone.
 */
import type { Caller } from "@stint/domain/Caller"
import { LinkNotGood } from "@stint/domain/deliverables/DecisionLinks"
import type { CustomerId, DeliverableId } from "@stint/domain/Ids"
import { Bounds } from "@stint/domain/Bounds"
import type { RateLimited, Unavailable } from "@stint/domain/Problem"
import { Trust } from "@stint/edge/Auth/Trust"
import { isRevoked } from "@stint/edge/Auth/Revoked"
import { Rates } from "@stint/edge/RateLimit"
import { sha256 } from "@stint/edge/Sha256"
import { Context, type DateTime, Effect, Layer, Option } from "effect"
import { Base64Url, Hex } from "effect/encoding"
import { DecisionLinksRepo } from "./DecisionLinks/Repo.ts"

/** For whom links are made. */
export interface Addressee {
  readonly notice_id: string
  readonly customer_id: CustomerId
  readonly person: string
}

/** What a token lets its holder do. */
export interface Granted {
  /** The person, with the one duty that the link gives. */
  readonly caller: Caller
  readonly customer_id: CustomerId
  readonly deliverable_id: DeliverableId
  readonly expires_at: DateTime.Utc
}

/** The digest by which a token is known. */
const digestOf = (token: string) => Effect.map(sha256(`stint:decision\n${token}`), Hex.encode)

/** How many links that were good a process remembers. */
const REMEMBERED = 10_000

/**
 * How often links may be used, by whom ever: nobody has signed in. A link has a bucket of its own once it was good here; before,
 * all share one, so that tokens which somebody makes up cost few looks and no rows, and stop no link that is in use.
 */
const makeBounded = Effect.gen(function* () {
  const rates = yield* Rates
  const { link_request_burst, link_requests_per_second, links_opened_burst, links_opened_per_second } = yield* Bounds
  const good = new Set<string>()
  const own = {
    perSecond: link_requests_per_second,
    burst: link_request_burst,
    bound: "link_requests_per_second, link_request_burst",
    words: `${link_requests_per_second} requests a second with one link, and ${link_request_burst} at once`,
  }
  const first = {
    perSecond: links_opened_per_second,
    burst: links_opened_burst,
    bound: "links_opened_per_second, links_opened_burst",
    words: `${links_opened_per_second} links a second that are opened first, and ${links_opened_burst} at once`,
  }
  return {
    /** Counts a use of the link with this digest. */
    used: (digest: string) => good.has(digest) ? rates.leased(`link:${digest}`, own) : rates.leased("links", first),
    /** Remembers that the link with this digest was good. */
    remember: (digest: string) => {
      if (good.size >= REMEMBERED && !good.has(digest)) good.delete(good.values().next().value!)
      good.add(digest)
    },
  }
})

/** Links that decide. */
export class DecisionLinks extends Context.Service<DecisionLinks, {
  /** A new token for each of the drafts. */
  make(to: Addressee, drafts: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, string>>
  /**
   * What a token grants. LinkNotGood: it is unknown or old, or its person or channel was taken back. RateLimited: it is used too
   * often, or too many are tried.
   */
  open(token: string): Effect.Effect<Granted, LinkNotGood | RateLimited | Unavailable>
}>()("deliverables/DecisionLinks") {
  static readonly layer = Layer.effect(
    DecisionLinks,
    Effect.gen(function* () {
      const repo = yield* DecisionLinksRepo
      const trust = yield* Trust
      const bounded = yield* makeBounded

      const make = Effect.fn("DecisionLinks.make")(function* (to: Addressee, drafts: ReadonlyArray<string>) {
        const tokens = new Map(
          [...new Set(drafts)].map((id) => [id, Base64Url.encode(crypto.getRandomValues(new Uint8Array(32)))]),
        )
        if (tokens.size === 0) return tokens
        const links = yield* Effect.forEach(
          tokens,
          ([deliverable_id, token]) =>
            Effect.map(digestOf(token), (token_sha256) => ({ token_sha256, ...to, deliverable_id })),
        )
        yield* repo.add(links)
        return tokens
      })

      const open = Effect.fn("DecisionLinks.open")(function* (token: string) {
        const digest = yield* digestOf(token)
        yield* bounded.used(digest)
        const link = yield* repo.find(digest)
        const refused = new LinkNotGood({ detail: "It is older than a day, or was taken back: sign in to decide" })
        if (Option.isNone(link)) return yield* refused
        const { created_at, customer_id, deliverable_id, expires_at, person } = link.value
        const caller: Caller = person === customer_id
          ? { subject: person, role: "customer" }
          : { subject: person, role: "customer", customer_id, duties: ["reviewer"] }
        const { revoked } = yield* trust.now
        const seconds = (at: { readonly epochMilliseconds: number }) => Math.floor(at.epochMilliseconds / 1000)
        const claims = { jti: undefined, iat: seconds(created_at), exp: seconds(expires_at) }
        // a person whose tokens are revoked, or whose customer's are, decides by no link either
        for (const subject of [person, customer_id]) {
          if (isRevoked({ ...claims, caller: { ...caller, subject } }, revoked)) return yield* refused
        }
        bounded.remember(digest)
        return { caller, customer_id, deliverable_id, expires_at }
      })

      return DecisionLinks.of({ make, open })
    }),
  ).pipe(Layer.provide(Trust.layer))
}

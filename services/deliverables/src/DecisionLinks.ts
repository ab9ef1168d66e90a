/**
 * Links that decide: a message holds a token for one draft and one person, good for a day. Whoever has it may see that draft and
 * decide on it as that person, and do nothing else. The token is random; the database keeps its digest alone.
 */
import type { Caller } from "@stint/domain/Caller"
import { LinkNotGood } from "@stint/domain/deliverables/DecisionLinks"
import type { CustomerId, DeliverableId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { Trust } from "@stint/edge/Auth/Trust"
import { isRevoked } from "@stint/edge/Auth/Revoked"
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

/** Links that decide. */
export class DecisionLinks extends Context.Service<DecisionLinks, {
  /** A new token for each of the drafts. */
  make(to: Addressee, drafts: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, string>>
  /** What a token grants. LinkNotGood: it is unknown or old, or its person or channel was taken back. */
  open(token: string): Effect.Effect<Granted, LinkNotGood | Unavailable>
}>()("deliverables/DecisionLinks") {
  static readonly layer = Layer.effect(
    DecisionLinks,
    Effect.gen(function* () {
      const repo = yield* DecisionLinksRepo
      const trust = yield* Trust

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
        const link = yield* repo.find(yield* digestOf(token))
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
        return { caller, customer_id, deliverable_id, expires_at }
      })

      return DecisionLinks.of({ make, open })
    }),
  ).pipe(Layer.provide(Trust.layer))
}

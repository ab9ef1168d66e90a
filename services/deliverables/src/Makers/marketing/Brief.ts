/** What a post is written from, and the sentences that follow from it. */
import type { Platform } from "@stint/domain/agents/marketing_healthcare/Payload"
import type { Core } from "./Choice.ts"
import type { Constraints } from "./Constraints.ts"
import type { Copy, Occasion } from "./Copy.ts"
import type { Parts } from "./Layout.ts"

/** The input of a post. */
export interface Brief {
  readonly copy: Copy
  readonly occasion: Occasion
  /** The signature; empty: none. */
  readonly signedBy: string
  /** The slot, in milliseconds since the epoch. */
  readonly slot: number
  /** The post's place in its batch: posts of a platform have different ones. */
  readonly offset: number
  readonly constraints: Constraints | undefined
}

/** The item at an index, which goes round. */
export const nth = <A>(items: ReadonlyArray<A>, index: number): A => items[index % items.length] as A

/** How many teachings a post has. */
export const teachingsOf: Record<Platform, number> = {
  youtube: 3,
  instagram: 1,
  facebook: 1,
  linkedin: 2,
  whatsapp: 1,
  x: 0,
  twitter: 0,
}

/** All sentences that a post may have; which ones a platform shows is its layout's. */
export const partsOf = (
  { copy, occasion, signedBy }: Pick<Brief, "copy" | "occasion" | "signedBy">,
  { invite, nudge, opening }: Core,
  turn: number,
  teachings: number,
): Parts => ({
  greeting: copy.greeting(occasion),
  opening: nth(copy.openings, opening)(occasion),
  nudge: nth(copy.nudges, nudge),
  invite: invite === undefined ? "" : nth(copy.invites, invite)(occasion),
  teachings: Array.from({ length: teachings }, (_, further) => nth(copy.teachings, turn * 3 + further)),
  offer: nth(copy.offers, turn)(occasion),
  ask: nth(copy.asks, turn),
  signature: signedBy === "" ? "" : copy.signature(signedBy),
  disclaimer: copy.disclaimer,
})

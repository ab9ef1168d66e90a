/** Writes one post for one platform, within the platform's limits. */
import {
  type MarketingVariant,
  type Platform,
  platformLimits,
  titleLimit,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import { codePoints, fit, fitLine } from "../Fit.ts"
import type { Copy, Occasion } from "./Copy.ts"

/** The input of a post. */
export interface Brief {
  readonly copy: Copy
  readonly occasion: Occasion
  /** The signature; empty: none. */
  readonly signedBy: string
  /** Selects the sentences of the language: posts of other turns read differently. */
  readonly turn: number
  /** Added to the turn for all but the opening, so that the platforms' posts differ. */
  readonly shift: number
}

const nth = <A>(items: ReadonlyArray<A>, index: number): A => items[index % items.length] as A

const paragraphs = (...parts: ReadonlyArray<string>) => parts.filter((part) => part !== "").join("\n\n")

/** The words as a hashtag; undefined when no letter is left or it is longer than 30 code points. */
const madeHashtag = (words: string): string | undefined => {
  const tag = words.split(/[^\p{L}\p{M}\p{N}_]+/u).filter((word) => word !== "")
    .map((word) => word.replace(/^\p{Ll}/u, (first) => first.toUpperCase())).join("")
  return /\p{L}/u.test(tag) && codePoints(tag) <= 30 ? `#${tag}` : undefined
}

/** Hashtags by their words: those of one goal are the same for each platform and each slot. */
const hashtags = new Map<string, string | undefined>()
/** How many there are at most; then they are made anew. */
const HASHTAGS = 2_000

const hashtag = (words: string): string | undefined => {
  if (hashtags.has(words)) return hashtags.get(words)
  if (hashtags.size >= HASHTAGS) hashtags.clear()
  const tag = madeHashtag(words)
  hashtags.set(words, tag)
  return tag
}

const maxHashtags: Record<Platform, number> = {
  youtube: 6,
  instagram: 8,
  facebook: 4,
  linkedin: 5,
  whatsapp: 0,
  x: 3,
  twitter: 3,
}

/** The length of the tags with two code points between them, so that text and tags fit however they are joined. */
const cost = (tags: ReadonlyArray<string>) => tags.reduce((sum, tag) => sum + codePoints(tag) + 2, 2)

/** The hashtags, the most specific first, in at most a third of the platform's limit. */
const hashtagsOf = ({ copy, occasion }: Brief, platform: Platform): Array<string> => {
  const { brand, location, service, subject } = occasion
  const tags: Array<string> = []
  for (const words of [subject, brand, location, service, ...copy.tags]) {
    if (tags.length >= maxHashtags[platform]) break
    const tag = hashtag(words)
    if (tag === undefined) continue
    if (tags.some((other) => other.toLowerCase() === tag.toLowerCase())) continue
    if (cost([...tags, tag]) <= platformLimits[platform] / 3) tags.push(tag)
  }
  return tags
}

const textOf = (brief: Brief, platform: Platform): string => {
  const { copy, occasion, shift, signedBy, turn } = brief
  const opening = nth(copy.openings, turn)(occasion)
  const invite = nth(copy.invites, turn + shift)(occasion)
  const ask = nth(copy.asks, turn + shift)
  const offer = nth(copy.offers, turn + shift)(occasion)
  const teaching = (further: number) => nth(copy.teachings, turn * 3 + further)
  const signature = signedBy === "" ? "" : copy.signature(signedBy)
  switch (platform) {
    case "x":
    case "twitter":
      return `${opening} ${invite}`
    case "whatsapp":
      return paragraphs(copy.greeting(occasion), `${opening} ${teaching(0)}`, invite)
    case "instagram":
      return paragraphs(opening, teaching(0), invite, copy.disclaimer)
    case "facebook":
      return paragraphs(opening, teaching(0), `${offer} ${ask}`, signature, copy.disclaimer)
    case "linkedin":
      return paragraphs(opening, `${teaching(0)} ${teaching(1)}`, offer, signature, copy.disclaimer)
    case "youtube":
      return paragraphs(
        opening,
        [copy.inThisVideo, ...[0, 1, 2].map((further) => `• ${teaching(further)}`)].join("\n"),
        `${offer} ${ask}`,
        signature,
        copy.disclaimer,
      )
  }
}

const capitalised = (text: string) => text.replace(/^\p{Ll}/u, (first) => first.toUpperCase())

/** Writes the post. Text, hashtags and title together are within the platform's limit. */
export const postFor = (platform: Platform, brief: Brief): MarketingVariant => {
  const hashtags = hashtagsOf(brief, platform)
  const title = platform === "youtube"
    ? { title: capitalised(fitLine(nth(brief.copy.titles, brief.turn)(brief.occasion), titleLimit)) }
    : {}
  const room = platformLimits[platform] - cost(hashtags) - (platform === "youtube" ? titleLimit : 0)
  return { platform, text: fit(capitalised(textOf(brief, platform)), room), hashtags, ...title }
}

/** The hashtags of a post. */
import { type Platform, platformLimits } from "@stint/domain/agents/marketing_healthcare/Payload"
import { codePoints } from "../Fit.ts"
import { type Constraints, squeezed } from "./Constraints.ts"
import type { Copy, Occasion } from "./Copy.ts"

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
export const cost = (tags: ReadonlyArray<string>): number => tags.reduce((sum, tag) => sum + codePoints(tag) + 2, 2)

/** The words of hashtags, the most specific first. */
const wordsOf = (copy: Copy, { brand, location, service, subject }: Occasion) => [
  subject,
  brand,
  location,
  service,
  ...copy.tags,
]

/** `tags`, and more of these words while `fits` says so. */
const withMore = (
  tags: ReadonlyArray<string>,
  words: ReadonlyArray<string>,
  most: number,
  fits: (tag: string, all: ReadonlyArray<string>) => boolean,
): Array<string> => {
  const all = [...tags]
  for (const one of words) {
    if (all.length >= most) break
    const tag = hashtag(one)
    if (tag === undefined) continue
    if (all.some((other) => other.toLowerCase() === tag.toLowerCase())) continue
    if (fits(tag, [...all, tag])) all.push(tag)
  }
  return all
}

/** The hashtags in at most a third of the platform's limit. */
export const hashtagsOf = (copy: Copy, occasion: Occasion, platform: Platform): Array<string> =>
  withMore(
    [],
    wordsOf(copy, occasion),
    maxHashtags[platform],
    (_, all) => cost(all) <= platformLimits[platform] / 3,
  )

/** Whether a hashtag says, in one word, what is never mentioned. */
const isBarred = (tag: string, { neverTags, tags }: Constraints): boolean => {
  const word = squeezed(tag)
  return tags.forbidden.has(word) || neverTags.some((one) => word.includes(one))
}

/** The hashtags that every post has, as the hire wrote them. Throws where its constraints contradict each other. */
export const requiredTags = (constraints: Constraints): Array<string> => {
  const { most, required } = constraints.tags
  const tags: Array<string> = []
  for (const words of required) {
    const bare = words.trim().replace(/^#/, "")
    const tag = /^[\p{L}\p{M}\p{N}_]{1,100}$/u.test(bare) && /\p{L}/u.test(bare) ? `#${bare}` : madeHashtag(bare)
    if (tag === undefined || tags.some((other) => other.toLowerCase() === tag.toLowerCase())) continue
    if (isBarred(tag, constraints)) {
      throw new Error(`constraints.hashtags requires ${tag}, which the constraints forbid as well`)
    }
    tags.push(tag)
  }
  if (tags.length > most) throw new Error(`constraints.hashtags requires ${tags.length} and allows ${most}`)
  return tags
}

/** The required hashtags, and of the others as many as the platform, the constraints and `room` allow. */
export const tagsUnder = (
  copy: Copy,
  occasion: Occasion,
  platform: Platform,
  constraints: Constraints,
  required: ReadonlyArray<string>,
  room: number,
): Array<string> =>
  withMore(
    required,
    wordsOf(copy, occasion),
    Math.min(maxHashtags[platform], constraints.tags.most),
    (tag, all) => !isBarred(tag, constraints) && cost(all) <= Math.min(room, platformLimits[platform] / 3),
  )

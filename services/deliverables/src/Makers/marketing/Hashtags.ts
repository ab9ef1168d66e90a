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

/** A hashtag. */
interface Tag {
  readonly tag: string
  /** In lower case: two that differ in case alone are one. */
  readonly name: string
  /** Its length with two code points after it. */
  readonly cost: number
}

const tagOf = (tag: string): Tag => ({ tag, name: tag.toLowerCase(), cost: codePoints(tag) + 2 })

/** Hashtags by their words: those of one goal are the same for each platform and each slot. */
const hashtags = new Map<string, Tag | undefined>()
/** How many there are at most; then they are made anew. */
const HASHTAGS = 2_000

const hashtag = (words: string): Tag | undefined => {
  const known = hashtags.get(words)
  if (known !== undefined || hashtags.has(words)) return known
  if (hashtags.size >= HASHTAGS) hashtags.clear()
  const made = madeHashtag(words)
  const tag = made === undefined ? undefined : tagOf(made)
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

/** `tags`, and more of these words while `fits` says so of one and of the cost that all then have. */
const withMore = (
  tags: ReadonlyArray<string>,
  words: ReadonlyArray<string>,
  most: number,
  fits: (tag: string, cost: number) => boolean,
): Array<string> => {
  const all = [...tags]
  if (all.length >= most) return all
  const names = new Set(tags.map((tag) => tag.toLowerCase()))
  let spent = cost(tags)
  for (const one of words) {
    if (all.length >= most) break
    const made = hashtag(one)
    if (made === undefined || names.has(made.name) || !fits(made.tag, spent + made.cost)) continue
    all.push(made.tag)
    names.add(made.name)
    spent += made.cost
  }
  return all
}

/** The hashtags in at most a third of the platform's limit. */
export const hashtagsOf = (copy: Copy, occasion: Occasion, platform: Platform): Array<string> =>
  withMore(
    [],
    wordsOf(copy, occasion),
    maxHashtags[platform],
    (_, all) => all <= platformLimits[platform] / 3,
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
    (tag, all) => !isBarred(tag, constraints) && all <= Math.min(room, platformLimits[platform] / 3),
  )

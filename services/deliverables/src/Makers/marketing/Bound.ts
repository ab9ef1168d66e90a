/** Writes a post under the hire's constraints: sentences that they forbid are left out, and others chosen. */
import {
  type MarketingVariant,
  type Platform,
  platformLimits,
  titleLimit,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import { codePoints, fitLine } from "../Fit.ts"
import { type Brief, partsOf, teachingsOf } from "./Brief.ts"
import { type Cores, coresUnder, FEWEST, fillersOf, filling, turnOf } from "./Choice.ts"
import { allows, type Constraints, mentions } from "./Constraints.ts"
import type { Occasion } from "./Copy.ts"
import { cost, requiredTags, tagsUnder } from "./Hashtags.ts"
import { capitalised, layouts, type Parts } from "./Layout.ts"

/** A post's words, and what it may be. */
interface Bound {
  readonly platform: Platform
  readonly brief: Brief
  readonly constraints: Constraints
  /** How long its text may be, in code points. */
  readonly room: number
}

const isWithin = ({ constraints, room }: Bound, text: string): boolean =>
  (text.length <= room || codePoints(text) <= room) && !mentions(text, constraints.never)

/** The text of these parts, with a capital where that fits. */
const textOf = (bound: Bound, parts: Parts): string => {
  const text = layouts[bound.platform](bound.brief.copy, parts)
  const written = capitalised(text)
  return codePoints(written) <= bound.room ? written : text
}

/** The core alone, as the layouts show it: an invite stands in the place of the offer. */
const coreOf = ({ platform }: Bound, { invite, nudge, opening }: Parts): Parts => ({
  greeting: "",
  opening,
  nudge,
  invite,
  teachings: [],
  offer: platform === "facebook" || platform === "linkedin" || platform === "youtube" ? invite : "",
  ask: "",
  signature: "",
  disclaimer: "",
})

/** The length of the line that a video's post has over its teachings. */
const headingOf = ({ brief: { copy }, platform }: Bound) =>
  platform === "youtube" ? codePoints(copy.inThisVideo) + 3 : 0

/** The core with as many teachings as make it long enough. */
const filled = (bound: Bound, parts: Parts): Parts => {
  const { brief: { copy }, constraints, room } = bound
  const core = coreOf(bound, parts)
  const length = codePoints(textOf(bound, core))
  const fillers = filling(fillersOf(copy, constraints), constraints, length, room - headingOf(bound)) ?? []
  return { ...core, teachings: fillers.map(({ text }) => text) }
}

/** The parts of a whole post beside its core, the most important first. */
const decorations = ["disclaimer", "offer", "ask", "greeting", "signature"] as const

/** The core with what else fits. */
const decorated = (bound: Bound, all: Parts): Parts => {
  const { brief: { copy }, constraints, platform, room } = bound
  let now = coreOf(bound, all)
  const tryWith = (sentence: string, more: Partial<Parts>) => {
    const next = { ...now, ...more }
    if (allows(constraints, sentence) && codePoints(textOf(bound, next)) <= room) now = next
  }
  if (platform !== "youtube" || allows(constraints, copy.inThisVideo)) {
    for (const teaching of all.teachings) tryWith(teaching, { teachings: [...now.teachings, teaching] })
  }
  for (const part of decorations) {
    if (all[part] !== "" && now[part] === "") tryWith(all[part], { [part]: all[part] })
  }
  return now
}

/** Cores by the words and constraints that they were found for: those of one goal are the same for each slot. */
const found = new Map<string, { readonly cores: Cores | undefined; readonly found: number }>()
/** How many there are at most; then they are found anew. */
const FOUND = 500

/** The same words, shorter: a tight limit leaves more sentences then. */
const shorter = (occasion: Occasion, share: number): Occasion => ({
  ...occasion,
  subject: fitLine(occasion.subject, 80 / share),
  brand: fitLine(occasion.brand, 48 / share),
  location: fitLine(occasion.location, 40 / share),
})

/** Finds enough cores, with shorter words if need be. The service has no part in it, since it changes with the slot. */
const search = (bound: Bound) => {
  const { brief, constraints, platform, room } = bound
  const { brand, location, subject } = brief.occasion
  const language = brief.copy.inThisVideo
  let most = 0
  for (const share of [1, 2, 4]) {
    const occasion = shorter(brief.occasion, share)
    const key = JSON.stringify([platform, language, room, share, subject, brand, location, constraints.key])
    let known = found.get(key)
    if (known === undefined) {
      if (found.size >= FOUND) found.clear()
      known = coresUnder({ copy: brief.copy, occasion }, constraints, room, headingOf(bound))
      found.set(key, known)
    }
    if (known.cores !== undefined) return { cores: known.cores, occasion }
    most = Math.max(most, known.found)
  }
  throw new Error(
    `the hire's constraints leave ${most} different posts for ${platform}; ${FEWEST} are needed so that none repeats one of the last 30`,
  )
}

const titleOf = ({ brief: { copy }, constraints: { never } }: Bound, occasion: Occasion, turn: number): string => {
  const titles = copy.titles.map((line) => capitalised(fitLine(line(occasion), titleLimit)))
    .filter((title) => !mentions(title, never))
  if (titles.length === 0) throw new Error("the hire's constraints leave no title for a video")
  return titles[turn % titles.length]!
}

/** What a post may be about: the topic, else the service, else health, whichever may be named. */
const namable = ({ copy, occasion }: Brief, constraints: Constraints): Occasion => {
  const subject = [occasion.subject, occasion.service, copy.health].find((one) => allows(constraints, one))
  return subject === undefined ? occasion : { ...occasion, subject }
}

/** Writes the post. Throws where the constraints leave too few, or contradict each other. */
export const boundPost = (platform: Platform, given: Brief, constraints: Constraints): MarketingVariant => {
  const required = requiredTags(constraints)
  const limit = platformLimits[platform] - (platform === "youtube" ? titleLimit : 0)
  const total = Math.min(limit, constraints.most)
  const brief = { ...given, occasion: namable(given, constraints) }
  const wanted: Bound = { platform, brief, constraints, room: total - cost(required) }
  const { cores, occasion } = search(wanted)
  const bound = { ...wanted, brief: { ...brief, occasion } }
  const turn = turnOf(cores, brief.slot, brief.offset)
  const parts = partsOf(bound.brief, cores.core(turn), turn, teachingsOf[platform])
  const whole = textOf(bound, decorated(bound, parts))
  // what stands beside the core may say something over the joint of two sentences, or be too short
  const text = codePoints(whole) >= constraints.least && isWithin(bound, whole)
    ? whole
    : textOf(bound, filled(bound, parts))
  if (!isWithin(bound, text) || codePoints(text) < constraints.least) {
    throw new Error(`the hire's constraints leave no post for ${platform}`)
  }
  return {
    platform,
    text,
    hashtags: tagsUnder(brief.copy, occasion, platform, constraints, required, total - codePoints(text)),
    ...platform === "youtube" ? { title: titleOf(bound, occasion, turn) } : {},
  }
}

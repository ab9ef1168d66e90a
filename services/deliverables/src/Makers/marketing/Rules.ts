/** What posts that a model or a program of others wrote must keep to, beside their shape (domain.md, "Drafts"). */
import {
  type MarketingDraftBatch,
  type MarketingVariant,
  type Platform,
  platformLimits,
  platforms,
  titleLimit,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import type { FieldIssue } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { Result } from "effect"
import { codePoints } from "../Fit.ts"
import type { MakerInput } from "../Maker.ts"
import { textsAt } from "../Values.ts"
import { type Constraints, constraintsOf, mentions, squeezed } from "./Constraints.ts"
import { enabledPlatforms, postsPerPlatform } from "./Maker.ts"

/** The code points of a post: its text and its hashtags, a space before each. */
const lengthOf = ({ hashtags, text }: MarketingVariant): number =>
  [text, ...hashtags].reduce((sum, part) => sum + codePoints(part) + 1, -1)

const postFaults = (post: MarketingVariant): ReadonlyArray<[part: string, message: string]> => {
  const { hashtags, platform, text, title } = post
  const faults: Array<[string, string]> = []
  const [length, most] = [lengthOf(post), platformLimits[platform]]
  if (text.trim() === "") faults.push(["text", "must not be blank"])
  if (length > most) {
    faults.push(["text", `has ${length} characters with its hashtags; ${platform} takes at most ${most}`])
  }
  hashtags.forEach((tag, index) => {
    if (!/^#[\p{L}\p{M}\p{N}_]+$/u.test(tag)) {
      faults.push([`hashtags[${index}]`, "must be # and letters, digits or _, without spaces"])
    }
  })
  if (title !== undefined && platform !== "youtube") faults.push(["title", "only a youtube post has a title"])
  if (title !== undefined && codePoints(title) > titleLimit) {
    faults.push(["title", `must have at most ${titleLimit} characters`])
  }
  return faults
}

/** The parts of a post that the hire's constraints don't allow. */
const boundFaults = (
  { least, most, never, tags }: Constraints,
  post: MarketingVariant,
): ReadonlyArray<[part: string, message: string]> => {
  const { hashtags, text, title = "" } = post
  const has = (wanted: string) => hashtags.some((tag) => squeezed(tag) === squeezed(wanted))
  const faults: Array<[string, string]> = []
  const words = [text, title, ...hashtags]
  const squeezedNever = never.map(squeezed).filter((one) => one !== "")
  if (words.some((one) => mentions(one, never)) || hashtags.some((tag) => mentions(squeezed(tag), squeezedNever))) {
    faults.push(["text", "mentions what config.constraints.never_mention names"])
  }
  if (codePoints(text) < least) faults.push(["text", `must have at least ${least} characters, by config.constraints`])
  if (lengthOf(post) > most) faults.push(["text", `must have at most ${most} characters, by config.constraints`])
  for (const tag of tags.required) if (!has(tag)) faults.push(["hashtags", `must have ${tag}, by config.constraints`])
  if (hashtags.some((tag) => tags.forbidden.has(squeezed(tag)))) {
    faults.push(["hashtags", "has one that config.constraints forbids"])
  }
  if (hashtags.length > tags.most) faults.push(["hashtags", `must be at most ${tags.most}, by config.constraints`])
  return faults
}

/** The faults of posts that a person edited: of a platform that the hire did not enable, or that don't fit theirs. */
export const editFaults = (
  config: JsonObject,
  variants: ReadonlyArray<MarketingVariant>,
): ReadonlyArray<FieldIssue> => {
  const enabled = textsAt(config, "platforms_enabled")
  const root = "$.payload.variants"
  return variants.length === 0 ? [{ path: root, message: "must not be empty" }] : variants.flatMap((post, index) => [
    ...(enabled.includes(post.platform)
      ? []
      : [{ path: `${root}[${index}].platform`, message: `${post.platform} is not enabled for this hire` }]),
    ...postFaults(post).map(([part, message]) => ({ path: `${root}[${index}].${part}`, message })),
  ])
}

/** The faults of a batch: posts for platforms that the hire did not enable, too many or too few of them, and posts that don't fit. */
const batchFaults = (input: MakerInput, variants: ReadonlyArray<MarketingVariant>): ReadonlyArray<FieldIssue> => {
  const root = "$.payload.variants"
  const enabled = enabledPlatforms(input)
  const each = postsPerPlatform(input)
  const constraints = constraintsOf(input.hire.config)
  const counts = new Map<Platform, number>()
  for (const { platform } of variants) counts.set(platform, (counts.get(platform) ?? 0) + 1)
  return [
    ...platforms.flatMap((platform) => {
      const [has, wanted] = [counts.get(platform) ?? 0, enabled.includes(platform) ? each : 0]
      if (has === wanted) return []
      const message = wanted === 0
        ? `${platform} is not enabled for this hire: no post may be for it`
        : `must have ${wanted} for ${platform}, not ${has}`
      return [{ path: root, message }]
    }),
    ...variants.flatMap((post, index) =>
      [...postFaults(post), ...(constraints === undefined ? [] : boundFaults(constraints, post))].map((
        [part, message],
      ) => ({ path: `${root}[${index}].${part}`, message }))
    ),
  ]
}

/** The parts of a batch that its maker fills. */
type Parts = Pick<MarketingDraftBatch, "brand_name" | "theme" | "variants" | "suggested_schedule_local">

/** The batch with its posts in the order of the platforms; its faults when it has any. */
export const finishBatch = (input: MakerInput, parts: Parts): Result.Result<Parts, ReadonlyArray<FieldIssue>> => {
  const faults = batchFaults(input, parts.variants)
  if (faults.length > 0) return Result.fail(faults)
  const variants = parts.variants.toSorted((one, other) =>
    platforms.indexOf(one.platform) - platforms.indexOf(other.platform)
  )
  return Result.succeed({ ...parts, variants })
}

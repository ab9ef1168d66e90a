/** The maker of the marketing agent: posts for every enabled platform (domain.md, "Drafts"). */
import {
  dailyMicroPost,
  monthlyCampaignPack,
  weeklyMultichannelBatch,
} from "@stint/domain/agents/marketing_healthcare/Definition"
import { type Platform, platforms } from "@stint/domain/agents/marketing_healthcare/Payload"
import { fitLine } from "../Fit.ts"
import { commonFields, type Draft, type Maker, type MakerInput, templateOf } from "../Maker.ts"
import { numberAt, textAt, textsAt } from "../Values.ts"
import { changed } from "./Changes.ts"
import { constraintsOf } from "./Constraints.ts"
import { english } from "./English.ts"
import { hindi } from "./Hindi.ts"
import { postFor } from "./Post.ts"

const DAY_MS = 86_400_000

/** How far the posts of a batch are apart (Choice.ts): ten of a platform are all different, also under the smallest modulus. */
const NEXT_POST = 97
const NEXT_PLATFORM = 31

/** Suggested local times for posts, the best first. */
const postingTimes = ["09:30", "18:30", "13:00", "20:00", "11:00", "16:30", "07:45", "14:30", "21:15", "10:15"]

/** The enabled platforms in the order of the field's options. */
export const enabledPlatforms = ({ definition, hire }: MakerInput): Array<Platform> => {
  const enabled = textsAt(hire.config, "platforms_enabled")
  const options = definition.config_schema.fields.find((field) => field.key === "platforms_enabled")?.options
  return (options ?? platforms).filter((option): option is Platform =>
    enabled.includes(option) && platforms.some((platform) => platform === option)
  )
}

/** The topics in the settings (`topics`, else `topic`, else `theme`). The first is the theme of the batch. */
const topicsOf = ({ goal }: MakerInput): Array<string> => {
  const topics = textsAt(goal.settings, "topics")
  if (topics.length > 0) return topics
  return [textAt(goal.settings, "topic"), textAt(goal.settings, "theme")].filter((text) => text.trim() !== "").slice(
    0,
    1,
  )
}

/** How many posts each platform gets. */
export const postsPerPlatform = ({ goal }: MakerInput): number =>
  Math.min(10, Math.max(1, Math.floor(numberAt(goal.settings, "posts_per_platform") ?? 1)))

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

/** Makes a batch of posts. The slot selects the sentences, so that batches differ and a retry makes the same one. */
const batchOf = (input: MakerInput, shift: number): Draft => {
  const { config } = input.hire
  const template = templateOf(input)
  const brand_name = textAt(config, "brand_name")
  const topics = topicsOf(input)
  const services = textsAt(config, "offerings_services")
  const copy = textAt(config, "primary_language") === "hi" ? hindi : english
  const posts = postsPerPlatform(input)
  const day = Math.abs(Math.floor(input.slot / DAY_MS))
  const constraints = constraintsOf(config)
  const enabled = enabledPlatforms(input)
  const brand = fitLine(brand_name, 48) || copy.unnamed
  const location = fitLine(textAt(config, "location"), 40)
  const signedBy = fitLine(textAt(config, "posting_identity"), 80)
  const variants = enabled.flatMap((platform, position) =>
    Array.from({ length: posts }, (_, index) => {
      const service = fitLine(services[(day + index) % services.length] ?? template.name, 60)
      return postFor(platform, {
        copy,
        occasion: {
          subject: fitLine(topics[index % topics.length] ?? service, 80),
          service,
          brand,
          location,
        },
        signedBy,
        slot: input.slot,
        offset: NEXT_POST * index + NEXT_PLATFORM * position + shift,
        constraints,
      })
    })
  )
  const theme = topics[0] ?? template.name
  const subject = topics.length === 0 ? "" : `: ${fitLine(theme, 100)}`
  const size = `${counted(variants.length, "post", "posts")} for ${counted(enabled.length, "platform", "platforms")}`
  return {
    title: fitLine(`${template.name}${subject} (${size})`, 250),
    payload: {
      ...commonFields("marketing_draft_batch_v1", input),
      intent_action: "publish",
      brand_name,
      theme,
      variants,
      suggested_schedule_local: variants.length === 0 ? [] : postingTimes.slice(0, posts).sort(),
    },
  }
}

/** A batch, or the one that follows from what a person asked to change. */
const makeBatch: Maker = (input) =>
  input.changes === undefined ? batchOf(input, 0) : changed(input, input.changes, batchOf)

/** The makers by goal template: one for all, since the templates differ only in their settings. */
export const marketingMakers: ReadonlyMap<string, Maker> = new Map([
  [weeklyMultichannelBatch, makeBatch],
  [dailyMicroPost, makeBatch],
  [monthlyCampaignPack, makeBatch],
])

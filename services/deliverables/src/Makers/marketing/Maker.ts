/** Marketing batches: posts for every enabled platform, from the hire's own words (domain.md, "Drafts"). */
import {
  dailyMicroPost,
  monthlyCampaignPack,
  weeklyMultichannelBatch,
} from "@stint/domain/agents/marketing_healthcare/Definition"
import { type Platform, platforms } from "@stint/domain/agents/marketing_healthcare/Payload"
import { fitLine } from "../Fit.ts"
import { draftOf, type Maker, type MakerInput, templateOf } from "../Maker.ts"
import { numberAt, textAt, textsAt } from "../Values.ts"
import { english } from "./English.ts"
import { hindi } from "./Hindi.ts"
import { postFor } from "./Post.ts"

const day = 86_400_000

/** Hours at which people read, the best first. */
const goodTimes = ["09:30", "18:30", "13:00", "20:00", "11:00", "16:30", "07:45", "14:30", "21:15", "10:15"]

/** The enabled platforms in the order of the field's options. */
const enabledPlatforms = ({ definition, hire }: MakerInput): Array<Platform> => {
  const enabled = textsAt(hire.config, "platforms_enabled")
  const options = definition.config_schema.fields.find((field) => field.key === "platforms_enabled")?.options
  return (options ?? platforms).filter((option): option is Platform =>
    enabled.includes(option) && platforms.some((platform) => platform === option)
  )
}

/** What the settings ask for, the first being the theme: `topics`, `topic` or `theme`. */
const topicsOf = ({ goal }: MakerInput): Array<string> => {
  const topics = textsAt(goal.settings, "topics")
  if (topics.length > 0) return topics
  return [textAt(goal.settings, "topic"), textAt(goal.settings, "theme")].filter((text) => text.trim() !== "").slice(
    0,
    1,
  )
}

const postsPerPlatform = ({ goal }: MakerInput): number =>
  Math.min(10, Math.max(1, Math.floor(numberAt(goal.settings, "posts_per_platform") ?? 1)))

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

/** The posts. Which lines they take moves on with the slot's day, so that weeks differ and a retry does not. */
export const makeBatch: Maker = (input) => {
  const { config } = input.hire
  const template = templateOf(input)
  const brand_name = textAt(config, "brand_name")
  const topics = topicsOf(input)
  const services = textsAt(config, "offerings_services")
  const copy = textAt(config, "primary_language") === "hi" ? hindi : english
  const posts = postsPerPlatform(input)
  const firstTurn = ((Math.floor(input.slot / day) % 10) + 10) % 10
  const chosen = enabledPlatforms(input)
  const variants = chosen.flatMap((platform, position) =>
    Array.from({ length: posts }, (_, index) => {
      const service = fitLine(services[(firstTurn + index) % services.length] ?? template.name, 60)
      return postFor(platform, {
        copy,
        occasion: {
          subject: fitLine(topics[index % topics.length] ?? service, 80),
          service,
          brand: fitLine(brand_name, 48) || copy.unnamed,
          location: fitLine(textAt(config, "location"), 40),
        },
        signedBy: fitLine(textAt(config, "posting_identity"), 80),
        turn: firstTurn + index + 3 * position,
        shift: position,
      })
    })
  )
  const theme = topics[0] ?? template.name
  const subject = topics.length === 0 ? "" : `: ${fitLine(theme, 100)}`
  const size = `${counted(variants.length, "post", "posts")} for ${counted(chosen.length, "platform", "platforms")}`
  return {
    title: fitLine(`${template.name}${subject} (${size})`, 250),
    payload: {
      ...draftOf("marketing_draft_batch_v1", input),
      intent_action: "publish",
      brand_name,
      theme,
      variants,
      suggested_schedule_local: variants.length === 0 ? [] : goodTimes.slice(0, posts).sort(),
    },
  }
}

/** By template. They differ in their settings alone. */
export const marketingMakers: ReadonlyMap<string, Maker> = new Map([
  [weeklyMultichannelBatch, makeBatch],
  [dailyMicroPost, makeBatch],
  [monthlyCampaignPack, makeBatch],
])

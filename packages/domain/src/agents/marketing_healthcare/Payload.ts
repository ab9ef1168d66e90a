/** Drafts of the marketing agent, and how much each platform takes. */
import { Schema } from "effect"
import { actingDraftFields } from "../../Draft.ts"
import { LocalTime } from "../../Schedule.ts"

/** The platforms, in the order in which a batch shows them. */
export const platforms = ["youtube", "instagram", "facebook", "linkedin", "whatsapp", "x", "twitter"] as const

/** Where a post goes. */
export const Platform = Schema.Literals(platforms)
export type Platform = typeof Platform.Type

/** At most this many code points in a post, text and hashtags together (domain.md, "Drafts"). */
export const platformLimits: Record<Platform, number> = {
  youtube: 5100,
  instagram: 2200,
  facebook: 63206,
  linkedin: 3000,
  whatsapp: 1024,
  x: 280,
  twitter: 280,
}

/** At most this many code points in the title of a video. */
export const titleLimit = 100

/** One post for one platform; only videos have a title. */
export const MarketingVariant = Schema.Struct({
  platform: Platform,
  text: Schema.String,
  hashtags: Schema.Array(Schema.String),
  title: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "MarketingVariant" })
export type MarketingVariant = typeof MarketingVariant.Type

/** Posts for every enabled platform, and the local times at which they would do well. */
export const MarketingDraftBatch = Schema.Struct({
  ...actingDraftFields("marketing_draft_batch_v1", "publish"),
  brand_name: Schema.String,
  theme: Schema.String,
  variants: Schema.Array(MarketingVariant),
  suggested_schedule_local: Schema.Array(LocalTime),
}).annotate({ identifier: "MarketingDraftBatch" })
export type MarketingDraftBatch = typeof MarketingDraftBatch.Type

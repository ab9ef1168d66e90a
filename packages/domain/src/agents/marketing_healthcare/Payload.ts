/** Drafts of the marketing agent, and the length limits of the platforms. */
import { Schema } from "effect"
import { actingDraftFields } from "../../Draft.ts"
import { LocalTime } from "../../Formats.ts"

/** The platforms, in the order of their posts in a batch. */
export const platforms = ["youtube", "instagram", "facebook", "linkedin", "whatsapp", "x", "twitter"] as const

/** The platform that a post is written for. */
export const Platform = Schema.Literals(platforms)
export type Platform = typeof Platform.Type

/** The longest post of each platform in code points, text and hashtags together (domain.md, "Drafts"). */
export const platformLimits: Record<Platform, number> = {
  youtube: 5100,
  instagram: 2200,
  facebook: 63206,
  linkedin: 3000,
  whatsapp: 1024,
  x: 280,
  twitter: 280,
}

/** The names of the platforms, as people read them. */
export const platformNames: Record<Platform, string> = {
  youtube: "YouTube",
  instagram: "Instagram",
  facebook: "Facebook",
  linkedin: "LinkedIn",
  whatsapp: "WhatsApp",
  x: "X",
  twitter: "Twitter",
}

/** The longest title of a video, in code points. */
export const titleLimit = 100

/** One post for one platform. Only YouTube posts have a title. */
export const MarketingVariant = Schema.Struct({
  platform: Platform,
  text: Schema.String,
  hashtags: Schema.Array(Schema.String),
  title: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "MarketingVariant" })
export type MarketingVariant = typeof MarketingVariant.Type

/** Posts for every enabled platform, and the local times (HH:MM) suggested for posting them. */
export const MarketingDraftBatch = Schema.Struct({
  ...actingDraftFields("marketing_draft_batch_v1", "publish"),
  brand_name: Schema.String,
  theme: Schema.String,
  variants: Schema.Array(MarketingVariant),
  suggested_schedule_local: Schema.Array(LocalTime),
}).annotate({ identifier: "MarketingDraftBatch" })
export type MarketingDraftBatch = typeof MarketingDraftBatch.Type

/** Platforms and their limits, as the screen says them. */
import { type MarketingVariant, platformLimits } from "@stint/domain/agents/marketing_healthcare/Payload"

export { platformNames } from "@stint/domain/agents/marketing_healthcare/Payload"

/** The length of a post in code points, text and hashtags together, as its platform counts (domain.md, "Drafts"). */
export const lengthOf = ({ hashtags, text }: Pick<MarketingVariant, "hashtags" | "text">): number =>
  [...[text, ...hashtags].join(" ")].length

/** The longest post of a platform. */
export const limitOf = (platform: MarketingVariant["platform"]): number => platformLimits[platform]

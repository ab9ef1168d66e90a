/** Writes one post for one platform, within the platform's limits and the hire's constraints. */
import {
  type MarketingVariant,
  type Platform,
  platformLimits,
  titleLimit,
} from "@stint/domain/agents/marketing_healthcare/Payload"
import { codePoints, fit, fitLine } from "../Fit.ts"
import { boundPost } from "./Bound.ts"
import { type Brief, nth, partsOf, teachingsOf } from "./Brief.ts"
import { everyCore, turnOf } from "./Choice.ts"
import { cost, hashtagsOf } from "./Hashtags.ts"
import { capitalised, layouts } from "./Layout.ts"

/** Writes the post. Text, hashtags and title together are within the platform's limit. Throws where the constraints leave none. */
export const postFor = (platform: Platform, brief: Brief): MarketingVariant => {
  if (brief.constraints !== undefined) return boundPost(platform, brief, brief.constraints)
  const { copy, occasion } = brief
  const cores = everyCore(copy)
  const turn = turnOf(cores, brief.slot, brief.offset)
  const hashtags = hashtagsOf(copy, occasion, platform)
  const title = platform === "youtube"
    ? { title: capitalised(fitLine(nth(copy.titles, turn)(occasion), titleLimit)) }
    : {}
  const room = platformLimits[platform] - cost(hashtags) - (platform === "youtube" ? titleLimit : 0)
  const parts = partsOf(brief, cores.core(turn), turn, teachingsOf[platform])
  const whole = capitalised(layouts[platform](copy, parts))
  // the invite alone may not fit: what no two posts share stands before it
  const text = whole.length > room && codePoints(whole) > room
    ? capitalised(layouts[platform](copy, { ...parts, invite: "" }))
    : whole
  return { platform, text: fit(text, room), hashtags, ...title }
}

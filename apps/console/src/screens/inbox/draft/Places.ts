/** Where in a draft something changed, in words: pure. */
import type { Change } from "@stint/domain/deliverables/Revisions"
import type { DraftPayload } from "@stint/domain/Payload"
import { counted, titled } from "../../../format/Words.ts"
import { platformNames } from "./Platforms.ts"

/** The name of the part of a draft that a change is in: LinkedIn, Units. */
export const placeOf = ({ path }: Change, payload: DraftPayload): string => {
  const [first, second] = path
  if (first === "variants" && typeof second === "number" && payload.type === "marketing_draft_batch_v1") {
    const post = payload.variants[second]
    return post === undefined ? `post ${second + 1}` : platformNames[post.platform]
  }
  const named = (first === "fields" || first === "checks") && second !== undefined ? second : first
  return titled(String(named ?? "content"))
}

/** What of a place changed, where that is not its main text: hashtags, title. */
export const partOf = ({ path }: Change): string | undefined => {
  const part = path[0] === "variants" ? path[2] : undefined
  return part === undefined || part === "text" ? undefined : titled(String(part))
}

const wordsIn = (text: string): number => text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0

/** How many words of a text changed: those that are new, or that are gone where none is. */
const wordsOf = ({ words = [] }: Change): number => {
  const of = (kind: "added" | "removed") =>
    words.filter((piece) => piece.kind === kind).reduce((sum, { text }) => sum + wordsIn(text), 0)
  return Math.max(of("added"), of("removed"))
}

/** How much changed where: `2 words in LinkedIn, 1 value in Units`. */
export const summaryOf = (changes: ReadonlyArray<Change>, payload: DraftPayload): string => {
  const places = Map.groupBy(changes, (change) => placeOf(change, payload))
  return [...places].map(([place, of]) => {
    const words = of.reduce((sum, change) => sum + wordsOf(change), 0)
    return `${words > 0 ? counted(words, "word") : counted(of.length, "value")} in ${place}`
  }).join(", ")
}

/** How the sentences of a post stand on each platform. */
import type { Platform } from "@stint/domain/agents/marketing_healthcare/Payload"
import type { Copy } from "./Copy.ts"

/** The sentences of a post; an empty one is left out. */
export interface Parts {
  readonly greeting: string
  readonly opening: string
  readonly nudge: string
  readonly invite: string
  readonly teachings: ReadonlyArray<string>
  readonly offer: string
  readonly ask: string
  readonly signature: string
  readonly disclaimer: string
}

const line = (...parts: ReadonlyArray<string>) => parts.filter((part) => part !== "").join(" ")
const paragraphs = (...parts: ReadonlyArray<string>) => parts.filter((part) => part !== "").join("\n\n")

const short = (_: Copy, { invite, nudge, opening, teachings }: Parts) => line(opening, ...teachings, nudge, invite)

/** The text of a post. Each begins with the opening (a greeting aside), and has the nudge. */
export const layouts: Record<Platform, (copy: Copy, parts: Parts) => string> = {
  x: short,
  twitter: short,
  whatsapp: (_, { greeting, invite, nudge, opening, teachings }) =>
    paragraphs(greeting, line(opening, ...teachings), line(nudge, invite)),
  instagram: (_, { disclaimer, invite, nudge, opening, teachings }) =>
    paragraphs(opening, line(...teachings), line(nudge, invite), disclaimer),
  facebook: (_, { ask, disclaimer, nudge, offer, opening, signature, teachings }) =>
    paragraphs(opening, line(...teachings, nudge), line(offer, ask), signature, disclaimer),
  linkedin: (_, { disclaimer, nudge, offer, opening, signature, teachings }) =>
    paragraphs(opening, line(...teachings, nudge), offer, signature, disclaimer),
  youtube: (copy, { ask, disclaimer, nudge, offer, opening, signature, teachings }) =>
    paragraphs(
      opening,
      teachings.length === 0 ? "" : [copy.inThisVideo, ...teachings.map((teaching) => `• ${teaching}`)].join("\n"),
      nudge,
      line(offer, ask),
      signature,
      disclaimer,
    ),
}

/** The text with its first letter in upper case. */
export const capitalised = (text: string): string => text.replace(/^\p{Ll}/u, (first) => first.toUpperCase())

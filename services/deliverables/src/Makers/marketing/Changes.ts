/**
 * What the builtin makes of a request for changes. It has sentences to choose from and reads no language, so it takes two things from
 * it: no post is one that stood in a revision before, and what the notes quote out of those posts is mentioned no more.
 */
import type { DraftPayload } from "@stint/domain/Payload"
import type { Draft, MakerInput } from "../Maker.ts"
import { mentions, plain, withNever } from "./Constraints.ts"

/** How far the choice of sentences moves with a revision (Choice.ts), and how often at most to find posts that are new. */
const NEXT_REVISION = 211
const TRIES = 64

/** What stands in quotation marks of any kind. */
const QUOTED = /"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|‘([^’]+)’|`([^`]+)`/gu

/** The texts of posts by their platform. */
const textsOf = (payloads: ReadonlyArray<DraftPayload>): ReadonlySet<string> =>
  new Set(
    payloads.flatMap((payload) =>
      payload.type === "marketing_draft_batch_v1"
        ? payload.variants.map(({ platform, text }) => `${platform} ${text}`)
        : []
    ),
  )

/** What the notes quote out of what was written. */
const quotedOf = (notes: string, written: ReadonlySet<string>): ReadonlyArray<string> =>
  [...notes.matchAll(QUOTED)].flatMap(([, ...groups]) => {
    const quoted = plain(groups.find((group) => group !== undefined) ?? "")
    return quoted !== "" && [...written].some((text) => mentions(text, [quoted])) ? [quoted] : []
  })

/** The first batch of this revision whose posts are all new. Throws where the notes leave none. */
export const changed = (
  input: MakerInput,
  { before, notes, revision }: NonNullable<MakerInput["changes"]>,
  batchOf: (input: MakerInput, shift: number) => Draft,
): Draft => {
  const written = textsOf(before)
  const config = withNever(input.hire.config, quotedOf(notes, written))
  const asked = { ...input, hire: { ...input.hire, config } }
  for (let nth = 0; nth < TRIES; nth++) {
    const draft = batchOf(asked, NEXT_REVISION * (revision - 1) + nth)
    if ([...textsOf([draft.payload])].every((text) => !written.has(text))) return draft
  }
  throw new Error(`no posts are left that differ from those of the ${revision - 1} revisions before`)
}

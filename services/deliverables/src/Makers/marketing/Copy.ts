/** The sentences of posts in one language: health education, no medical promises. */

/** The subject of a post. */
export interface Occasion {
  /** The topic; the service when the settings name no topic. */
  readonly subject: string
  readonly service: string
  readonly brand: string
  readonly location: string
}

type Line = (occasion: Occasion) => string

/**
 * A language. Every post has an opening and a nudge: no two pairs read the same, and there are more of them than a goal has
 * slots in which nothing may repeat (Choice.ts). Each sentence ends with a mark, so that joined ones stay apart.
 */
export interface Copy {
  readonly openings: ReadonlyArray<Line>
  /** Short sentences that name nobody. */
  readonly nudges: ReadonlyArray<string>
  readonly titles: ReadonlyArray<Line>
  readonly teachings: ReadonlyArray<string>
  readonly offers: ReadonlyArray<Line>
  readonly invites: ReadonlyArray<Line>
  /** Invitations after an offer, which names the practice. */
  readonly asks: ReadonlyArray<string>
  readonly greeting: Line
  readonly inThisVideo: string
  readonly signature: (by: string) => string
  readonly disclaimer: string
  readonly tags: ReadonlyArray<string>
  /** The subject when the hire may name neither the topic nor the service. */
  readonly health: string
  /** The brand when the config has no name. */
  readonly unnamed: string
}

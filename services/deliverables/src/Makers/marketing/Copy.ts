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

/** A language. It has ten openings and ten titles, one for each post that a platform may get in a batch. */
export interface Copy {
  readonly openings: ReadonlyArray<Line>
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
  /** The brand when the config has no name. */
  readonly unnamed: string
}

/** The words that posts are made of, in one language. Health education, no medical promises. */

/** What a post is written about. */
export interface Occasion {
  /** The topic, or the service when no topic was asked for. */
  readonly subject: string
  readonly service: string
  readonly brand: string
  readonly location: string
}

type Line = (occasion: Occasion) => string

/** A language. Openings and titles are ten each, which is the most posts that a platform gets, so that none repeats. */
export interface Copy {
  readonly openings: ReadonlyArray<Line>
  readonly titles: ReadonlyArray<Line>
  readonly teachings: ReadonlyArray<string>
  readonly offers: ReadonlyArray<Line>
  readonly invites: ReadonlyArray<Line>
  /** Invitations that follow an offer, which has named the practice already. */
  readonly asks: ReadonlyArray<string>
  readonly greeting: Line
  readonly inThisVideo: string
  readonly signature: (by: string) => string
  readonly disclaimer: string
  readonly tags: ReadonlyArray<string>
  /** What stands for a brand that has no name. */
  readonly unnamed: string
}

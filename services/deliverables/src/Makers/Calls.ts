/** The calls of makers: recorded before they are sent (`making_calls`), so that what is not known to have ended counts (domain.md). */

/** A call that is about to be sent. */
export interface NewCall {
  /** The place that is called. */
  readonly place: string
  /** The model's id at its provider; null for a program. */
  readonly model: string | null
  /** The most that it can cost, in millionths of the unit in which the models have their prices; 0 where nothing is known of it. */
  readonly max_cost: number
  /** The most tokens that it can use, in and out together; 0 where nothing is known of it. */
  readonly max_tokens: number
}

/** answered: it said something of use or not. refused, failed: it said so. unreached: it was never there, nothing was used. */
export type CallOutcome = "answered" | "refused" | "failed" | "unreached"

/** How a call ended. */
export interface CallEnd {
  readonly outcome: CallOutcome
  readonly tokens_in: number
  readonly tokens_out: number
  /** In millionths, rounded up; what counts against the budget from now on. */
  readonly cost: number
  /** One line, without any secret. */
  readonly error?: string
}

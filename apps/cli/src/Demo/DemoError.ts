/** Why the demo, or a scene of it, can't go on: one sentence for the person who watches. */
export class DemoError extends Error {
  override readonly name = "DemoError"
}

/** The sentence of anything that was thrown. */
export const sentenceOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

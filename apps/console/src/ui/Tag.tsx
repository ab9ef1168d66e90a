/** A state in a word: its colour repeats what the word says, never alone. */
import type { ReactNode } from "react"

/** What a colour means: waits for a person, done, failed, under way, or nothing. */
export type Kind = "wait" | "ok" | "bad" | "run" | "plain"

/** A tag. */
export const Tag = (
  { children, kind = "plain" }: { readonly kind?: Kind; readonly children: ReactNode },
): ReactNode => <span className="tag" data-kind={kind}>{children}</span>

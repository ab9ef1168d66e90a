/** What is to be known before anything else on a page: a state in a word, a sentence, and a way on. */
import type { ReactNode } from "react"
import { type Kind, Tag } from "./Tag.tsx"

/** A note. */
export const Note = ({ children, kind, to, word }: {
  readonly kind: Kind
  readonly word: string
  readonly children: ReactNode
  /** Where it leads. */
  readonly to?: ReactNode
}): ReactNode => (
  <div className="card note" role="status">
    <Tag kind={kind}>{word}</Tag>
    <p>{children}</p>
    {to}
  </div>
)

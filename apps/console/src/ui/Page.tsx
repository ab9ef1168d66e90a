/** The frame of a screen: its title and what stands beside it, then its content. */
import type { ReactNode } from "react"
import { useEffect } from "react"

interface PageProps {
  readonly title: string
  /** Beside the title: a count, a state, a way back. */
  readonly beside?: ReactNode
  /** At the end of the header: filters and actions. */
  readonly actions?: ReactNode
  /** Whether the content has its own frame, instead of the padding of a page. */
  readonly bare?: boolean
  readonly children: ReactNode
}

/** Sets the title of the tab. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = `${title} · Stint`
  }, [title])
}

/** A screen. */
export const Page = ({ actions, bare = false, beside, children, title }: PageProps): ReactNode => {
  useTitle(title)
  return (
    <div className="page">
      <header>
        <h1>{title}</h1>
        {beside}
        <span className="spring" />
        {actions}
      </header>
      {bare ? children : <div className="content">{children}</div>}
    </div>
  )
}

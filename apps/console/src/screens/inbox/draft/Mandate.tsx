/** The ways from a draft to mandates: the one that approved it, and a new one for drafts like it. */
import { useRouter } from "@tanstack/react-router"
import type { MouseEvent, ReactNode } from "react"

/** A link to an address that this console may have or not; the words alone where it has none. */
const Onward = ({ children, href, route }: {
  readonly href: string
  /** The pattern of its route. */
  readonly route: string
  readonly children: ReactNode
}): ReactNode => {
  const router = useRouter()
  if (!Object.hasOwn(router.routesByPath, route)) return children
  const go = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    router.history.push(href)
  }
  return <a href={href} onClick={go}>{children}</a>
}

/** The mandate of an approval. */
export const MandateLink = ({ children, id }: { readonly id: string; readonly children: ReactNode }): ReactNode => {
  const { routesByPath } = useRouter()
  const own = Object.hasOwn(routesByPath, "/mandates/$mandate")
  return (
    <Onward
      href={own ? `/mandates/${encodeURIComponent(id)}` : "/mandates"}
      route={own ? "/mandates/$mandate" : "/mandates"}
    >
      {children}
    </Onward>
  )
}

/** Begins a mandate with a draft; nothing where there are no mandates. */
export const ByRule = ({ id }: { readonly id: string }): ReactNode => {
  const { routesByPath } = useRouter()
  if (!Object.hasOwn(routesByPath, "/mandates/new")) return null
  return (
    <p className="dim">
      <Onward href={`/mandates/new?from=${encodeURIComponent(id)}`} route="/mandates/new">
        Sign drafts like this without asking me
      </Onward>
    </p>
  )
}

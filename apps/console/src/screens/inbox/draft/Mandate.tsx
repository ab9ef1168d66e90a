/** The ways from a draft to mandates: the one that approved it, and a new one for drafts like it. */
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { useMay } from "../../../shell/User.ts"

/** The mandate of an approval. */
export const MandateLink = ({ children, id }: { readonly id: string; readonly children: ReactNode }): ReactNode => (
  <Link to="/mandates/$mandate" params={{ mandate: id }}>{children}</Link>
)

/** Begins a mandate with a draft, for who may sign one. */
export const ByRule = ({ id }: { readonly id: string }): ReactNode =>
  useMay("reviewer")
    ? (
      <p className="dim">
        <Link to="/mandates/new" search={{ from: id }}>Sign drafts like this without asking me</Link>
      </p>
    )
    : null

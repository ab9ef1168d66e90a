/** Where a draft goes once it is executed. */
import type { DeliveryTarget } from "@stint/domain/Definition/HireSettings"
import type { ReactNode } from "react"

/** The target in words. */
export const Target = ({ target }: { readonly target: DeliveryTarget }): ReactNode => {
  if (target.target === "journal") return <>the local journal, nobody outside</>
  const host = URL.parse(target.url ?? "")?.host ?? target.url
  return (
    <span title={target.url}>
      {host} <span className="faint">signed with {target.secret_ref}</span>
    </span>
  )
}

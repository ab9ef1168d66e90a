/** A hire by its id alone: it is shown at its customer. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Navigate } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { hireQuery } from "../../api/Hires.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"

const route = getRouteApi("/app/hires/$hire")

/** The way to it. */
export const HireById = (): ReactNode => {
  const { hire } = route.useParams()
  const query = useQuery(hireQuery(hire))
  return (
    <Page title="Agent">
      <Loaded of={query} skeleton={<Bone height={180} />}>
        {({ customer_id }) => (
          <Navigate to="/customers/$customer" params={{ customer: customer_id }} search={{ hire }} replace />
        )}
      </Loaded>
    </Page>
  )
}

/** What signs in the customer's place: all mandates, and one by its own address. */
import { Button } from "@mantine/core"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { forwardRef, type ReactNode } from "react"
import { mandateQuery, mandatesQuery } from "../../api/Mandates.ts"
import { counted } from "../../format/Words.ts"
import { useCustomer, useMay } from "../../shell/User.ts"
import { More } from "../../ui/More.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Card } from "./Card.tsx"

const route = getRouteApi("/app/mandates/$mandate")

/** A link that looks like a button. */
const WriteOne = forwardRef<HTMLAnchorElement>((_, ref) => (
  <Button ref={ref} component={Link} to="/mandates/new">Write a mandate</Button>
))

/** The screen of all. */
export const Mandates = (): ReactNode => {
  const query = useInfiniteQuery(mandatesQuery(useCustomer()))
  const items = query.data?.pages.flatMap((page) => page.items)
  const live = items?.filter(({ state }) => state === "active" || state === "used_up").length ?? 0
  return (
    <Page
      title="Mandates"
      beside={live === 0 ? null : <span className="dim">{counted(live, "is in force", "are in force")}</span>}
      actions={useMay("reviewer") ? <WriteOne /> : <span className="dim">To sign one is the duty of a reviewer</span>}
    >
      <Loaded of={{ ...query, data: items }} skeleton={<Bone height={150} />}>
        {(all) =>
          all.length === 0
            ? (
              <Empty title="Every draft asks you">
                <p>
                  A mandate signs what you would sign anyway: drafts that keep to rules of yours, so many a day, until a
                  date. Begin with a draft in your inbox, or write the rules yourself.
                </p>
              </Empty>
            )
            : (
              <div className="column">
                {all.map((mandate) => <Card key={mandate.mandate_id} mandate={mandate} />)}
                <More of={query} />
              </div>
            )}
      </Loaded>
    </Page>
  )
}

/** The screen of one, to which a draft that it signed leads. */
export const OneMandate = (): ReactNode => {
  const query = useQuery(mandateQuery(route.useParams().mandate))
  return (
    <Page title="Mandate" beside={<Link to="/mandates" className="dim">‹ All mandates</Link>}>
      <Loaded of={query} skeleton={<Bone height={150} />}>
        {(mandate) => (
          <div className="column">
            <Card mandate={mandate} />
          </div>
        )}
      </Loaded>
    </Page>
  )
}

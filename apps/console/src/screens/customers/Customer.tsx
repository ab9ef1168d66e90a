/** One customer: its record, its subscriptions with what an operator does to them, and its hires with their goals. */
import { Button } from "@mantine/core"
import { CustomerId } from "@stint/domain/Ids"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { customerQuery, verifyCustomer } from "../../api/Customers.ts"
import { hiresQuery } from "../../api/Hires.ts"
import { subscriptionsQuery } from "../../api/Subscriptions.ts"
import { statusQuery } from "../../api/Operations.ts"
import { ownZone } from "../../format/Time.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Id } from "../../ui/Id.tsx"
import { Ago } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Failed, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { PauseForm, ResumeForm } from "../scheduler/PauseForms.tsx"
import { Hires } from "./Hires.tsx"
import { Subscriptions } from "./Subscriptions.tsx"

const route = getRouteApi("/app/customers/$customer")

const Record = ({ id }: { readonly id: string }): ReactNode => {
  const query = useQuery(customerQuery(id))
  const client = useQueryClient()
  const operator = useIsOperator()
  const verify = () =>
    void verifyCustomer(id).then(
      (customer) => {
        client.setQueryData(customerQuery(id).queryKey, customer)
        toast("ok", "The contacts are verified.")
      },
      (error: unknown) => toast("bad", failureOf(error).message),
    )
  if (query.isError && query.data === undefined) {
    return failureOf(query.error).status === 404
      ? <p className="dim">This customer has no record. It can hire all the same.</p>
      : <Failed error={query.error} retry={query.refetch} />
  }
  return (
    <Loaded of={query} skeleton={<Bone height={180} />}>
      {(customer) => (
        <dl className="facts card padded">
          <dt>Person</dt>
          <dd>{customer.full_name}</dd>
          <dt>E-mail</dt>
          <dd>{customer.email}</dd>
          <dt>Phone</dt>
          <dd>{customer.phone}</dd>
          <dt>Prefers</dt>
          <dd>
            {customer.preferred_contact_method},{" "}
            {customer.consent ? "agreed to be contacted" : "did not agree to be contacted"}
          </dd>
          <dt>Contacts</dt>
          <dd>
            {customer.verified_at === null
              ? (
                <>
                  <Tag kind="wait">not verified</Tag> {operator
                    ? <button type="button" className="link-button" onClick={verify}>They are the customer's</button>
                    : null}
                </>
              )
              : (
                <>
                  verified <Ago at={customer.verified_at} zone={ownZone} />
                </>
              )}
          </dd>
          <dt>Industry</dt>
          <dd>{customer.business_industry}</dd>
          <dt>Address</dt>
          <dd>{customer.business_address}</dd>
          {customer.website === undefined ? null : (
            <>
              <dt>Website</dt>
              <dd>{customer.website}</dd>
            </>
          )}
          {customer.gst_number === undefined ? null : (
            <>
              <dt>GST number</dt>
              <dd>{customer.gst_number}</dd>
            </>
          )}
        </dl>
      )}
    </Loaded>
  )
}

type Asked = "pause" | "resume" | undefined

/** The screen of a customer. */
export const CustomerScreen = (): ReactNode => {
  const { customer: id } = route.useParams()
  const customer_id = CustomerId.make(id)
  const record = useQuery(customerQuery(id)).data
  const subscriptions = useQuery(subscriptionsQuery(customer_id))
  const hires = useQuery(hiresQuery(customer_id))
  const paused = useQuery(statusQuery).data?.scopes.find(({ scope }) => scope.customer_id === id)
  const operator = useIsOperator()
  const [asked, setAsked] = useState<Asked>()
  const ask = () => setAsked(paused === undefined ? "pause" : "resume")
  useActions(
    operator
      ? [{ label: paused === undefined ? "Pause this customer" : "Resume this customer", keys: "p", run: ask }]
      : [],
  )
  return (
    <Page
      title={record?.business_name ?? id}
      beside={paused === undefined
        ? null
        : <Tag kind="wait">{paused.reason === null ? "paused" : `paused: ${paused.reason}`}</Tag>}
      actions={
        <>
          <Link className="dim" to="/runs" search={{ customer: id }}>Runs</Link>
          {operator
            ? <Button size="xs" variant="default" onClick={ask}>{paused === undefined ? "Pause…" : "Resume…"}</Button>
            : null}
        </>
      }
    >
      <div className="wide-column">
        <p className="dim">
          Customer <Id id={id} whole />
        </p>
        <Record id={id} />
        <section>
          <div className="section-head">
            <h2>Subscriptions</h2>
          </div>
          <Loaded of={subscriptions} skeleton={<Bone height={90} />}>
            {(subscriptions) => <Subscriptions subscriptions={subscriptions} />}
          </Loaded>
        </section>
        <section>
          <div className="section-head">
            <h2>Agents</h2>
          </div>
          <Loaded of={hires} skeleton={<Bone height={120} />}>
            {(hires) => <Hires hires={hires} />}
          </Loaded>
        </section>
      </div>
      {asked === "pause" ? <PauseForm scope={{ customer_id: id }} close={() => setAsked(undefined)} /> : null}
      {asked === "resume" ? <ResumeForm scope={{ customer_id: id }} close={() => setAsked(undefined)} /> : null}
    </Page>
  )
}

/** Customers: those that have a record, and any other one by its id. */
import { Button } from "@mantine/core"
import { useInfiniteQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type FormEvent, type ReactNode, useRef, useState } from "react"
import { customersQuery } from "../../api/Customers.ts"
import { ownZone } from "../../format/Time.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./customers.module.css"
import { NewCustomerForm } from "./NewCustomerForm.tsx"

const route = getRouteApi("/app/customers")

const Find = ({ field }: { readonly field: React.RefObject<HTMLInputElement | null> }): ReactNode => {
  const { email } = route.useSearch()
  const navigate = route.useNavigate()
  const [asked, setAsked] = useState(email ?? "")
  const go = (event: FormEvent) => {
    event.preventDefault()
    const text = asked.trim()
    if (text === "") void navigate({ search: {} })
    // a subject may have an @ as well; an address has a domain with a dot behind it
    else if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text)) void navigate({ search: { email: text } })
    else if (/^HAI-/i.test(text)) void navigate({ to: "/hires/$hire", params: { hire: text } })
    else void navigate({ to: "/customers/$customer", params: { customer: text } })
  }
  return (
    <form className={styles.find} onSubmit={go} role="search">
      <input
        ref={field}
        className="field-input"
        aria-label="Customer id, hire id or e-mail address"
        placeholder="Customer id, hire id or e-mail address"
        value={asked}
        onChange={(event) => setAsked(event.target.value)}
      />
      <Button type="submit" size="xs" variant="default">Open</Button>
    </form>
  )
}

/** The screen. */
export const Customers = (): ReactNode => {
  const { email } = route.useSearch()
  const query = useInfiniteQuery(customersQuery(email))
  const operator = useIsOperator()
  const [making, setMaking] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useActions([
    { label: "Find a customer", keys: "f", run: () => field.current?.focus() },
    ...(operator ? [{ label: "Make a customer's record", keys: "n", run: () => setMaking(true) }] : []),
  ])
  const customers = query.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <Page
      title="Customers"
      actions={
        <>
          <Link className="dim" to="/subscriptions">All subscriptions</Link>
          {operator ? <Button size="xs" variant="default" onClick={() => setMaking(true)}>New customer…</Button> : null}
        </>
      }
    >
      <div className="wide-column">
        <Find key={email ?? ""} field={field} />
        <Loaded of={query} skeleton={<Bone height={240} />}>
          {() =>
            customers.length === 0
              ? (
                <Empty title={email === undefined ? "No customer has a record yet" : "No customer has that address"}>
                  <p>A customer can hire without a record: open it by its id.</p>
                  {email === undefined ? null : <Link to="/customers">Show all</Link>}
                </Empty>
              )
              : (
                <Table
                  label="Customers"
                  columns={[
                    { label: "Business" },
                    { label: "Person", wide: true },
                    { label: "E-mail", wide: true },
                    { label: "Contacts" },
                    { label: "Since", wide: true },
                  ]}
                  rows={customers.map((customer) => ({
                    key: customer.customer_id,
                    cells: [
                      <Link key="business" to="/customers/$customer" params={{ customer: customer.customer_id }}>
                        {customer.business_name}
                      </Link>,
                      customer.full_name,
                      customer.email,
                      customer.verified_at === null
                        ? <Tag key="tag" kind="wait">not verified</Tag>
                        : <Tag key="tag" kind="ok">verified</Tag>,
                      <Ago key="since" at={customer.created_at} zone={ownZone} />,
                    ],
                  }))}
                />
              )}
        </Loaded>
        <More of={query} />
      </div>
      {making ? <NewCustomerForm close={() => setMaking(false)} /> : null}
    </Page>
  )
}

/** Makes a customer's record under a new id, with contacts that the operator has verified. */
import { NativeSelect, TextInput } from "@mantine/core"
import { ContactMethod, NewCustomer } from "@stint/domain/hiring/Customers"
import { issuesUnder } from "@stint/domain/FieldIssues"
import { useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { type ReactNode, useRef, useState } from "react"
import { CallFailed, failureOf, idempotencyKey } from "../../api/Client.ts"
import { makeCustomer } from "../../api/Customers.ts"
import { titled } from "../../format/Words.ts"
import { Ask, Choice } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"

const required = ["full_name", "email", "phone", "business_name", "business_industry", "business_address"] as const
const optional = ["website", "gst_number"] as const
const issuesOf = issuesUnder(NewCustomer)
const labels: Readonly<Record<string, string>> = {
  email: "E-mail",
  phone: "Phone, with country",
  gst_number: "GST number",
}

/** The form. It ends at the customer. */
export const NewCustomerForm = ({ close }: { readonly close: () => void }): ReactNode => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({})
  const [method, setMethod] = useState<ContactMethod>("email")
  const [consent, setConsent] = useState(false)
  const key = useRef(idempotencyKey())
  const act = async () => {
    const body = {
      ...Object.fromEntries(Object.entries(typed).filter(([, text]) => text.trim() !== "")),
      preferred_contact_method: method,
      consent,
    } as typeof NewCustomer.Encoded
    const faults = issuesOf(body)
    if (faults.length > 0) throw new CallFailed("invalid_request", 400, "Some of it is not valid.", faults)
    const { customer_id } = await makeCustomer(body, key.current).catch((error: unknown) => {
      // another input is another request; only what had no answer is repeated under its key
      if (!failureOf(error).passing) key.current = idempotencyKey()
      throw error
    })
    toast("ok", "The record is made.")
    void client.invalidateQueries({ queryKey: ["hires"] })
    await navigate({ to: "/customers/$customer", params: { customer: customer_id } })
  }
  const ready = required.every((name) => (typed[name] ?? "").trim() !== "")
  return (
    <Ask title="New customer" verb="Make the record" act={act} close={close} ready={ready}>
      <p className="dim">It gets a new id, and its contacts count as verified: by your word.</p>
      <div className="fields">
        {[...required, ...optional].map((name) => (
          <TextInput
            key={name}
            label={labels[name] ?? titled(name)}
            required={(required as ReadonlyArray<string>).includes(name)}
            type={name === "email" ? "email" : "text"}
            value={typed[name] ?? ""}
            onChange={({ currentTarget: { value } }) => setTyped({ ...typed, [name]: value })}
          />
        ))}
        <NativeSelect
          label="Prefers"
          value={method}
          data={ContactMethod.literals.map((value) => ({ value, label: titled(value) }))}
          onChange={(event) => setMethod(event.currentTarget.value as ContactMethod)}
        />
      </div>
      <Choice checked={consent} set={setConsent}>The customer agreed to be contacted</Choice>
    </Ask>
  )
}

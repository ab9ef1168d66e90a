/** Writing a mandate: rules that a draft's own values suggest, tried on past drafts, then signed. */
import { Button, NumberInput, Select, TextInput } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { MandatePreview } from "@stint/domain/deliverables/Mandates"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { type ReactNode, useRef, useState } from "react"
import { failureOf, idempotencyKey } from "../../api/Client.ts"
import { deliverableQuery } from "../../api/Deliverables.ts"
import { hiresQuery } from "../../api/Hires.ts"
import { type Asked, previewMandate, signMandate } from "../../api/Mandates.ts"
import { addDays, dayIn, dayStart, zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useCustomer, useMay } from "../../shell/User.ts"
import { Choice, Refused } from "../../ui/Ask.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import styles from "./mandates.module.css"
import { PreviewPart } from "./PreviewPart.tsx"
import { RuleRow } from "./RuleRow.tsx"
import { ruleOf, suggested, type Written } from "./Suggest.ts"

const route = getRouteApi("/app/mandates/new")

/** How long a mandate is valid unless its author says else, in days. */
const USUAL_DAYS = 30

/** What is written so far. */
interface Form {
  readonly hire: string
  readonly goal: string | undefined
  readonly rules: ReadonlyArray<Written>
  readonly most: number
  readonly per: Asked["per"]
  /** A day; undefined until somebody chooses one. */
  readonly until: string | undefined
  readonly executes: boolean
}

const blank = (id: number): Written => ({ id, path: "", op: "eq", value: "", on: true })

const formOf = (draft: Deliverable | undefined): Form => ({
  hire: draft?.hired_instance_id ?? "",
  goal: draft?.goal_instance_id,
  rules: draft === undefined ? [blank(0)] : suggested(draft.payload),
  most: 5,
  per: "day",
  until: undefined,
  executes: false,
})

const used = ({ rules }: Form): ReadonlyArray<Written> => rules.filter(({ on }) => on)

/** The last day in the zone of its agent, which is the mandate's own. */
const untilOf = ({ until }: Form, zone: string): string => until ?? addDays(dayIn(new Date(), zone), USUAL_DAYS)

/** The last second of that day; undefined for a date that is half typed, or of no year of ours. */
const endOf = (form: Form, zone: string): Date | undefined => {
  const day = untilOf(form, zone)
  return /^\d{4}-\d\d-\d\d$/.test(day) ? new Date(dayStart(addDays(day, 1), zone).getTime() - 1_000) : undefined
}

/** As it is sent. What is wrong with it the service says. */
const askedOf = (form: Form, end: Date): Asked => ({
  hired_instance_id: form.hire,
  ...(form.goal === undefined ? {} : { goal_instance_id: form.goal }),
  rules: used(form).map(ruleOf) as Asked["rules"],
  max_uses: form.most,
  per: form.per,
  valid_until: end.toISOString(),
  action: form.executes ? "execute" : "approve",
})

/** How often, until when, and what then. */
const Limits = ({ form, set, zone }: {
  readonly form: Form
  readonly zone: string | undefined
  readonly set: (form: Form) => void
}): ReactNode => {
  const end = zone === undefined ? undefined : endOf(form, zone)
  return (
    <>
      <div className={styles.row}>
        <NumberInput
          label="At most"
          min={1}
          max={10_000}
          value={form.most}
          onChange={(most) => set({ ...form, most: Number(most) })}
        />
        <Select
          label="Each"
          data={["day", "week", "month"]}
          value={form.per}
          allowDeselect={false}
          onChange={(per) => set({ ...form, per: per as Asked["per"] })}
        />
        <TextInput
          label="Until the end of"
          type="date"
          value={zone === undefined ? form.until ?? "" : untilOf(form, zone)}
          inputWrapperOrder={["label", "input", "description", "error"]}
          description={end === undefined || zone === undefined
            ? "In the agent's time zone"
            : <Instant at={end} zone={zone} named />}
          onChange={(event) => set({ ...form, until: event.currentTarget.value })}
        />
      </div>
      <Choice checked={form.executes} set={(executes) => set({ ...form, executes })}>
        Execute at once what it approved
      </Choice>
    </>
  )
}

/** The fault of the n-th rule that was sent. */
const faultOf = (error: unknown, nth: number): string | undefined =>
  error === undefined ? undefined : failureOf(error).faults.find(({ path }) => path.includes(`rules[${nth}]`))?.message

const Editor = ({ draft }: { readonly draft: Deliverable | undefined }): ReactNode => {
  const [form, setForm] = useState(() => formOf(draft))
  const [tried, setTried] = useState<{ readonly preview: MandatePreview; readonly rules: ReadonlyArray<Written> }>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const maySign = useMay("reviewer")
  const key = useRef(idempotencyKey())
  const navigate = useNavigate()
  const client = useQueryClient()
  const hires = useQuery(hiresQuery(useCustomer())).data ?? []
  const hire = hires.find(({ hired_instance_id }) => hired_instance_id === form.hire)
  const zone = hire === undefined ? undefined : zoneOf(hire.config)
  const end = zone === undefined ? undefined : endOf(form, zone)
  const set = (next: Form) => {
    // another mandate: a preview and a key of the one before say nothing of it
    key.current = idempotencyKey()
    setTried(undefined)
    setForm(next)
  }
  const act = (work: () => Promise<unknown>) => {
    setBusy(true)
    setError(undefined)
    work().catch(setError).finally(() => setBusy(false))
  }
  // a date that is half typed is none
  const asked = end === undefined || used(form).length === 0 ? undefined : askedOf(form, end)
  const sign = async (mandate: Asked) => {
    await signMandate(mandate, key.current)
    await client.invalidateQueries({ queryKey: ["deliverables", "mandates"] })
    await navigate({ to: "/mandates" })
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (asked !== undefined && maySign && !busy) act(() => sign(asked))
      }}
    >
      <Select
        label="Agent"
        placeholder="Whose drafts it signs"
        data={hires.map((hire) => ({ value: hire.hired_instance_id, label: hireName(hire) }))}
        value={form.hire === "" ? null : form.hire}
        onChange={(hire) => set({ ...form, hire: hire ?? "", goal: undefined })}
      />
      {draft === undefined ? null : (
        <Choice
          checked={form.goal !== undefined}
          set={(only) => set({ ...form, goal: only ? draft.goal_instance_id : undefined })}
        >
          Drafts of this goal alone: {titled(draft.goal_template_id)}
        </Choice>
      )}
      <section aria-label="Rules" className={styles.form}>
        <h2 className="section-title">Sign a draft when all of this holds</h2>
        {form.rules.map((rule, index) => (
          <RuleRow
            key={rule.id}
            rule={rule}
            fault={rule.on ? faultOf(error, used(form).indexOf(rule)) : undefined}
            set={(changed) => set({ ...form, rules: form.rules.with(index, changed) })}
          />
        ))}
        <div>
          <Button
            variant="default"
            onClick={() =>
              set({ ...form, rules: [...form.rules, blank(Math.max(-1, ...form.rules.map(({ id }) => id)) + 1)] })}
          >
            Add a rule
          </Button>
        </div>
      </section>
      <Limits form={form} set={set} zone={zone} />
      {error === undefined ? null : <Refused error={error} />}
      {tried === undefined ? null : <PreviewPart {...tried} />}
      <div className={styles.buttons}>
        <Button
          variant="default"
          disabled={asked === undefined}
          loading={busy}
          onClick={() =>
            asked !== undefined &&
            act(async () => setTried({ preview: await previewMandate(asked), rules: used(form) }))}
        >
          Try it on past drafts
        </Button>
        {maySign
          ? <Button type="submit" disabled={asked === undefined || busy}>Sign the mandate</Button>
          : <span className="dim">You may try it. To sign it is the duty of a reviewer.</span>}
      </div>
    </form>
  )
}

/** The screen. */
export const NewMandate = (): ReactNode => {
  const { from } = route.useSearch()
  const query = useQuery({ ...deliverableQuery(from ?? ""), enabled: from !== undefined })
  return (
    <Page title="Write a mandate">
      <div className="column">
        {from === undefined ? <Editor draft={undefined} /> : (
          <Loaded of={query} skeleton={<Bone height={300} />}>
            {(draft) => <Editor key={draft.deliverable_id} draft={draft} />}
          </Loaded>
        )}
      </div>
    </Page>
  )
}

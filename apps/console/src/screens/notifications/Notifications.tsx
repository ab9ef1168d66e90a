/** `/notifications`: how one is told of what, and the messages that were sent. */
import { Autocomplete, Button, NativeSelect, NumberInput, Switch, TextInput } from "@mantine/core"
import { NoticeChoice, noticeEvents, type Reviewer } from "@stint/domain/deliverables/Reviewers"
import type { CustomerId } from "@stint/domain/Ids"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { reviewerQuery, setReviewer } from "../../api/Notices.ts"
import { Form, Refusal } from "../../form/Form.tsx"
import "../../form/Inputs.ts"
import { faultAt, focusFirst } from "../../form/Values.ts"
import { zones } from "../../form/Zones.ts"
import { ownZone } from "../../format/Time.ts"
import { useCustomer, useUser } from "../../shell/User.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { Channels } from "./Channels.tsx"
import { Log } from "./Log.tsx"
import styles from "./notifications.module.css"
import { choiceWords, eventWords, type Form as Held, formOf, settingsOf } from "./Settings.ts"

interface PartProps {
  readonly form: Held
  readonly set: (change: Partial<Held>) => void
  readonly fault: (path: string) => string | undefined
}

const Events = ({ form, set }: PartProps): ReactNode => (
  <div className={styles.events}>
    {noticeEvents.map((event) => (
      <NativeSelect
        key={event}
        label={eventWords[event]}
        value={form.events[event]}
        data={NoticeChoice.literals.map((value) => ({ value, label: choiceWords[value] }))}
        onChange={({ currentTarget: { value } }) => set({ events: { ...form.events, [event]: value as NoticeChoice } })}
      />
    ))}
  </div>
)

const Hours = ({ fault, form, set }: PartProps): ReactNode => (
  <>
    <Autocomplete
      id="$.timezone"
      label="Time zone"
      data={zones}
      limit={30}
      value={form.timezone}
      error={fault("$.timezone")}
      onChange={(timezone) => set({ timezone })}
    />
    <TextInput
      id="$.digest_at"
      label="Digest at"
      type="time"
      value={form.digest_at}
      error={fault("$.digest_at")}
      onChange={(event) => set({ digest_at: event.currentTarget.value })}
    />
    <Switch
      label="Quiet hours: nothing is sent, and what waited comes as one message"
      checked={form.quiet}
      onChange={(event) => set({ quiet: event.currentTarget.checked })}
    />
    {form.quiet
      ? (
        <div className={styles.pair}>
          {(["from", "to"] as const).map((part) => (
            <TextInput
              key={part}
              id={`$.quiet_hours.${part}`}
              label={part === "from" ? "Quiet from" : "Quiet until"}
              type="time"
              value={form[part]}
              error={fault(`$.quiet_hours.${part}`)}
              onChange={(event) => set({ [part]: event.currentTarget.value })}
            />
          ))}
        </div>
      )
      : null}
  </>
)

const Escalation = ({ fault, form, set }: PartProps): ReactNode => (
  <div className={styles.pair}>
    <TextInput
      id="$.escalation.to"
      label="If I do not decide, tell"
      description="A person of yours that has settings; empty: nobody"
      value={form.escalate_to}
      error={fault("$.escalation.to")}
      onChange={(event) => set({ escalate_to: event.currentTarget.value })}
    />
    <NumberInput
      id="$.escalation.after_seconds"
      label="After minutes"
      min={1}
      value={form.escalate_minutes}
      error={fault("$.escalation.after_seconds")}
      onChange={(value) => set({ escalate_minutes: String(value) })}
    />
  </div>
)

const Settings = ({ customer, person, reviewer }: {
  readonly customer: CustomerId
  readonly person: string
  readonly reviewer: Reviewer | null
}): ReactNode => {
  const stored = formOf(reviewer, ownZone)
  const [form, setForm] = useState(stored)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: () => setReviewer(customer, person, settingsOf(form)),
    onSuccess: (now) => {
      client.setQueryData(reviewerQuery(customer, person).queryKey, now)
      setForm(formOf(now, ownZone))
      toast("ok", "Saved.")
    },
    onError: (error) => setTimeout(() => focusFirst(failureOf(error).faults)),
  })
  const faults = save.isError ? failureOf(save.error).faults : []
  const part: PartProps = {
    form,
    set: (change) => setForm((before) => ({ ...before, ...change })),
    fault: (path) => faultAt(faults, path, true),
  }
  return (
    <Form submit={() => save.mutate()}>
      <h2 className="section-title">Where to</h2>
      {form.channels.length === 0 ? <p className="dim">Nothing is sent until you add one.</p> : null}
      <Channels
        channels={form.channels}
        stored={reviewer?.channels ?? []}
        faults={faults}
        change={(channels) => part.set({ channels })}
      />
      <h2 className="section-title">Of what</h2>
      <Events {...part} />
      <h2 className="section-title">When</h2>
      <Hours {...part} />
      <Escalation {...part} />
      <Refusal of={save} />
      <div>
        <Button type="submit" disabled={JSON.stringify(form) === JSON.stringify(stored)} loading={save.isPending}>
          Save
        </Button>
      </div>
    </Form>
  )
}

/** The screen. */
export const Notifications = (): ReactNode => {
  const customer = useCustomer()
  const { subject } = useUser()
  return (
    <Page title="Notifications">
      <div className="column">
        <Loaded of={useQuery(reviewerQuery(customer, subject))} skeleton={<Bone height={480} />}>
          {(reviewer) => <Settings customer={customer} person={subject} reviewer={reviewer} />}
        </Loaded>
        <section>
          <h2 className="section-title">What was sent</h2>
          <Log customer={customer} person={subject} />
        </section>
      </div>
    </Page>
  )
}

/** `settings.execution` of a hire: the local journal, or a signed request to a webhook. An approval covers it as well. */
import { Button, TextInput } from "@mantine/core"
import { ExecutionTarget, HireSettings } from "@stint/domain/Definition/HireSettings"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Schema } from "effect"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { draftHire, hireQuery } from "../../api/Hires.ts"
import { Form, Refusal } from "../../form/Form.tsx"
import "../../form/Inputs.ts"
import { faultAt, focusFirst } from "../../form/Values.ts"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./agents.module.css"

const decode = Schema.decodeUnknownOption(HireSettings)

const labels: Record<typeof ExecutionTarget.Type, string> = {
  journal: "The local journal: a line in a file, nobody outside",
  webhook: "A webhook of yours: a signed request",
}

interface Form {
  readonly target: typeof ExecutionTarget.Type
  readonly url: string
  readonly secret_ref: string
}

const formOf = (settings: unknown): Form => {
  const decoded = decode(settings)
  const execution = decoded._tag === "Some" ? decoded.value.execution : undefined
  return { target: execution?.target ?? "journal", url: execution?.url ?? "", secret_ref: execution?.secret_ref ?? "" }
}

const settingsOf = ({ secret_ref, target, url }: Form) =>
  target === "journal" ? { execution: { target } } : {
    execution: { target, ...(url === "" ? {} : { url }), ...(secret_ref === "" ? {} : { secret_ref }) },
  }

/** The form. */
export const TargetForm = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const { active, agent_id, settings, subscription_id } = hire
  const stored = formOf(settings)
  const [form, setForm] = useState(stored)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: () => draftHire({ subscription_id, agent_id, settings: { ...settings, ...settingsOf(form) } }),
    onSuccess: (now) => {
      client.setQueryData(hireQuery(now.hired_instance_id).queryKey, now)
      toast("ok", "Saved. What was approved for another place has to be approved again.")
    },
    onError: (error) => setTimeout(() => focusFirst(failureOf(error).faults)),
  })
  const { faults } = failureOf(save.error)
  const error = (key: string) => save.isError ? faultAt(faults, `$.settings.execution.${key}`, true) : undefined
  const changed = JSON.stringify(form) !== JSON.stringify(stored)
  return (
    <Form submit={() => save.mutate()}>
      <fieldset className={styles.choices} disabled={!active}>
        <legend className="visually-hidden">Target</legend>
        {ExecutionTarget.literals.map((target) => (
          <label key={target} className={styles.choice}>
            <input
              type="radio"
              name="target"
              checked={form.target === target}
              onChange={() => setForm({ ...form, target })}
            />
            {labels[target]}
          </label>
        ))}
      </fieldset>
      {form.target === "webhook"
        ? (
          <>
            <TextInput
              id="$.settings.execution.url"
              label="Address"
              description="Its host must be one that the operator has allowed"
              type="url"
              required
              disabled={!active}
              value={form.url}
              error={error("url")}
              onChange={(event) => setForm({ ...form, url: event.currentTarget.value })}
            />
            <TextInput
              id="$.settings.execution.secret_ref"
              label="Signing secret"
              description="The name of the secret, never the secret itself"
              required
              disabled={!active}
              value={form.secret_ref}
              error={error("secret_ref")}
              onChange={(event) => setForm({ ...form, secret_ref: event.currentTarget.value })}
            />
          </>
        )
        : null}
      <Refusal of={save} />
      {active
        ? (
          <div>
            <Button type="submit" disabled={!changed} loading={save.isPending}>Save</Button>
          </div>
        )
        : null}
    </Form>
  )
}

/** `settings.budget` of a hire: what its models may cost in a month, and how many tokens a run may use. */
import { Button, TextInput } from "@mantine/core"
import { HireSettings } from "@stint/domain/Definition/HireSettings"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Schema } from "effect"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { draftHire, hireQuery } from "../../api/Hires.ts"
import { spendingQuery } from "../../api/Makers.ts"
import { Form, Refusal } from "../../form/Form.tsx"
import "../../form/Inputs.ts"
import { faultAt, focusFirst } from "../../form/Values.ts"
import { toast } from "../../ui/Toasts.tsx"

const decode = Schema.decodeUnknownOption(HireSettings)

const limits = {
  max_cost_per_month: {
    label: "At most a month",
    description: "In the currency of the models' prices; a run that could pass it is cancelled. Empty: no limit",
  },
  max_tokens_per_run: {
    label: "Tokens, at most a run",
    description: "In and out, of all its calls. Empty: no limit",
  },
} as const

type Limit = keyof typeof limits
const names = Object.keys(limits) as ReadonlyArray<Limit>

const formOf = (settings: unknown): Readonly<Record<Limit, string>> => {
  const decoded = decode(settings)
  const { max_cost_per_month = "", max_tokens_per_run = "" } = decoded._tag === "Some" ? decoded.value.budget ?? {} : {}
  return { max_cost_per_month: String(max_cost_per_month), max_tokens_per_run: String(max_tokens_per_run) }
}

/** What was typed: a number where it is one, else the text, which the service refuses at its field. */
const budgetOf = (form: Readonly<Record<Limit, string>>) =>
  Object.fromEntries(names.flatMap((name) => {
    const text = form[name].trim()
    return text === "" ? [] : [[name, Number.isNaN(Number(text)) ? text : Number(text)] as const]
  }))

/** The form. */
export const BudgetForm = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const { active, agent_id, settings, subscription_id } = hire
  const stored = formOf(settings)
  const [form, setForm] = useState(stored)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: () => {
      const { budget: _, ...others } = settings
      const budget = budgetOf(form)
      return draftHire({
        subscription_id,
        agent_id,
        settings: Object.keys(budget).length === 0 ? others : { ...others, budget },
      })
    },
    onSuccess: (now) => {
      client.setQueryData(hireQuery(now.hired_instance_id).queryKey, now)
      void client.invalidateQueries({ queryKey: spendingQuery(now.hired_instance_id).queryKey })
      toast("ok", "Saved. It holds from the next call of a model on.")
    },
    onError: (error) => setTimeout(() => focusFirst(failureOf(error).faults)),
  })
  const { faults } = failureOf(save.error)
  const changed = JSON.stringify(form) !== JSON.stringify(stored)
  return (
    <Form submit={() => save.mutate()}>
      {names.map((name) => (
        <TextInput
          key={name}
          id={`$.settings.budget.${name}`}
          {...limits[name]}
          inputMode="decimal"
          disabled={!active}
          value={form[name]}
          error={save.isError ? faultAt(faults, `$.settings.budget.${name}`, true) : undefined}
          onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })}
        />
      ))}
      <Refusal of={save} />
      {active
        ? (
          <div>
            <Button type="submit" disabled={!changed} loading={save.isPending}>Save the budget</Button>
          </div>
        )
        : null}
    </Form>
  )
}

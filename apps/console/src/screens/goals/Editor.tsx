/** A goal being set or changed: its template, how often, when, its settings; and beside it what the rule means as it is typed. */
import { Button, NativeSelect } from "@mantine/core"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { findTemplate, Frequency } from "@stint/domain/Definition"
import type { Goal } from "@stint/domain/hiring/Goals"
import type { Hire } from "@stint/domain/hiring/Hires"
import type { FieldIssue } from "@stint/domain/Problem"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { putGoal } from "../../api/Goals.ts"
import { Fields } from "../../form/Fields.tsx"
import { Form, Refusal } from "../../form/Form.tsx"
import { focusFirst, isSame, objectOf, type Values, withValue } from "../../form/Values.ts"
import { zoneOf } from "../../format/Time.ts"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./goals.module.css"
import { RulePicture } from "./RulePicture.tsx"
import { useRulePreview } from "./Rules.ts"
import { ScheduleFields } from "./ScheduleFields.tsx"

type StoredGoal = typeof Goal.json.Type

const frequencies: Record<Frequency, string> = {
  daily: "Every day",
  weekly: "Every week",
  monthly: "Every month",
  cron: "By a cron rule",
  on_demand: "Only when asked",
}

/** The keys of a schedule that hold for a frequency; the others would be refused. */
const scheduleFor = (frequency: Frequency, schedule: Values): Values => {
  const own: Record<string, ReadonlyArray<Frequency>> = {
    at: ["daily", "weekly", "monthly"],
    weekday: ["weekly"],
    day_of_month: ["monthly"],
    cron: ["cron"],
  }
  return Object.fromEntries(Object.entries(schedule).filter(([key]) => own[key]?.includes(frequency) ?? true))
}

interface Form {
  readonly template: string
  readonly frequency: Frequency
  readonly settings: Values
}

const draftOf = ({ frequency, settings, template }: Form, goal: StoredGoal | undefined) => {
  const schedule = scheduleFor(frequency, objectOf(settings.schedule))
  const rest = withValue(settings, "schedule", Object.keys(schedule).length === 0 ? undefined : schedule)
  return {
    ...(goal === undefined ? {} : { goal_instance_id: goal.goal_instance_id, enabled: goal.enabled }),
    goal_template_id: template,
    frequency,
    settings: rest,
  }
}

const useSave = (hire: Hire, goal: StoredGoal | undefined, saved: (goal: StoredGoal) => void) => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (form: Form) => putGoal(hire.hired_instance_id, draftOf(form, goal)),
    onSuccess: (now) => {
      void client.invalidateQueries({ queryKey: ["goals"] })
      void client.invalidateQueries({ queryKey: ["scheduler"] })
      void client.invalidateQueries({ queryKey: ["hires"] })
      toast("ok", goal === undefined ? "The goal is set." : "Saved.")
      saved(now)
    },
    onError: (error) => setTimeout(() => focusFirst(failureOf(error).faults)),
  })
}

/** The form of a goal. */
export const Editor = ({ goal, hire, saved, template: proposed, type }: {
  readonly hire: Hire
  readonly type: AgentType
  /** Absent: it is a new one. */
  readonly goal?: StoredGoal
  readonly template?: string | undefined
  readonly saved: (goal: StoredGoal) => void
}): ReactNode => {
  const first = type.goal_templates.find(({ goal_template_id }) => goal_template_id === proposed) ??
    type.goal_templates[0]
  const begin: Form = {
    template: goal?.goal_template_id ?? first?.goal_template_id ?? "",
    frequency: goal?.frequency ?? first?.default_frequency ?? "daily",
    settings: goal?.settings ?? {},
  }
  const [form, setForm] = useState(begin)
  const save = useSave(hire, goal, saved)
  const template = findTemplate(type, form.template)
  const zone = zoneOf(hire.config)
  const preview = useRulePreview(
    form.frequency,
    scheduleFor(form.frequency, objectOf(form.settings.schedule)),
    zone,
    template,
    form.settings,
  )
  const refused = failureOf(save.error)
  const faults: ReadonlyArray<FieldIssue> = [...(save.isError ? refused.faults : []), ...preview.faults]
  const changed = goal === undefined || !isSame(form, begin)
  const disabled = !hire.active
  return (
    <div className={styles.halves}>
      <Form submit={() => save.mutate(form)}>
        <NativeSelect
          id="$.goal_template_id"
          label="What it does"
          disabled={disabled || goal !== undefined}
          value={form.template}
          data={type.goal_templates.map(({ goal_template_id, name }) => ({ value: goal_template_id, label: name }))}
          onChange={({ currentTarget: { value } }) =>
            setForm({
              template: value,
              frequency: findTemplate(type, value)?.default_frequency ?? form.frequency,
              settings: {},
            })}
        />
        <Fields
          fields={template?.settings_schema.fields ?? []}
          root="$.settings"
          values={form.settings}
          faults={faults}
          disabled={disabled}
          set={(settings) => setForm({ ...form, settings })}
        />
        <NativeSelect
          id="$.frequency"
          label="How often"
          disabled={disabled}
          value={form.frequency}
          data={Frequency.literals.map((value) => ({ value, label: frequencies[value] }))}
          onChange={({ currentTarget: { value } }) => setForm({ ...form, frequency: value as Frequency })}
        />
        <ScheduleFields
          frequency={form.frequency}
          zone={zone}
          schedule={objectOf(form.settings.schedule)}
          faults={faults}
          disabled={disabled}
          set={(schedule) => setForm({ ...form, settings: withValue(form.settings, "schedule", schedule) })}
        />
        <Refusal of={save} />
        {disabled ? null : (
          <div className={styles.buttons}>
            <Button type="submit" disabled={!changed} loading={save.isPending}>
              {goal === undefined ? "Set the goal" : "Save"}
            </Button>
            {goal !== undefined && changed
              ? (
                <Button
                  variant="default"
                  onClick={() => {
                    setForm(begin)
                    save.reset()
                  }}
                >
                  Discard
                </Button>
              )
              : null}
          </div>
        )}
      </Form>
      <RulePicture preview={preview} frequency={form.frequency} />
    </div>
  )
}

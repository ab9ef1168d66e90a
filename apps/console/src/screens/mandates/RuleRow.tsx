/** A rule as a person writes it: where, how compared, with what. */
import { Select, Textarea, TextInput } from "@mantine/core"
import { operations } from "@stint/domain/deliverables/Mandates/Rules"
import type { ReactNode } from "react"
import styles from "./mandates.module.css"
import type { Written } from "./Suggest.ts"
import { operationWords } from "./Words.ts"

const choices = operations.map((op) => ({ value: op, label: operationWords[op] }))

/** Whether its value is a list, with an item a line. */
const isList = (op: Written["op"]): boolean => op === "in" || op === "contains_none" || op === "hosts_in"

/** A row of the form; `fault` is what the service says of this rule. */
export const RuleRow = ({ fault, rule, set }: {
  readonly rule: Written
  readonly set: (rule: Written) => void
  readonly fault: string | undefined
}): ReactNode => (
  <div className={styles.rule} role="group" aria-label={`Rule ${rule.path}`}>
    <input
      type="checkbox"
      className={styles.on}
      aria-label={`Use the rule on ${rule.path}`}
      checked={rule.on}
      onChange={(event) => set({ ...rule, on: event.currentTarget.checked })}
    />
    <TextInput
      aria-label="Where"
      placeholder="Field of the draft, as units"
      value={rule.path}
      error={fault}
      onChange={(event) => set({ ...rule, path: event.currentTarget.value })}
    />
    <Select
      aria-label="How"
      data={choices}
      value={rule.op}
      allowDeselect={false}
      onChange={(op) => set({ ...rule, op: op as Written["op"] })}
    />
    {isList(rule.op)
      ? (
        <Textarea
          aria-label="Values, one a line"
          placeholder="Values, one a line"
          autosize
          maxRows={6}
          value={rule.value}
          onChange={(event) => set({ ...rule, value: event.currentTarget.value, on: true })}
        />
      )
      : (
        <TextInput
          aria-label="Value"
          placeholder="Value"
          value={rule.value}
          onChange={(event) => set({ ...rule, value: event.currentTarget.value, on: true })}
        />
      )}
  </div>
)

/** The id of a goal, with what its rule says as soon as it is one. */
import { TextInput } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { failureOf } from "../../api/Client.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"

/** The field. */
export const GoalField = (
  { goal, set }: { readonly goal: string; readonly set: (goal: string) => void },
): ReactNode => {
  const asked = goal.trim()
  const enabled = /^GOI-\S{8,}$/.test(asked)
  const preview = useQuery({ ...goalPreviewQuery(asked, 1), enabled, retry: false })
  const words = preview.data === undefined
    ? undefined
    : `${preview.data.rule_in_words}${
      preview.data.reason === null ? "" : `. It does not run by itself: ${preview.data.reason}`
    }`
  return (
    <TextInput
      label="Goal id"
      placeholder="GOI-…"
      required
      value={goal}
      description={words ?? "As runs, dead letters and customers show it."}
      error={enabled && preview.isError ? failureOf(preview.error).message : undefined}
      onChange={(event) => set(event.currentTarget.value)}
    />
  )
}

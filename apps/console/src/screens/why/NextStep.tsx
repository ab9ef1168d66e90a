/** The one next step after an answer, as a button: what an operator would do now, and for a viewer what there is to read. */
import { Button } from "@mantine/core"
import type { Explanation } from "@stint/domain/scheduler/Answers"
import { useNavigate } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { millisOf, type Moment } from "../../format/Time.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { ResumeForm } from "../scheduler/PauseForms.tsx"
import { TriggerForm } from "../scheduler/TriggerForm.tsx"

const iso = (moment: Moment): string => new Date(millisOf(moment)).toISOString()

interface Step {
  readonly label: string
  readonly go: () => void
}

/** The next step. */
export const NextStep = ({ explanation }: { readonly explanation: Explanation }): ReactNode => {
  const operator = useIsOperator()
  const navigate = useNavigate()
  const [asking, setAsking] = useState<"trigger" | "resume">()
  const { dead_letter, goal_instance_id: goal, pauses, run, slot, verdict } = explanation
  const openRun = run === null ? undefined : {
    label: "Open the run",
    go: () => void navigate({ to: "/runs/$run", params: { run: run.scheduled_run_id } }),
  }
  const paused = pauses.find(({ resumed_at }) => resumed_at === null)
  const acting = (): Step | undefined => {
    switch (verdict) {
      case "skipped":
      case "missed":
        return slot === null ? undefined : {
          label: "Backfill this slot",
          go: () =>
            void navigate({ to: "/scheduler", search: { show: "backfill", goal, from: iso(slot), to: iso(slot) } }),
        }
      case "paused":
      case "waiting":
        return paused === undefined ? undefined : { label: "Resume", go: () => setAsking("resume") }
      case "cancelled":
      case "will_run":
      case "not_due":
        return { label: "Run it now", go: () => setAsking("trigger") }
      default:
        return undefined
    }
  }
  const reading = (): Step | undefined =>
    dead_letter !== null && verdict === "dead_lettered"
      ? {
        label: "Open the dead letter",
        go: () => void navigate({ to: "/dead-letters/entry/$entry", params: { entry: dead_letter.dlq_id } }),
      }
      : openRun
  const step = (operator ? acting() : undefined) ?? reading()
  useActions(step === undefined ? [] : [{ label: step.label, keys: "n", run: step.go }])
  const close = () => setAsking(undefined)
  return (
    <>
      {step === undefined ? null : <Button onClick={step.go}>{step.label}</Button>}
      {step === openRun || openRun === undefined
        ? null
        : <Button variant="default" onClick={openRun.go}>Open the run</Button>}
      {asking === "trigger" ? <TriggerForm goal={goal} close={close} /> : null}
      {asking === "resume" && paused !== undefined
        ? <ResumeForm scope={paused.scope ?? undefined} close={close} />
        : null}
    </>
  )
}

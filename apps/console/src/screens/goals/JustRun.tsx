/** What became of a run that was just asked for: it stands at the top of the page, and leads to its draft. */
import type { Run } from "@stint/domain/scheduler/Runs"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useEffect, useRef } from "react"
import { runAtQuery } from "../../api/Runs.ts"
import type { Moment } from "../../format/Time.ts"
import { Instant } from "../../ui/Instant.tsx"
import { Note } from "../../ui/Note.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { failureOfRun } from "../agents/Standing.tsx"
import { states } from "./Words.ts"

const ToDraft = ({ id }: { readonly id: string }): ReactNode => (
  <Link to="/inbox/$deliverable" params={{ deliverable: id }} search={{ show: "all" }}>Open the draft</Link>
)

const words = ({ attempts, reason, status }: Run): string => {
  switch (status) {
    case "pending":
      return "it waits for its turn."
    case "running":
      return "its draft is being made."
    case "retrying":
      return `it is tried again: ${attempts.at(-1)?.error_details?.message ?? "an attempt failed"}`
    case "completed":
      return "its draft is there."
    case "cancelled":
      return `it was cancelled: ${reason ?? "no reason was kept"}`
    case "dead_lettered":
      return "it made no draft."
  }
}

/** The run of a slot, as it stands; nothing once it has failed for good. */
export const JustRun = ({ goal, slot, zone }: {
  readonly goal: string
  readonly slot: Moment
  readonly zone: string
}): ReactNode => {
  const run = useQuery(runAtQuery(goal, slot)).data ?? undefined
  const told = useRef(false)
  const draft = run?.deliverable_id ?? undefined
  const failed = run?.status === "dead_lettered"
  useEffect(() => {
    if (told.current || run === undefined || (draft === undefined && !failed)) return
    told.current = true
    if (draft === undefined) return toast("bad", `It failed for good: ${failureOfRun(run)}`)
    toast(
      "ok",
      <>
        Its draft is there. <ToDraft id={draft} />
      </>,
    )
  }, [draft, failed, run])
  // that the last run failed, when and why has a note of its own
  if (failed) return null
  const state = run === undefined ? { kind: "plain", words: "queued" } as const : states[run.status]
  return (
    <Note kind={state.kind} word={state.words} to={draft === undefined ? null : <ToDraft id={draft} />}>
      <span className="dim">
        The run of <Instant at={slot} zone={zone} as="exact" />:
      </span>{" "}
      {run === undefined ? "it is on its way to the scheduler." : words(run)}
    </Note>
  )
}

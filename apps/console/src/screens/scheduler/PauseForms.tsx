/** Pausing and resuming: everything, one customer or one agent, with a reason. */
import { NativeSelect, TextInput } from "@mantine/core"
import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { pause, resume, WAIT_SECONDS } from "../../api/Operations.ts"
import { counted } from "../../format/Words.ts"
import { Ask, Choice, isReason, ReasonField } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { scopeWords, type SentScope } from "./Scopes.ts"

const scopeOf = (kind: string, id: string): SentScope | undefined =>
  kind === "customer" ? { customer_id: id.trim() } : kind === "hire" ? { hired_instance_id: id.trim() } : undefined

/** Reads again what a pause changes. */
const useChanged = () => {
  const client = useQueryClient()
  return () => {
    for (const topic of ["scheduler", "goals", "runs"]) void client.invalidateQueries({ queryKey: [topic] })
  }
}

/** The form of a pause; with a scope, of that one. */
export const PauseForm = (
  { close, scope: given }: { readonly close: () => void; readonly scope?: SentScope },
): ReactNode => {
  const changed = useChanged()
  const [kind, setKind] = useState("all")
  const [id, setId] = useState("")
  const [reason, setReason] = useState("")
  const [wait, setWait] = useState(false)
  const scope = given ?? scopeOf(kind, id)
  const ready = isReason(reason) && (given !== undefined || kind === "all" || id.trim() !== "")
  const act = () =>
    pause(reason, scope, wait).then(({ running_goals_after_wait, status }) => {
      const still = running_goals_after_wait === 0 ? "" : ` ${counted(running_goals_after_wait, "run")} still running.`
      toast("ok", `${status === "paused" ? "Paused" : "It was paused already"}: ${scopeWords(scope)}.${still}`)
      changed()
    })
  return (
    <Ask
      title={given === undefined ? "Pause" : `Pause ${scopeWords(given)}?`}
      verb="Pause"
      bad
      act={act}
      close={close}
      ready={ready}
    >
      <p className="dim">
        No new run of it starts until it is resumed. What fell due meanwhile is caught up as each goal says.
      </p>
      {given === undefined
        ? (
          <div className="fields">
            <NativeSelect
              label="What"
              value={kind}
              onChange={(event) => setKind(event.currentTarget.value)}
              data={[
                { value: "all", label: "Everything" },
                { value: "customer", label: "One customer" },
                { value: "hire", label: "One agent (hire)" },
              ]}
            />
            {kind === "all" ? null : (
              <TextInput
                label={kind === "customer" ? "Customer id" : "Hire id"}
                required
                value={id}
                onChange={(event) => setId(event.currentTarget.value)}
              />
            )}
          </div>
        )
        : null}
      <ReasonField reason={reason} set={setReason} />
      <Choice checked={wait} set={setWait}>Wait up to {WAIT_SECONDS} s for the runs that are running</Choice>
    </Ask>
  )
}

/** The form of a resume. */
export const ResumeForm = (
  { close, scope }: { readonly close: () => void; readonly scope: SentScope | undefined },
): ReactNode => {
  const changed = useChanged()
  const [reason, setReason] = useState("")
  const act = () =>
    resume(scope, reason.trim()).then(({ status }) => {
      toast("ok", status === "running" ? "Resumed." : "It was not paused.")
      changed()
    })
  const ready = reason.trim() === "" || isReason(reason)
  return (
    <Ask title={`Resume ${scopeWords(scope)}?`} verb="Resume" act={act} close={close} ready={ready}>
      <p className="dim">Its runs start again; what was missed is caught up as each goal says.</p>
      <ReasonField optional reason={reason} set={setReason} autoFocus />
    </Ask>
  )
}

/** Runs a goal now, or at a slot, on an operator's word. */
import { Button, TextInput } from "@mantine/core"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { type ReactNode, useRef, useState } from "react"
import { failureOf, idempotencyKey } from "../../api/Client.ts"
import { trigger } from "../../api/Operations.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { instantIn } from "../../format/Local.ts"
import { useActions } from "../../shell/Actions.ts"
import { Ask, Choice, isReason, ReasonField } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { GoalField } from "./GoalField.tsx"

/** The form. It ends at the run. */
export const TriggerForm = (
  { close, goal: given }: { readonly goal: string | undefined; readonly close: () => void },
): ReactNode => {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [goal, setGoal] = useState(given ?? "")
  const [slot, setSlot] = useState("")
  const [reason, setReason] = useState("")
  const [force, setForce] = useState(false)
  const key = useRef({ of: "", key: "" })
  const asked = goal.trim()
  const zone =
    useQuery({ ...goalPreviewQuery(asked, 1), enabled: /^GOI-\S{8,}$/.test(asked), retry: false }).data?.timezone ??
      "UTC"
  const act = async () => {
    const body = {
      goal: asked,
      scheduled_time: slot === "" ? undefined : instantIn(slot, zone).toISOString(),
      reason: reason.trim(),
      force,
    }
    const of = JSON.stringify(body)
    if (key.current.of !== of) key.current = { of, key: idempotencyKey() }
    const { scheduled_run_id } = await trigger(body, key.current.key).catch((error: unknown) => {
      // a refusal is final for its key; only what had no answer is repeated under it
      if (!failureOf(error).passing) key.current = { of: "", key: "" }
      throw error
    })
    toast("ok", "Triggered.")
    void client.invalidateQueries({ queryKey: ["runs"] })
    await navigate({ to: "/runs/$run", params: { run: scheduled_run_id } })
  }
  const ready = asked !== "" && (reason.trim() === "" || isReason(reason)) && (!force || isReason(reason))
  return (
    <Ask title="Run a goal" verb="Run it" act={act} close={close} ready={ready}>
      <GoalField goal={goal} set={setGoal} />
      <TextInput
        label={`Slot, ${zone}`}
        description="Empty: now. A slot of the past runs at once, one of the future when it comes."
        type="datetime-local"
        step="1"
        value={slot}
        onChange={(event) => setSlot(event.currentTarget.value)}
      />
      <ReasonField optional={!force} reason={reason} set={setReason} />
      <Choice checked={force} set={setForce}>Run it even while it is paused</Choice>
    </Ask>
  )
}

/** The part of the scheduler's screen. */
export const TriggerPart = ({ goal }: { readonly goal: string | undefined }): ReactNode => {
  const [open, setOpen] = useState(false)
  useActions([{ label: "Run a goal", keys: "t", run: () => setOpen(true) }])
  return (
    <section className="card padded">
      <div className="section-head">
        <h2>Run a goal on your word</h2>
      </div>
      <p className="dim">
        At once, or at a slot. It is exempt from the goal's rules for overlaps and missed slots, and it is in the action
        log. A slot that has a run already is refused with that run's id.
      </p>
      <p style={{ marginTop: 16 }}>
        <Button onClick={() => setOpen(true)}>Run a goal…</Button>
      </p>
      {open ? <TriggerForm goal={goal} close={() => setOpen(false)} /> : null}
    </section>
  )
}

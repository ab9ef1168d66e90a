/** Discards dead letters: each has its own answer, and what is refused says why. */
import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { discard } from "../../api/DeadLetters.ts"
import { toEach } from "../../api/Many.ts"
import { counted } from "../../format/Words.ts"
import { Ask, isReason, ReasonField } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"

/** The form. */
export const DiscardForm = (
  { close, ids }: { readonly ids: ReadonlyArray<string>; readonly close: () => void },
): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const what = ids.length === 1 ? "this dead letter" : counted(ids.length, "dead letter")
  const act = () =>
    toEach(ids, (id) => discard(id, reason))
      .then(() => toast("ok", ids.length === 1 ? "Discarded." : `${counted(ids.length, "dead letter")} discarded.`))
      .finally(() => client.invalidateQueries({ queryKey: ["dead_letters"] }))
  return (
    <Ask title={`Discard ${what}?`} verb="Discard" bad act={act} close={close} ready={isReason(reason)}>
      <p className="dim">It is closed for good: its runs stay as they are, and can't be redriven any more.</p>
      <ReasonField reason={reason} set={setReason} autoFocus />
    </Ask>
  )
}

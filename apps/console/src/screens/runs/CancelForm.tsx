/** Cancels runs: each has its own answer, and what is refused says why. */
import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { toEach } from "../../api/Many.ts"
import { cancelRun, runQuery } from "../../api/Runs.ts"
import { counted } from "../../format/Words.ts"
import { Ask, isReason, ReasonField } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"

/** The form. */
export const CancelForm = (
  { close, ids }: { readonly ids: ReadonlyArray<string>; readonly close: () => void },
): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const one = ids.length === 1
  const act = () =>
    toEach(ids, async (id) => client.setQueryData(runQuery(id).queryKey, await cancelRun(id, reason)))
      .then(() => toast("ok", one ? "Cancelled." : `${counted(ids.length, "run")} cancelled.`))
      .finally(() => client.invalidateQueries({ queryKey: ["runs"] }))
  return (
    <Ask
      title={one ? "Cancel this run?" : `Cancel ${counted(ids.length, "run")}?`}
      verb={one ? "Cancel the run" : "Cancel the runs"}
      no="Leave it"
      bad
      act={act}
      close={close}
      ready={isReason(reason)}
    >
      <p className="dim">
        {one
          ? "It ends without a draft, and its slot counts as decided: the schedule does not run it again."
          : "They end without drafts, and their slots count as decided: the schedule does not run them again."}
      </p>
      <ReasonField reason={reason} set={setReason} autoFocus />
    </Ask>
  )
}

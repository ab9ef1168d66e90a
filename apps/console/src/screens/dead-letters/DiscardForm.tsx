/** Discards dead letters: each has its own answer, and what is refused says why. */
import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { discard } from "../../api/DeadLetters.ts"
import { counted } from "../../format/Words.ts"
import { Ask, isReason, ReasonField } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"

/** How many are sent at once. */
const AT_ONCE = 4

/** Discards all of them, some at a time; fails with the first refusal after all were tried. */
const discardAll = async (ids: ReadonlyArray<string>, reason: string): Promise<void> => {
  const waiting = [...ids]
  const refused: Array<unknown> = []
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await discard(id, reason).catch((error: unknown) => void refused.push(error))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  if (refused.length > 0) throw refused[0]
}

/** The form. */
export const DiscardForm = (
  { close, ids }: { readonly ids: ReadonlyArray<string>; readonly close: () => void },
): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const what = ids.length === 1 ? "this dead letter" : counted(ids.length, "dead letter")
  const act = () =>
    discardAll(ids, reason)
      .then(() => toast("ok", ids.length === 1 ? "Discarded." : `${counted(ids.length, "dead letter")} discarded.`))
      .finally(() => client.invalidateQueries({ queryKey: ["dead_letters"] }))
  return (
    <Ask title={`Discard ${what}?`} verb="Discard" bad act={act} close={close} ready={isReason(reason)}>
      <p className="dim">It is closed for good: its runs stay as they are, and can't be redriven any more.</p>
      <ReasonField reason={reason} set={setReason} autoFocus />
    </Ask>
  )
}

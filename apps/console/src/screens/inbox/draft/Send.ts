import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { deliverableQuery } from "../../../api/Deliverables.ts"
import { toast } from "../../../ui/Toasts.tsx"

/** Why an action was refused, and whether the draft may be approved again after it. */
export interface Refusal {
  readonly words: string
  readonly again: boolean
}

/**
 * Sends an action of the draft and keeps its answer, where it answers with the draft. A refusal is said in words, also when the
 * draft is shown anew by then.
 */
export const useSend = (id: string, done: () => void = () => {}) => {
  const client = useQueryClient()
  // the words are loaded with the first refusal
  const [refusal, refuse] = useState<Refusal>()
  const mutation = useMutation({
    mutationFn: (send: () => Promise<Deliverable | undefined>) => send(),
    onMutate: () => refuse(undefined),
    onSuccess: (draft) => {
      if (draft !== undefined) client.setQueryData(deliverableQuery(id).queryKey, draft)
      done()
    },
    onError: async (error) => {
      const { mayBeGivenAgain, refusalOf } = await import("./Refusals.ts")
      const words = refusalOf(error)
      refuse({ words, again: mayBeGivenAgain(error) })
      toast("bad", words)
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["deliverables"] }),
  })
  return { mutate: mutation.mutate, isPending: mutation.isPending, refusal }
}

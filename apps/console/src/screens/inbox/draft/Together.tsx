/** The bar where several people sign, or where its editor may not: what this person has signed, and what is missing. Key: u. */
import { Button } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { agentTypeQuery } from "../../../api/Catalog.ts"
import { approvalsQuery, withdraw } from "../../../api/Decisions.ts"
import { hireQuery } from "../../../api/Hires.ts"
import { counted } from "../../../format/Words.ts"
import { useActions } from "../../../shell/Actions.ts"
import { useUser } from "../../../shell/User.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { useNow } from "../../../ui/Now.ts"
import { Bone } from "../../../ui/States.tsx"
import { toast } from "../../../ui/Toasts.tsx"
import styles from "./draft.module.css"
import { Keys } from "./Keys.tsx"
import { useSend } from "./Send.ts"
import { signaturesOf } from "./Signatures.ts"
import { Undecided } from "./Undecided.tsx"

/** Whether the definition keeps who wrote a revision from approving it; undefined until that is known. */
const useSeparateEditor = ({ goal_template_id, hired_instance_id }: Deliverable): boolean | undefined => {
  const hire = useQuery(hireQuery(hired_instance_id)).data
  const type = useQuery({
    ...agentTypeQuery(hire?.agent_id ?? "", hire?.definition_version),
    enabled: hire !== undefined,
  })
  if (type.isError) return false
  return type.data === undefined
    ? undefined
    : type.data.goal_templates.find((one) => one.goal_template_id === goal_template_id)?.approval?.separate_editor ===
      true
}

const Signed = ({ approval, at, draft }: {
  readonly draft: Deliverable
  readonly approval: string
  readonly at: ReactNode
}): ReactNode => {
  const send = useSend(draft.deliverable_id)
  const undo = () => {
    if (send.isPending) return
    send.mutate(async () => {
      await withdraw(approval)
      toast("ok", "Your signature is taken back.")
      return undefined
    })
  }
  useActions([{ label: "Take back your signature", keys: "u", run: undo }])
  const missing = Math.max(0, (draft.approvals_needed ?? 1) - (draft.approvals_given ?? 0))
  return (
    <>
      <p>
        You signed it {at}. <span className="dim">{counted(missing, "more signature")} of other people needed.</span>
      </p>
      {send.refusal === undefined ? null : <p className={styles.why}>{send.refusal.words}</p>}
      <div className={styles.bar}>
        <Button variant="default" loading={send.isPending} onClick={undo}>Undo</Button>
        <Keys keys={[["U", "undo"], ["J", "next"], ["K", "back"]]} />
      </div>
    </>
  )
}

/** The bar. */
export const Together = ({ draft, edit, zone }: {
  readonly draft: Deliverable
  readonly zone: string
  readonly edit: () => void
}): ReactNode => {
  const { subject } = useUser()
  const approvals = useQuery(approvalsQuery(draft.deliverable_id))
  const separate = useSeparateEditor(draft)
  const now = useNow()
  if ((approvals.data === undefined && !approvals.isError) || separate === undefined) return <Bone height={36} />
  const mine = signaturesOf(draft, approvals.data?.items ?? [], now).find(({ decided_by }) => decided_by === subject)
  if (mine !== undefined) {
    return (
      <Signed
        draft={draft}
        approval={mine.approval_id}
        at={<Instant at={mine.created_at} zone={zone} />}
      />
    )
  }
  const barred = separate && draft.edited_by === subject
    ? "You wrote this revision, so somebody else has to approve it."
    : undefined
  return <Undecided draft={draft} edit={edit} barred={barred} />
}

/** Moves hires to a version: a dry run says which, then they are moved; those that would not hold stay and are named. */
import { Button, TextInput } from "@mantine/core"
import type { Migrated } from "@stint/domain/hiring/DefinitionsInUse"
import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useRef, useState } from "react"
import { idempotencyKey } from "../../api/Client.ts"
import { migrate } from "../../api/InUse.ts"
import { counted } from "../../format/Words.ts"
import { Ask, Refused } from "../../ui/Ask.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { BreakRows } from "./Breaks.tsx"

/** How many are moved at once, unless someone says else. */
const CAP = "100"

const Outcome = ({ dry, result: { moved, next_cursor, skipped } }: {
  readonly dry: boolean
  readonly result: Migrated
}): ReactNode => (
  <>
    <p role="status">
      {dry ? "Would move" : "Moved"} <b>{counted(moved, "agent")}</b>
      {skipped.length === 0
        ? ""
        : `; ${counted(skipped.length, "agent")} would not hold, and ${skipped.length === 1 ? "stays" : "stay"}`}.
      {next_cursor === null ? "" : " There are more, which were not looked at."}
    </p>
    {skipped.length === 0 ? null : <BreakRows label="Who stays" breaks={skipped} />}
  </>
)

/** The form. */
export const MigrateForm = ({ close, type, version }: {
  readonly type: string
  readonly version: string
  readonly close: () => void
}): ReactNode => {
  const client = useQueryClient()
  const [cap, setCap] = useState(CAP)
  const [dry, setDry] = useState<Migrated>()
  const [error, setError] = useState<unknown>()
  // a press that is repeated, or sent again after no answer, moves once
  const key = useRef({ of: "", key: "" })
  const isCap = /^\d+$/.test(cap.trim()) && Number(cap) >= 1 && Number(cap) <= 1_000
  const asked = (dry_run: boolean) => ({ agent_id: type, to_version: version, cap: Number(cap), dry_run })
  const look = () => {
    setError(undefined)
    migrate(asked(true), idempotencyKey()).then(setDry, setError)
  }
  const act = async () => {
    const of = JSON.stringify(asked(false))
    if (key.current.of !== of) key.current = { of, key: idempotencyKey() }
    const { moved, next_cursor, skipped } = await migrate(asked(false), key.current.key)
    const left = skipped.length === 0 ? "" : `, ${counted(skipped.length, "agent")} would not hold and stayed`
    toast("ok", `${counted(moved, "agent")} moved${left}.${next_cursor === null ? "" : " There are more."}`)
    await client.invalidateQueries({ queryKey: ["hires"] })
  }
  return (
    <Ask title={`Move agents to ${version}`} verb="Move" act={act} close={close} ready={isCap && dry !== undefined}>
      <p className="dim">
        Agents at other versions get this one; their configuration and goals stay as they are. One that would not hold
        is left alone and named. It goes into the action log.
      </p>
      <div className="fields">
        <TextInput
          label="At most, agents"
          description="1 to 1000"
          inputMode="numeric"
          value={cap}
          onChange={(event) => {
            setCap(event.currentTarget.value)
            setDry(undefined)
          }}
        />
      </div>
      <div>
        <Button size="xs" variant="default" disabled={!isCap} onClick={look}>Dry run</Button>
        {dry === undefined ? <span className="dim">first: it says who would be moved.</span> : null}
      </div>
      {dry === undefined ? null : <Outcome dry result={dry} />}
      {error === undefined ? null : <Refused error={error} />}
    </Ask>
  )
}

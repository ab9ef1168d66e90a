/** Backfill: runs for the past slots of a goal's present rule; first a preview of each slot, then they are queued. */
import { Button, TextInput } from "@mantine/core"
import type { Backfilled } from "@stint/domain/scheduler/Backfill"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { idempotencyKey } from "../../api/Client.ts"
import { backfill } from "../../api/Operations.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { instantIn, localIn } from "../../format/Local.ts"
import { count, counted } from "../../format/Words.ts"
import { Ask, Choice, isReason, ReasonField, Refused } from "../../ui/Ask.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { states } from "../runs/Words.ts"
import { GoalField } from "./GoalField.tsx"

/** The most slots that are shown. */
const SHOWN = 200

interface Asked {
  readonly goal: string
  readonly from: string
  readonly to: string
  readonly cap: string
  readonly pace: string
}

const bodyOf = ({ cap, from, goal, pace, to }: Asked, zone: string) => ({
  goal_instance_id: goal.trim(),
  from: instantIn(from, zone).toISOString(),
  to: instantIn(to, zone).toISOString(),
  ...(cap.trim() === "" ? {} : { cap: Number(cap) }),
  ...(pace.trim() === "" ? {} : { per_minute: Number(pace) }),
})

const Slots = ({ preview, zone }: { readonly preview: Backfilled; readonly zone: string }): ReactNode => (
  <Table
    label="Slots"
    columns={[{ label: "Slot" }, { label: "What happens" }, { label: "Run" }]}
    rows={preview.slots.slice(0, SHOWN).map(({ outcome, scheduled_run_id, scheduled_time, status }) => ({
      key: String(scheduled_time.epochMilliseconds),
      cells: [
        <Instant key="slot" at={scheduled_time} zone={zone} as="exact" />,
        outcome === "taken"
          ? <span key="what" className="dim">has a run</span>
          : outcome === "queued"
          ? "queued"
          : "would be queued",
        scheduled_run_id === undefined ? null : (
          <Link key="run" to="/runs/$run" params={{ run: scheduled_run_id }}>
            {status === undefined ? "open" : <Tag kind={states[status].kind}>{states[status].words}</Tag>}
          </Link>
        ),
      ],
    }))}
  />
)

const Queue = ({ close, done, body, would }: {
  readonly body: ReturnType<typeof bodyOf>
  readonly would: number
  readonly close: () => void
  readonly done: (answer: Backfilled) => void
}): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const [force, setForce] = useState(false)
  const [key] = useState(idempotencyKey)
  const act = () =>
    backfill({ ...body, reason, ...(force ? { force } : {}) }, `${key}${force ? "f" : ""}`).then((answer) => {
      done(answer)
      toast("ok", `${counted(answer.queued, "run")} queued.`)
      void client.invalidateQueries({ queryKey: ["runs"] })
    })
  return (
    <Ask title={`Queue ${counted(would, "run")}?`} verb="Queue them" act={act} close={close} ready={isReason(reason)}>
      <ReasonField reason={reason} set={setReason} autoFocus />
      <Choice checked={force} set={setForce}>Run them even while paused</Choice>
    </Ask>
  )
}

const Answer = ({ answer, zone }: { readonly answer: Backfilled; readonly zone: string }): ReactNode => {
  const would = answer.slots.filter(({ outcome }) => outcome === "would_queue").length
  return (
    <>
      <p role="status">
        {answer.matched === 0
          ? "The goal's rule has no slot in that time."
          : `${counted(answer.matched, "slot")} in that time: ${
            answer.dry_run ? `${count(would)} would be queued` : `${count(answer.queued)} queued`
          }.`}
        {answer.next_from === null ? null : (
          <>
            {" "}The first beyond the cap: <Instant at={answer.next_from} zone={zone} as="exact" />.
          </>
        )}
        {answer.finishes_at === null ? null : (
          <>
            {" "}The last starts by <Instant at={answer.finishes_at} zone={zone} as="exact" />.
          </>
        )}
      </p>
      {answer.slots.length === 0 ? null : <Slots preview={answer} zone={zone} />}
      {answer.slots.length > SHOWN ? <p className="dim">and {count(answer.slots.length - SHOWN)} others</p> : null}
    </>
  )
}

/** The part. */
export const BackfillPart = ({ from, goal, to }: {
  readonly goal: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
}): ReactNode => {
  const [id, setId] = useState(goal ?? "")
  const known =
    useQuery({ ...goalPreviewQuery(id.trim(), 1), enabled: /^GOI-\S{8,}$/.test(id.trim()), retry: false }).data
  const zone = known?.timezone ?? "UTC"
  const [now] = useState(Date.now)
  const [typed, setTyped] = useState<Partial<Asked>>({})
  const begin = (given: string | undefined, ago: number) =>
    localIn(given === undefined ? new Date(now - ago) : new Date(given), zone)
  const asked: Asked = { goal: id, from: begin(from, 86_400_000), to: begin(to, 0), cap: "", pace: "", ...typed }
  const [answer, setAnswer] = useState<Backfilled>()
  const [error, setError] = useState<unknown>()
  const [queuing, setQueuing] = useState(false)
  const change = (part: Partial<Asked>) => {
    setTyped({ ...typed, ...part })
    setAnswer(undefined)
  }
  const preview = () => {
    setError(undefined)
    backfill({ ...bodyOf(asked, zone), dry_run: true }, idempotencyKey()).then(setAnswer, setError)
  }
  const would = answer?.dry_run === true ? answer.slots.filter(({ outcome }) => outcome === "would_queue").length : 0
  return (
    <section className="card padded" style={{ display: "grid", gap: 16 }}>
      <div>
        <div className="section-head">
          <h2>Run past slots</h2>
        </div>
        <p className="dim">
          Of the goal's present rule, both ends included. A slot that ran is left alone; one that was skipped or missed
          runs.
        </p>
      </div>
      <form
        style={{ display: "grid", gap: 16 }}
        onSubmit={(event) => {
          event.preventDefault()
          preview()
        }}
      >
        <GoalField
          goal={id}
          set={(goal) => {
            setId(goal)
            setAnswer(undefined)
          }}
        />
        <div className="fields">
          <TextInput
            label={`From, ${zone}`}
            type="datetime-local"
            step="1"
            required
            value={asked.from}
            onChange={(event) => change({ from: event.currentTarget.value })}
          />
          <TextInput
            label={`To, ${zone}`}
            type="datetime-local"
            step="1"
            required
            value={asked.to}
            onChange={(event) => change({ to: event.currentTarget.value })}
          />
          <TextInput
            label="At most, slots"
            placeholder="1000"
            inputMode="numeric"
            value={asked.cap}
            onChange={(event) => change({ cap: event.currentTarget.value })}
          />
          <TextInput
            label="Pace, runs a minute"
            placeholder="as fast as they go"
            inputMode="numeric"
            value={asked.pace}
            onChange={(event) => change({ pace: event.currentTarget.value })}
          />
        </div>
        <div className="row-actions">
          <Button type="submit" variant="default">Preview</Button>
          <Button disabled={would === 0} onClick={() => setQueuing(true)}>
            {would === 0 ? "Queue…" : `Queue ${counted(would, "run")}…`}
          </Button>
        </div>
      </form>
      {error === undefined ? null : <Refused error={error} />}
      {answer === undefined ? null : <Answer answer={answer} zone={zone} />}
      {queuing
        ? <Queue body={bodyOf(asked, zone)} would={would} done={setAnswer} close={() => setQueuing(false)} />
        : null}
    </section>
  )
}

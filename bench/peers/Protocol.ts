/** How the bench and a peer's process speak: a line of JSON each way, one command at a time; nothing else is printed. */
import process from "node:process"
import { createInterface } from "node:readline"

/** What is the same in every draft of one kind; the row is ours (sql/deliverables). */
export interface DraftKind {
  readonly goal_template_id: string
  readonly title: string
  readonly payload: Record<string, unknown>
  readonly customer_id: string
  readonly hired_instance_id: string
  readonly approval_required: boolean
}

/** A job's data: what our scheduler sends to deliverables for a run, and which kind of draft it makes. */
export interface JobData {
  readonly goal_instance_id: string
  readonly scheduled_time: string
  readonly kind: number
  /** When it is due, epoch milliseconds. */
  readonly due: number
}

/** Opens a database that has our deliverables table. */
export interface Open {
  readonly do: "open"
  readonly url: string
  readonly kinds: ReadonlyArray<DraftKind>
}

/** Inserts jobs: the first due at an instant (epoch milliseconds), each next one so much later. */
export interface Enqueue {
  readonly do: "enqueue"
  readonly count: number
  readonly from: number
  readonly everyMs: number
}

/** Starts taking jobs, waits until so many were handled, and stops. `batched`: a handler's batch is one INSERT. */
export interface Work {
  readonly do: "work"
  readonly count: number
  readonly batched: boolean
}

export type Command = Open | Enqueue | Work

/** The outcome of the jobs: when the first handler was called, epoch milliseconds, and how late each was, in milliseconds. */
export interface Worked {
  readonly first: number
  readonly lateness: ReadonlyArray<number>
}

/** A queue under measurement. */
export interface Peer {
  enqueue(jobs: ReadonlyArray<JobData>): Promise<void>
  /** Takes jobs and calls `done` with the instants of those handled; resolves with how to stop, when all is settled. */
  start(
    batched: boolean,
    handled: (jobs: ReadonlyArray<JobData>, at: number) => void,
  ): Promise<() => Promise<void>>
}

/** Job data as our scheduler would send it: an id of a goal each, and the slot. */
const jobsOf = (
  { count, everyMs, from }: Enqueue,
  kinds: number,
): ReadonlyArray<JobData> =>
  Array.from({ length: count }, (_, n) => {
    const due = from + n * everyMs
    return {
      goal_instance_id: `GOI-${crypto.randomUUID()}`,
      scheduled_time: new Date(due).toISOString(),
      kind: n % kinds,
      due,
    }
  })

const work = async (peer: Peer, { batched, count }: Work): Promise<Worked> => {
  const lateness: Array<number> = []
  let first = Infinity
  let stop: () => Promise<void> = () => Promise.resolve()
  const all = Promise.withResolvers<void>()
  stop = await peer.start(batched, (jobs, at) => {
    first = Math.min(first, at)
    for (const { due } of jobs) lateness.push(at - due)
    if (lateness.length >= count) all.resolve()
  })
  await all.promise
  await stop()
  return { first, lateness }
}

/** Answers the bench's commands until it goes away. */
export const serve = async (
  open: (command: Open) => Promise<Peer>,
): Promise<void> => {
  let peer: Peer | undefined
  let kinds = 1
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as Command
    let answer: unknown = null
    if (command.do === "open") {
      peer = await open(command)
      kinds = command.kinds.length
    } else if (command.do === "enqueue") {
      await peer!.enqueue(jobsOf(command, kinds))
    } else answer = await work(peer!, command)
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  process.exit(0)
}

/** Deliveries that wait, and how they end. */
import { assert } from "@effect/vitest"
import { type Approved, type Stage, until } from "./Harness.ts"
import { answer, type Receiver } from "./Receiver.ts"

/** Executes at a receiver that answers 503 from now on, and gives the draft whose delivery waits. */
export const waiting = async (
  { approved, execute }: Stage,
  receiver: Receiver,
  name: string,
  settings: object,
): Promise<Approved> => {
  receiver.answers.push(...Array.from({ length: 1000 }, () => answer(503)))
  const draft = await approved(name, settings)
  assert.strictEqual((await execute(draft.id, { approval_id: draft.approval_id })).status, 202)
  return draft
}

/**
 * What is answered of a delivery whose first attempt fails before there is another one, however long it takes to answer; then the
 * next attempt is due.
 */
export const beforeAnother = async <A>({ retries, sql }: Stage, id: string, ask: () => Promise<A>): Promise<A> => {
  const { after } = retries
  retries.after = 3_600_000
  try {
    return await ask()
  } finally {
    retries.after = after
    await sql("update executions set next_attempt_at = now() where deliverable_id = $1 and state = 'pending'", [id])
    await sql("select pg_notify('stint_executions', '')::text")
  }
}

/** Waits until the delivery of a deliverable has ended, and gives its execution. */
export const ended = (stage: Stage, id: string) =>
  until(async () => {
    const { execution } = (await stage.get(id)).json
    return execution.state !== "waiting" && execution
  })

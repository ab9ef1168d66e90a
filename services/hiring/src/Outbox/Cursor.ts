/** A place in the feed, "<xid>.<seq>" on the wire: a transaction's id, and one change of it. "0.0" is before the first. */
import { InvalidRequest } from "@stint/domain/Problem"
import { Effect } from "effect"

/** A transaction's id (xid8), and the sequence number of a change in it. */
export interface Cursor {
  readonly xid: bigint
  readonly seq: bigint
}

/** Before the first change. */
export const START: Cursor = { xid: 0n, seq: 0n }

const LARGEST_XID = 2n ** 64n - 1n
const LARGEST_SEQ = 2n ** 63n - 1n

/** The cursor as a reader gets it. */
export const encode = ({ seq, xid }: Cursor): string => `${xid}.${seq}`

/** Reads a cursor. Fails with InvalidRequest when the text cannot be one. */
export const decode = (text: string): Effect.Effect<Cursor, InvalidRequest> => {
  const match = /^(\d{1,20})\.(\d{1,19})$/.exec(text)
  const cursor = match === null ? undefined : { xid: BigInt(match[1]!), seq: BigInt(match[2]!) }
  if (cursor !== undefined && cursor.xid <= LARGEST_XID && cursor.seq <= LARGEST_SEQ) return Effect.succeed(cursor)
  const message = "must be a cursor of this feed, or 0.0 for its start"
  return Effect.fail(new InvalidRequest({ detail: `after ${message}`, errors: [{ path: "query.after", message }] }))
}

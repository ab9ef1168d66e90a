/** A place in the feed: "<xid>.<seq>", a transaction and a change of it; "0.0" is before the first. */
import { InvalidRequest } from "@stint/domain/Problem"
import { Effect } from "effect"

/** A transaction's id (xid8) and a sequence number in it. */
export interface Cursor {
  readonly xid: bigint
  readonly seq: bigint
}

/** Before the first change. */
export const START: Cursor = { xid: 0n, seq: 0n }

const LARGEST_XID = 2n ** 64n - 1n
const LARGEST_SEQ = 2n ** 63n - 1n

/** As it stands on the wire. */
export const encode = ({ seq, xid }: Cursor): string => `${xid}.${seq}`

/** Reads a cursor; what can be none is a 400. */
export const decode = (text: string): Effect.Effect<Cursor, InvalidRequest> => {
  const match = /^(\d{1,20})\.(\d{1,19})$/.exec(text)
  const cursor = match === null ? undefined : { xid: BigInt(match[1]!), seq: BigInt(match[2]!) }
  if (cursor !== undefined && cursor.xid <= LARGEST_XID && cursor.seq <= LARGEST_SEQ) return Effect.succeed(cursor)
  const message = "must be a cursor that the feed gave, or 0.0 for its start"
  return Effect.fail(new InvalidRequest({ detail: `after ${message}`, errors: [{ path: "query.after", message }] }))
}

/** Whether one place comes before another. */
export const isBefore = (one: Cursor, other: Cursor): boolean =>
  one.xid < other.xid || (one.xid === other.xid && one.seq < other.seq)

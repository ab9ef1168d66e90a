/**
 * A place in the feed. On the wire it is two numbers, "<xid>.<n>", the form of version 0.2.0: `n` holds a bit that no
 * sequence number of 0.2.0 has, the position and the mark. Version 0.2.0 reads a transaction's id before which nothing is
 * left unread, so that it goes on from there; it repeats some changes, which readers know by their versions. A cursor that
 * 0.2.0 gave is an OlderCursor, whose position is looked up: replicas of both versions serve one reader in turn. "0.0" is
 * before the first change.
 */
import { InvalidRequest } from "@stint/domain/Problem"
import { Effect } from "effect"

/** A place in the feed. */
export interface Cursor {
  /** The position of the last change that was read; 0 before the first. */
  readonly position: bigint
  /** The mark of that change: in another history of this database (a restore) it is another. Null: any. */
  readonly mark: number | null
  /** A transaction's id: every change that was not read is of a later one. For version 0.2.0 alone. */
  readonly xid: bigint
}

/** Before the first change. */
export const START: Cursor = { position: 0n, mark: null, xid: 0n }

/** A cursor of version 0.2.0: every change up to this one, by transaction and sequence number, was read. */
export interface OlderCursor {
  readonly xid: bigint
  readonly seq: bigint
}

/** Whether version 0.2.0 gave it. */
export const isOlder = (cursor: Cursor | OlderCursor): cursor is OlderCursor => "seq" in cursor

const LARGEST_XID = 2n ** 64n - 1n
const LARGEST_SEQ = 2n ** 63n - 1n
const MARK_BITS = 22n
const MASK = 2n ** MARK_BITS - 1n
/** The bit that tells our cursors from those of version 0.2.0. */
const OURS = 2n ** 62n

/** The cursor as a reader gets it. */
export const encode = ({ mark, position, xid }: Cursor): string =>
  mark === null ? "0.0" : `${xid}.${OURS + (position << MARK_BITS) + BigInt(mark)}`

/** Reads a cursor. Fails with InvalidRequest when the text cannot be one. */
export const decode = (text: string): Effect.Effect<Cursor | OlderCursor, InvalidRequest> => {
  const match = /^(\d{1,20})\.(\d{1,19})$/.exec(text)
  const [xid, n] = match === null ? [LARGEST_XID + 1n, 0n] : [BigInt(match[1]!), BigInt(match[2]!)]
  if (xid > LARGEST_XID || n > LARGEST_SEQ) {
    const message = "must be a cursor of this feed, or 0.0 for its start"
    return Effect.fail(new InvalidRequest({ detail: `after ${message}`, errors: [{ path: "query.after", message }] }))
  }
  if (xid === 0n && n === 0n) return Effect.succeed(START)
  return Effect.succeed(
    n < OURS ? { xid, seq: n } : { position: (n - OURS) >> MARK_BITS, mark: Number((n - OURS) & MASK), xid },
  )
}

/** A row of `idempotency_keys`. */
import { Schema } from "effect"
import type { Prints, Reservation } from "./Repo.ts"

/** The row; `mine` says that this statement reserved the key. Without a `reply_status` no reply is kept yet. */
export const Row = Schema.Struct({
  fingerprint: Schema.String,
  canonical: Schema.NullOr(Schema.String),
  first_seen: Schema.Date,
  reply_status: Schema.NullOr(Schema.Int),
  reply_location: Schema.NullOr(Schema.String),
  reply_body: Schema.NullOr(Schema.String),
  mine: Schema.Boolean,
})

/** What the row means to a request of these prints; `holder` is what it holds the key by if it reserved it. */
export const reservationOf = (row: typeof Row.Type, prints: Prints, holder: string): Reservation => {
  if (row.mine) return { _tag: "Reserved", firstSeen: row.first_seen.getTime(), holder }
  if (row.fingerprint !== prints.sent && row.canonical !== prints.canonical) return { _tag: "Mismatch" }
  if (row.reply_status === null) return { _tag: "InFlight" }
  return {
    _tag: "Replay",
    reply: { status: row.reply_status, location: row.reply_location, body: row.reply_body ?? "" },
  }
}

/** A row of `idempotency_keys`. */
import { Schema } from "effect"
import type { Prints, Reservation } from "./Repo.ts"

/** How long a reply is kept, in hours (api.md, "Idempotency-Key"). */
export const KEEP_HOURS = 24

/** The row. Without a `reply_status` no reply is kept yet. */
export const Row = Schema.Struct({
  caller: Schema.String,
  route: Schema.String,
  key: Schema.String,
  fingerprint: Schema.String,
  canonical: Schema.NullOr(Schema.String),
  first_seen: Schema.Date,
  reply_status: Schema.NullOr(Schema.Int),
  reply_location: Schema.NullOr(Schema.String),
  reply_body: Schema.NullOr(Schema.String),
  /** The request that holds the key, or held it; null when 0.2.0 took it. */
  holder: Schema.NullOr(Schema.String),
})

/**
 * What the row means to a request of these prints; `holder` is what it holds the key by if it reserved it, perhaps by a
 * statement whose answer was lost.
 */
export const reservationOf = (row: typeof Row.Type, prints: Prints, holder: string): Reservation => {
  if (row.holder === holder) return { _tag: "Reserved", firstSeen: row.first_seen.getTime(), holder }
  if (row.fingerprint !== prints.sent && row.canonical !== prints.canonical) return { _tag: "Mismatch" }
  if (row.reply_status === null) return { _tag: "InFlight" }
  return {
    _tag: "Replay",
    reply: { status: row.reply_status, location: row.reply_location, body: row.reply_body ?? "" },
  }
}

/** Rows of `scheduler_alerts`; instants are epoch milliseconds. */
import { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** What an alert is about. */
export const AlertKind = Schema.Literals(["success_rate", "pending", "failures", "dead_letters", "paused"])
export type AlertKind = typeof AlertKind.Type

/** The begin or the end of an alert, which is to be delivered. */
export const Notice = Schema.Struct({
  alert_id: Schema.String,
  phase: Schema.Literals(["begun", "ended"]),
  kind: AlertKind,
  subject: Schema.String,
  begun_at: Millis,
  ended_at: Schema.NullOr(Millis),
  details: JsonObject,
  /** Which attempt this is, from 1. */
  tries: Schema.Int,
})
export type Notice = typeof Notice.Type

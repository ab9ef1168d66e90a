/** What a page hears of changes: which of its parts to ask for again, never what changed in them. */
import { Schema } from "effect"
import { problem } from "../Problem.ts"

/** The parts. */
export const topics = ["deliverables", "runs", "dead_letters", "goals", "hires", "scheduler"] as const
export const Topic = Schema.Literals(topics)
export type Topic = typeof Topic.Type

/** The data of an event `change` of `GET /events`. */
export const Change = Schema.Struct({ topics: Schema.Array(Topic) })
export type Change = typeof Change.Type

/** 429: as many pages listen as may (Bounds.ts). */
export class TooManyListeners extends problem<TooManyListeners>()("TooManyListeners", {
  code: "too_many_listeners",
  status: 429,
  title: "Too many pages listen to changes",
}) {}

/** Rows of `run_limits`; instants are epoch milliseconds. */
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** What a limit covers, as it is stored. */
export const LimitKind = Schema.Literals(["customer", "agent_type", "every_customer", "every_agent_type"])
export type LimitKind = typeof LimitKind.Type

/** What a limit covers: a customer or agent type, or (subject `*`) every one that has no limit of its own. */
export const LimitKey = Schema.Struct({ kind: LimitKind, subject: Schema.String })
export type LimitKey = typeof LimitKey.Type

/** A limit in force: how many runs may be running at once. */
export const Limit = Schema.Struct({ ...LimitKey.fields, max_running: Schema.Int })
export type Limit = typeof Limit.Type

/** A limit that is to be set; null: to be removed. */
export const LimitChange = Schema.Struct({ ...LimitKey.fields, max_running: Schema.NullOr(Schema.Int) })
export type LimitChange = typeof LimitChange.Type

/** A limit with who set it and when; `max_running` is null for one that was just removed. */
export const LimitRow = Schema.Struct({ ...LimitChange.fields, set_by: Schema.String, updated_at: Millis })
export type LimitRow = typeof LimitRow.Type

/** What the memory storage holds: the same rows as the tables, forgotten when the process ends. */
import type { Change } from "@stint/domain/hiring/Feed"
import { Context, Layer } from "effect"
import type { TrialRow } from "../Trials/Rows.ts"
import type { GoalRow, HireRow, SubscriptionRow } from "./Rows.ts"

/** A row of the outbox. */
export interface OutboxRow {
  readonly xid: bigint
  readonly seq: bigint
  readonly change: Change
  /** Epoch milliseconds. */
  readonly at: number
}

/** The rows, and who waits for the next change. */
export class Memory extends Context.Service<Memory, {
  readonly subscriptions: Map<string, SubscriptionRow>
  readonly hires: Map<string, HireRow>
  readonly goals: Map<string, GoalRow>
  readonly trials: Map<string, TrialRow>
  readonly outbox: Array<OutboxRow>
  /** The transaction that writes next. */
  xid: bigint
  seq: bigint
  /** Called after each write to the outbox. */
  wake: () => void
}>()("hiring/Memory") {
  /** Transactions count on from the clock, so that a cursor of an earlier process is seen to be older than this one. */
  static readonly layer = Layer.sync(Memory, () => ({
    subscriptions: new Map(),
    hires: new Map(),
    goals: new Map(),
    trials: new Map(),
    outbox: [],
    xid: BigInt(Date.now()) * 1000n,
    seq: 0n,
    wake: () => {},
  }))
}

/** Appends what one transaction tells. */
export const append = (memory: Memory["Service"], changes: ReadonlyArray<Change>, at: number): void => {
  if (changes.length === 0) return
  const xid = memory.xid++
  for (const change of changes) memory.outbox.push({ xid, seq: ++memory.seq, change, at })
  memory.wake()
}

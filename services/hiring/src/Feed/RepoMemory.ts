/** The feed in memory: a transaction there commits at once, so that nothing is ever held. */
import { Clock, Deferred, Effect, Layer } from "effect"
import { Memory, type OutboxRow } from "../Engagements/Memory.ts"
import { type Cursor, isBefore, START } from "./Cursor.ts"
import { FeedRepo, KEEP_DAYS, PRUNE_BATCH } from "./Repo.ts"

/** The layer of `FeedRepo` over `Memory`. */
export const layerMemory = Layer.effect(
  FeedRepo,
  Effect.gen(function* () {
    const memory = yield* Memory
    // A cursor from before this process began has missed what that one told last
    let floor: Cursor = { xid: memory.xid - 1n, seq: 0n }
    let pruned = false
    let changed = Deferred.makeUnsafe<void>()
    memory.wake = () => {
      const waiting = changed
      changed = Deferred.makeUnsafe<void>()
      Deferred.doneUnsafe(waiting, Effect.void)
    }
    const told = ({ change, seq, xid }: OutboxRow) => ({ at: { xid, seq }, change })
    const isStart = ({ seq, xid }: Cursor) => xid === START.xid && seq === START.seq
    return FeedRepo.of({
      after: (cursor, limit) =>
        Effect.sync(() => {
          const gone = cursor.xid > memory.xid || (isStart(cursor) ? pruned : isBefore(cursor, floor))
          const rows = gone ? [] : memory.outbox.filter((row) => isBefore(cursor, row)).slice(0, limit)
          return { gone, items: rows.map(told), held: false }
        }),
      runs: (after, before, limit) =>
        Effect.sync(() =>
          memory.outbox.filter((row) => row.change.type === "run" && isBefore(after, row) && isBefore(row, before))
            .slice(0, limit).map(told)
        ),
      end: Effect.sync(() => ({ xid: memory.xid, seq: 0n })),
      watch: Effect.sync(() => ({ changed: Deferred.await(changed), live: true })),
      prune: Effect.map(Clock.currentTimeMillis, (now) => {
        const { outbox } = memory
        let old = 0
        while (old < PRUNE_BATCH && old < outbox.length && outbox[old]!.at < now - KEEP_DAYS * 86_400_000) old++
        const last = outbox.splice(0, old).at(-1)
        if (last !== undefined) {
          floor = { xid: last.xid, seq: last.seq }
          pruned = true
        }
        return old
      }),
    })
  }),
)

/** Stores an amendment: its rows, and its changes in the outbox. */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { OutboxRepo } from "../../Outbox/Repo.ts"
import type { Amendment } from "../Amendment.ts"
import { goalStatements } from "./Goals.ts"
import { hireStatements } from "./Hires.ts"
import { subscriptionStatements } from "./Subscriptions.ts"

/** Makes the write, which belongs in the transaction that locked the engagement. */
export const storing = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const outbox = yield* OutboxRepo
  const subscriptions = subscriptionStatements(sql)
  const hires = hireStatements(sql)
  const goals = goalStatements(sql)

  return Effect.fnUntraced(function* ({ changes, goals: written, hire, removed, run, subscription }: Amendment) {
    if (subscription !== undefined) yield* subscriptions.update(subscription)
    if (hire !== undefined) yield* hires.put(hire)
    yield* Effect.forEach(written, goals.put, { discard: true })
    if (removed !== undefined) yield* goals.remove(removed.goal_instance_id)
    if (run !== undefined) yield* goals.keepSlot(run)
    yield* outbox.append(changes)
  }, Effect.orDie)
})

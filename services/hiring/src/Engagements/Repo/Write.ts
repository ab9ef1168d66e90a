/** Stores an amendment: its rows, its changes in the outbox, and its line in the action log. */
import { PgClient } from "@effect/sql-pg"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
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
  const log = yield* ActionLogRepo
  const subscriptions = subscriptionStatements(sql)
  const hires = hireStatements(sql)
  const goals = goalStatements(sql)

  return Effect.fnUntraced(function* ({ changes, goals: written, hire, line, removed, run, subscription }: Amendment) {
    if (subscription !== undefined) yield* subscriptions.update(subscription)
    if (hire !== undefined) yield* hires.put(hire)
    yield* Effect.forEach(written, goals.put, { discard: true })
    if (removed !== undefined) yield* goals.remove(removed.goal_instance_id)
    if (run !== undefined) yield* goals.keepSlot(run)
    if (line !== undefined) yield* log.write(line)
    yield* outbox.append(changes)
    if (hire !== undefined) yield* hires.announced([hire.hired_instance_id])
  }, Effect.orDie)
})

/** Trials in memory. Nothing here waits, so each method is atomic by itself. */
import { Effect, Layer, Option } from "effect"
import { Memory } from "../Engagements/Memory.ts"
import { TrialsRepo } from "./Repo.ts"

/** The layer of `TrialsRepo` over `Memory`. */
export const layerMemory = Layer.effect(
  TrialsRepo,
  Effect.gen(function* () {
    const { trials } = yield* Memory
    return TrialsRepo.of({
      begin: (row) =>
        Effect.sync(() => {
          const known = trials.get(row.trial_id)
          if (known === undefined) trials.set(row.trial_id, row)
          return known ?? row
        }),
      find: (id) => Effect.sync(() => Option.fromUndefinedOr(trials.get(id))),
      list: ({ customer_id, status }, { after = "", limit }) =>
        Effect.sync(() =>
          [...trials.values()]
            .filter((row) =>
              row.trial_id > after && (customer_id === undefined || row.customer_id === customer_id) &&
              (status === undefined || row.status === status)
            )
            .sort((a, b) => a.trial_id < b.trial_id ? -1 : 1)
            .slice(0, limit)
        ),
      end: (id, status, now) =>
        Effect.sync(() => {
          const trial = trials.get(id)
          if (trial?.status !== "active") return Option.none()
          const ended = { ...trial, status, updated_at: now }
          trials.set(id, ended)
          return Option.some(ended)
        }),
      remove: (id) => Effect.sync(() => trials.delete(id)),
    })
  }),
)

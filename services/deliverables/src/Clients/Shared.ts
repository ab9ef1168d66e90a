/** One lookup for the hires that decisions and executions ask hiring about at the same time. */
import type { HiredInstanceId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { gather } from "@stint/edge/Pg/Gather"
import { type Context, Effect, Result } from "effect"
import type { FoundAnswer, Lookup } from "../Clients.ts"

/** A hire, and the request that asks about it. */
interface Asking {
  readonly id: HiredInstanceId
  readonly context: Context.Context<never>
}

/** The answer as it is about one hire. */
const partOf = (
  { failed, hires, unread }: FoundAnswer,
  id: HiredInstanceId,
): Result.Result<FoundAnswer, Unavailable> =>
  failed?.includes(id) === true
    ? Result.fail(new Unavailable({ detail: "hiring does not answer; try again" }))
    : Result.succeed({
      goals: [],
      hires: hires.filter((hire) => hire.hired_instance_id === id),
      ...(unread?.hires.includes(id) ? { unread: { goals: [], hires: [id] } } : {}),
    })

/**
 * Makes the lookup of one hire. `ask` looks many up and names those whose lookup failed though hiring is there; its trace and
 * request id are those of who asked first. No answer is older than its question: a decision is made by the hire of now.
 */
export const sharedLookup = (
  ask: (ids: Lookup) => Effect.Effect<FoundAnswer, Unavailable>,
): Effect.Effect<(id: HiredInstanceId) => Effect.Effect<FoundAnswer, Unavailable>> => {
  let asked = 0
  const answers = (all: ReadonlyArray<Asking>) =>
    ask({ hired_instance_ids: [...new Set(all.map(({ id }) => id))] }).pipe(
      Effect.provideContext(all[0]!.context),
      // what fails whole is everybody's, and not asked again for each alone
      Effect.result,
      Effect.map((answer) => all.map(({ id }) => Result.flatMap(answer, (found) => partOf(found, id)))),
    )
  // a hire may be asked about by many: it is one in the lookup
  return Effect.map(
    gather({ ask: answers, nameOf: () => String(asked++) }),
    (one) => (id: HiredInstanceId) =>
      Effect.flatMap(Effect.context<never>(), (context) => Effect.flatMap(one({ id, context }), Effect.fromResult)),
  )
}

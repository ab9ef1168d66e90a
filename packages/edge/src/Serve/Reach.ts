/** Reach on Deno: a connection that is opened and closed. */
import { Effect } from "effect"
import { Reach, Unreachable } from "../Reach.ts"

/** Fails only when the connection is refused: anything else is for the call itself to find out. */
export const denoReach = Reach.of({
  check: (url) => {
    const { hostname, port, protocol } = new URL(url)
    return Effect.tryPromise({
      try: async () =>
        (await Deno.connect({ hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) })).close(),
      catch: (error) => error,
    }).pipe(
      Effect.catchIf(
        (error) => !(error instanceof Deno.errors.ConnectionRefused),
        () => Effect.void,
      ),
      Effect.mapError(() => new Unreachable({ message: `nothing listens at ${url}` })),
    )
  },
})

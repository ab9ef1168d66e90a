/** `PortCheck` on Deno. */
import { Effect } from "effect"
import { PortCheck, Unreachable } from "../PortCheck.ts"

const portOf = ({ port, protocol }: URL) => Number(port || (protocol === "https:" ? 443 : 80))

/** Opens a TCP connection and closes it. */
export const denoPortCheck = PortCheck.of({
  check: (text) => {
    const url = new URL(text)
    return Effect.tryPromise({
      try: async () => (await Deno.connect({ hostname: url.hostname, port: portOf(url) })).close(),
      catch: (error) => error,
    }).pipe(
      Effect.catchIf((error) => !(error instanceof Deno.errors.ConnectionRefused), () => Effect.void),
      Effect.mapError(() => new Unreachable({ message: `nothing listens at ${text}` })),
    )
  },
})

/** `PortCheck` on Deno. */
import { Effect } from "effect"
import { PortCheck, Unreachable } from "../PortCheck.ts"

const portOf = ({ port, protocol }: URL) => Number(port || (protocol === "https:" ? 443 : 80))

/** How long a connection may take to be there. */
const DEADLINE = "10 seconds"

/** Opens a TCP connection and closes it; the address that it got. */
const connect = (url: URL) =>
  Effect.tryPromise({
    try: async () => {
      const connection = await Deno.connect({ hostname: url.hostname.replace(/^\[|\]$/g, ""), port: portOf(url) })
      connection.close()
      return (connection.remoteAddr as Deno.NetAddr).hostname
    },
    catch: (error) => error,
  })

const unreachable = (url: URL, why: string) => new Unreachable({ message: `nothing ${why} at ${url.host}` })

/** By connections of Deno's. */
export const denoPortCheck = PortCheck.of({
  check: (text) => {
    const url = new URL(text)
    return connect(url).pipe(
      Effect.asVoid,
      Effect.catchIf((error) => !(error instanceof Deno.errors.ConnectionRefused), () => Effect.void),
      Effect.mapError(() => new Unreachable({ message: `nothing listens at ${text}` })),
    )
  },
  reach: (text) => {
    const url = new URL(text)
    return connect(url).pipe(
      Effect.mapError(() => unreachable(url, "listens")),
      Effect.timeoutOrElse({ duration: DEADLINE, orElse: () => Effect.fail(unreachable(url, "answers")) }),
    )
  },
})

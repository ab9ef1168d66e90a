/** Where browsers find the front door: what its cookies, its own-origin checks and its addresses follow from. */
import { Config, Context, Effect, Layer, Option } from "effect"
import { httpUrl } from "@stint/edge/Places"
import { GATEWAY_PORT, PORT_BASE } from "@stint/edge/Ports"
import { Refusal } from "@stint/edge/Refusal"

/** The headers of a request, by their names in lower case. */
type Headers = Readonly<Record<string, string | undefined>>

/** The name of the cookie of a session: by the port where it is none of its own, since cookies know no ports. */
export const cookieNameOf = (url: URL): string =>
  url.protocol === "https:" ? "__Host-stint" : url.port === "" ? "stint" : `stint-${url.port}`

/** The public origins of the front door: the one that `STINT_PUBLIC_URL` names, else this machine's own. */
export class Origin extends Context.Service<Origin, {
  /** Whether browsers come by https. */
  readonly isSecure: boolean
  /** The name of the cookie of a session. */
  readonly cookie: string
  /** Whether an origin, as `Origin` names it, is the front door's own. */
  isOurs(origin: string): boolean
  /** The origin that a request was sent to; undefined when its Host is not the front door's. */
  of(headers: Headers): string | undefined
}>()("gateway/Origin") {
  /** Fails with a Refusal for a url that is more than an origin. */
  static readonly layer = Layer.effect(
    Origin,
    Effect.gen(function* () {
      const given = yield* httpUrl("STINT_PUBLIC_URL")
      const base = yield* Config.Int("STINT_PORT_BASE").pipe(Config.withDefault(PORT_BASE))
      if (Option.isSome(given) && given.value.href !== `${given.value.origin}/`) {
        return yield* new Refusal({
          message: "STINT_PUBLIC_URL must be an origin alone, like https://stint.example.com",
        })
      }
      const port = base + GATEWAY_PORT
      const urls = Option.match(given, {
        onNone: () => ["127.0.0.1", "localhost", "[::1]"].map((host) => new URL(`http://${host}:${port}`)),
        onSome: (url) => [url],
      })
      const origins = new Set(urls.map(({ origin }) => origin))
      const byHost = new Map(urls.map(({ host, origin }) => [host, origin]))
      return Origin.of({
        isSecure: urls[0]!.protocol === "https:",
        cookie: cookieNameOf(urls[0]!),
        isOurs: (origin) => origins.has(origin),
        of: ({ host = "" }) => byHost.get(host.toLowerCase()),
      })
    }),
  )
}

/** A service of Effect that does nothing: what the start of any such service costs on this machine. */
import { HttpRouter, HttpServerResponse } from "effect/http"

const routes = HttpRouter.use((router) =>
  router.add("GET", "/livez", HttpServerResponse.jsonUnsafe({ status: "alive" }))
)
const { handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) },
  (request) => handler(request),
)

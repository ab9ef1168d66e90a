/** `/mcp`: messages of MCP clients, over streamable HTTP. */
import { Bounds } from "@stint/domain/Bounds"
import { Unauthorized } from "@stint/domain/Problem"
import { bearerOf } from "@stint/edge/Auth"
import { jsonText } from "@stint/edge/Body"
import { Facts } from "@stint/edge/RequestContext"
import { Effect } from "effect"
import { HttpRouter, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Mcp } from "../Mcp.ts"

const PATH = "/mcp"

/** Adds the routes. A session of the console does not count here: a page of another site could use its cookie. */
export const McpHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const mcp = yield* Mcp
  const bounds = yield* Bounds
  for (const method of ["POST", "DELETE", "GET"] as const) {
    yield* router.add(method, PATH, (request) =>
      Effect.gen(function* () {
        const facts = yield* Facts
        if (facts !== undefined) facts.route = PATH
        const token = bearerOf(request.headers.authorization)
        if (token === undefined) return yield* new Unauthorized({ detail: "Send Authorization: Bearer <token>" })
        const body = method === "POST" ? { body: yield* jsonText(request, bounds) } : {}
        const headers = new Headers(request.headers as Record<string, string>)
        headers.delete("content-length")
        return HttpServerResponse.raw(
          yield* mcp.answer(new Request(`http://front-door${PATH}`, { method, headers, ...body }), token),
        )
      }).pipe(Effect.catch((problem) => HttpServerRespondable.toResponse(problem))))
  }
}))

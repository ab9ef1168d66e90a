/** The routes of the console's files and of its page. */
import { NotFound } from "@stint/domain/Problem"
import { Facts } from "@stint/edge/RequestContext"
import { pathOf } from "@stint/edge/Target"
import { Effect, Option } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Console } from "../Console.ts"
import { mediaOf } from "./Media.ts"
import { pageHeaders } from "./Policy.ts"

/** First parts of paths that are no screens of the console. */
const notScreens = new Set(["api", "assets", "docs", "events", "session"])

/** Adds `/assets/*`, the files beside the page, and the page at every other path that a browser goes to. */
export const ConsoleHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const console = yield* Console
  const nothing = HttpServerRespondable.toResponse(new NotFound({ detail: "There is no such page or file" }))

  const named = Effect.fnUntraced(function* (route: string) {
    const facts = yield* Facts
    if (facts !== undefined) facts.route = route
  })

  const sent = (bytes: Uint8Array, name: string, headers: Record<string, string>) =>
    HttpServerResponse.uint8Array(bytes, { contentType: mediaOf(name), headers })

  yield* router.add("GET", "/assets/*", (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      yield* named("/assets/*")
      const names = pathOf((request.source as Request).url).split("/").slice(1)
      const file = yield* console.file(names)
      if (Option.isNone(file)) return yield* nothing
      return sent(file.value, names.at(-1)!, { "cache-control": "public, max-age=31536000, immutable" })
    }))

  yield* router.add("GET", "/*", (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      const names = pathOf((request.source as Request).url).split("/").slice(1)
      if (notScreens.has(names[0]!)) return yield* nothing
      const file = names.length === 1 && names[0] !== "index.html" ? yield* console.file(names) : Option.none()
      if (Option.isSome(file)) {
        yield* named("/:file")
        return sent(file.value, names[0]!, { "cache-control": "no-cache" })
      }
      if (!(request.headers.accept ?? "").includes("text/html")) return yield* nothing
      yield* named("/*")
      return sent(yield* console.page, "index.html", pageHeaders)
    }))
}))

/** The routes of the console's files and of its page. */
import { NotFound } from "@stint/domain/Problem"
import { Facts } from "@stint/edge/RequestContext"
import { pathOf } from "@stint/edge/Target"
import { Effect, Option } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Console } from "../Console.ts"
import { Decisions } from "../Decisions.ts"
import { Origin } from "../Origin.ts"
import { isPackable, mediaOf, takesGzip } from "./Media.ts"
import { pageHeaders } from "./Policy.ts"

/** First parts of paths that are no screens of the console. */
const notScreens = new Set(["api", "assets", "docs", "events", "session"])

/** What `/` says to whom it is no page. */
const whereTo = `This is Stint's front door.

  /              the console, in a browser
  /api/v1/...    the API of all services, with a bearer token
  /openapi.json  its contract; /docs has it as pages
  /livez         whether this process lives; /readyz whether it can serve
`

/** A part of a path, decoded where it can be. */
const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Adds `/assets/*`, the files beside the page, and the page at every other path that a browser goes to. */
export const ConsoleHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const console = yield* Console
  const decisions = yield* Decisions
  const headers = pageHeaders((yield* Origin).isSecure)
  const nothing = HttpServerRespondable.toResponse(new NotFound({ detail: "There is no such page or file" }))

  const named = Effect.fnUntraced(function* (route: string) {
    const facts = yield* Facts
    if (facts !== undefined) facts.route = route
  })

  /** A file, packed where that makes it smaller and the browser takes it. */
  const sent = Effect.fnUntraced(function* (
    request: HttpServerRequest.HttpServerRequest,
    bytes: Uint8Array<ArrayBuffer>,
    path: string,
    headers: Readonly<Record<string, string>>,
  ) {
    const contentType = mediaOf(path)
    if (!isPackable(path)) return HttpServerResponse.uint8Array(bytes, { contentType, headers })
    const varied = { ...headers, vary: "accept-encoding" }
    return takesGzip(request.headers["accept-encoding"])
      ? HttpServerResponse.uint8Array(yield* console.packed(path, bytes), {
        contentType,
        headers: { ...varied, "content-encoding": "gzip" },
      })
      : HttpServerResponse.uint8Array(bytes, { contentType, headers: varied })
  })

  /** A message's link: the browser goes on without its token, which the address would show. */
  const linkOf = (request: HttpServerRequest.HttpServerRequest, name: string) => {
    const token = new URL((request.source as Request).url).searchParams.get("token")
    const entered = decisions.enter(decoded(name), token)
    return entered && HttpServerResponse.empty({
      status: 303,
      headers: {
        location: entered.to,
        "set-cookie": entered.cookie,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
      },
    })
  }

  yield* router.add("GET", "/assets/*", (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      yield* named("/assets/*")
      const names = pathOf((request.source as Request).url).split("/").slice(1)
      const file = yield* console.file(names)
      if (Option.isNone(file)) return yield* nothing
      return yield* sent(request, file.value, names.join("/"), {
        "cache-control": "public, max-age=31536000, immutable",
      })
    }))

  yield* router.add("GET", "/*", (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      const names = pathOf((request.source as Request).url).split("/").slice(1)
      if (notScreens.has(names[0]!)) return yield* nothing
      const link = names[0] === "inbox" && names.length === 2 ? linkOf(request, names[1]!) : undefined
      if (link !== undefined) {
        yield* named("/inbox/:id")
        return link
      }
      const file = names.length === 1 && names[0] !== "index.html" ? yield* console.file(names) : Option.none()
      if (Option.isSome(file)) {
        yield* named("/:file")
        return yield* sent(request, file.value, names[0]!, { "cache-control": "no-cache" })
      }
      if (!(request.headers.accept ?? "").includes("text/html")) {
        if (names.length > 1 || names[0] !== "") return yield* nothing
        // a person with curl, or a program that looks whether anybody is here
        yield* named("/")
        return HttpServerResponse.text(whereTo, { headers: { "cache-control": "no-cache" } })
      }
      yield* named("/*")
      return yield* sent(request, yield* console.page, "index.html", headers)
    }))
}))

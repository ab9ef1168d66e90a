/** `/openapi.json` and `/docs`. */
import { Facts } from "@stint/edge/RequestContext"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiScalar, OpenApi } from "effect/http-api"

/** What a page needs to try what changes something: its session's csrf. */
const customFetch = `async (input, init) => {
  const { csrf } = await (await fetch("/session")).json()
  const request = new Request(input, init)
  request.headers.set("x-stint-csrf", csrf)
  return fetch(request)
}`

/** The scripts that stand in a page, by their digests. */
const scriptsOf = Effect.fnUntraced(function* (html: string) {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script]) => script!)
  return yield* Effect.forEach(scripts, (script) =>
    Effect.promise(async () => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script))
      return `'sha256-${new Uint8Array(digest).toBase64()}'`
    }))
})

/** Its own scripts and no other; nothing from outside. */
const policyOf = (scripts: ReadonlyArray<string>): string =>
  `default-src 'none'; script-src ${scripts.join(" ")}; style-src 'unsafe-inline'; img-src 'self' data:; ` +
  "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The contracts of all services are loaded for the first who asks. */
const joined = Effect.map(Effect.promise(() => import("../Docs.ts")), ({ JoinedApi }) => JoinedApi)

/** The page of Scalar. Its 3 MB of program are loaded for the first who asks. */
const makePage = Effect.gen(function* () {
  const JoinedApi = yield* joined
  const own = yield* HttpRouter.make
  yield* Layer.build(HttpApiScalar.layer(JoinedApi, {
    path: "/docs",
    scalar: { withDefaultFonts: false, hideModels: true, customFetch },
  })).pipe(Effect.provideService(HttpRouter.HttpRouter, own), Effect.scoped)
  const html = yield* own.asHttpEffect().pipe(
    Effect.map((response) => HttpServerResponse.toWeb(response)),
    Effect.flatMap((response) => Effect.promise(() => response.text())),
  )
  return HttpServerResponse.text(html, {
    contentType: "text/html; charset=utf-8",
    headers: { "content-security-policy": policyOf(yield* scriptsOf(html)) },
  })
})

/** Adds both routes. */
export const DocsHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const route = Effect.fnUntraced(function* (path: string) {
    const facts = yield* Facts
    if (facts !== undefined) facts.route = path
  })
  const document = yield* Effect.cached(
    Effect.map(joined, (api) => HttpServerResponse.jsonUnsafe(OpenApi.fromApi(api))),
  )
  const page = yield* Effect.cached(makePage)
  yield* router.add("GET", "/openapi.json", Effect.andThen(route("/openapi.json"), document))
  yield* router.add("GET", "/docs", Effect.andThen(route("/docs"), page))
}))

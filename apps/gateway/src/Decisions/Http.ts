/** The routes of links that decide: the address that a message holds, the page, and its form. */
import { Facts } from "@stint/edge/RequestContext"
import { pathOf } from "@stint/edge/Target"
import { Effect } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Decisions, type Refused } from "../Decisions.ts"
import { draftPage, policyOf, refusalPage } from "./Page.ts"

/** The most bytes of a form. */
const LARGEST = 64 * 1024

const isRefused = (failure: unknown): failure is Refused =>
  typeof (failure as Refused).detail === "string" && !("_tag" in (failure as object))

/** The text of a body; undefined of one that is larger than a form may be, of which no more is read. */
const formIn = async ({ body }: Request): Promise<string | undefined> => {
  const decoder = new TextDecoder()
  let text = ""
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > LARGEST) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** The id in a path of three parts. */
const idOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const last = pathOf((request.source as Request).url).split("/")[3] ?? ""
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}

/** A page that nobody keeps, and whose address no other site learns. */
const shown = (status: number, pageOf: (nonce: string) => string) => {
  const nonce = crypto.randomUUID()
  return HttpServerResponse.text(pageOf(nonce), {
    status,
    contentType: "text/html; charset=utf-8",
    headers: {
      "cache-control": "no-store",
      "content-security-policy": policyOf(nonce),
      "referrer-policy": "no-referrer",
    },
  })
}

const refused = ({ detail, status, title }: Refused) => shown(status, (nonce) => refusalPage(title, detail, nonce))

/** Adds `GET` and `POST /session/decision/:id`. */
export const DecisionsHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const decisions = yield* Decisions
  const path = "/session/decision/:id"

  const named = Effect.fnUntraced(function* () {
    const facts = yield* Facts
    if (facts === undefined) return
    facts.route = path
    facts.page = true
  })

  yield* router.add("GET", path, (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      yield* named()
      return yield* decisions.view(idOf(request), request.headers).pipe(
        Effect.map((view) => shown(200, (nonce) => draftPage(view, undefined, nonce))),
        Effect.catch((failure) => Effect.succeed(refused(failure))),
      )
    }))

  yield* router.add("POST", path, (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      yield* named()
      const id = idOf(request)
      const text = yield* Effect.promise(() => formIn(request.source as Request))
      if (text === undefined) {
        return refused({ status: 413, title: "That is too long", detail: "Shorten the notes." })
      }
      const form = new URLSearchParams(text)
      const asked = {
        decision: form.get("decision"),
        notes: form.get("notes"),
        content_sha256: form.get("content_sha256"),
        revision: form.get("revision"),
      }
      return yield* decisions.decide(id, request.headers, asked).pipe(
        Effect.as(HttpServerResponse.empty({
          status: 303,
          headers: { location: pathOf((request.source as Request).url), "cache-control": "no-store" },
        })),
        Effect.catch((failure) => {
          if (!isRefused(failure)) return HttpServerRespondable.toResponse(failure)
          const said = [failure.title, failure.detail].filter((part) => part !== "").join(". ")
          // what it is now, and why that was refused
          return decisions.view(id, request.headers).pipe(
            Effect.map((view) => shown(failure.status, (nonce) => draftPage(view, said, nonce))),
            Effect.catch((why) => Effect.succeed(refused(why))),
          )
        }),
      )
    }))
}))

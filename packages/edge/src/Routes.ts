/**
 * Which methods a path has. The router answers an unknown method as it answers an unknown path; what it was given is
 * noted here, so that the answer can be 405 with Allow, and OPTIONS be answered (RFC 9110 15.5.6 and 9.3.7).
 */
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"

/** The routes of a service. */
export interface RouteTable {
  /** Notes a route; one for all methods says nothing of which there are, and is not noted. */
  add(method: string, path: string): void
  /** The methods of the routes that a path matches; empty when none does. */
  methodsOf(path: string): ReadonlyArray<string>
}

const segmentsOf = (path: string) => path.split("/").filter((segment) => segment !== "")

const matches = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>) => {
  const open = pattern.at(-1) === "*"
  return (open ? path.length >= pattern.length - 1 : path.length === pattern.length) &&
    pattern.every((part, i) => part === "*" || part.startsWith(":") || part === path[i])
}

/** An empty table. Every path with GET also has HEAD, and every path OPTIONS. */
export const make = (): RouteTable => {
  const routes: Array<{ readonly method: string; readonly segments: ReadonlyArray<string> }> = []
  return {
    add: (method, path) => {
      if (method !== "*") routes.push({ method, segments: segmentsOf(path) })
    },
    methodsOf: (path) => {
      // "OPTIONS *" asks about the server as a whole; a url shows it as a path
      const asked = segmentsOf(path).map(decodeURIComponent)
      const found = routes.filter(({ segments }) => path === "/*" || matches(segments, asked)).map((r) => r.method)
      if (found.length === 0) return []
      return [...new Set([...found, ...(found.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].sort()
    },
  }
}

const noting = (
  router: HttpRouter.HttpRouter,
  note: (method: string, path: string) => void,
): HttpRouter.HttpRouter => ({
  ...router,
  prefixed: (prefix) => noting(router.prefixed(prefix), (method, path) => note(method, `${prefix}/${path}`)),
  addAll: (routes) => {
    for (const { method, path } of routes) note(method, path)
    return router.addAll(routes)
  },
  add: (method, path, handler, options) => {
    note(method, path)
    return router.add(method, path, handler, options)
  },
})

/** The router, whose routes are noted in the table. */
export const layer = (table: RouteTable) =>
  Layer.effect(HttpRouter.HttpRouter, Effect.map(HttpRouter.HttpRouter, (router) => noting(router, table.add)))

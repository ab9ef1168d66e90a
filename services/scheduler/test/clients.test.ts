/** The clients of deliverables and hiring over HTTP: what they send, and how each answer and each failure is classed. */
import { FeedCursorGone } from "@stint/domain/hiring/Feed"
import { GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Files } from "@stint/edge/Files"
import { PortCheck, Unreachable } from "@stint/edge/PortCheck"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { Clients } from "../src/App.ts"
import { Drafts, Hiring } from "../src/Clients.ts"
import { runKey } from "@stint/domain/scheduler/Runs"
import type { ClaimedRun } from "../src/Model.ts"

type Serve = (request: Request) => Promise<Response>

/** Runs with neighbours that answer so; whatever went wrong is the result as well. */
const withClients = <A, E>(serve: Serve, use: Effect.Effect<A, E, Drafts | Hiring>, listens = true) =>
  Effect.gen(function* () {
    const asked: Array<Request> = []
    const fetch = ((input: string | URL | Request, init?: RequestInit) => {
      const request = new Request(input, init)
      asked.push(request.clone())
      return serve(request)
    }) as typeof globalThis.fetch
    const check = (url: string) =>
      listens ? Effect.void : Effect.fail(new Unreachable({ message: `nothing listens at ${url}` }))
    const layer = Clients.pipe(Layer.provide([
      Layer.succeed(
        Files,
        Files.of({
          read: () => Effect.succeed("token-1\n"),
          readFrom: () => Effect.succeed(new Uint8Array()),
          appendLine: () => Effect.void,
        }),
      ),
      Layer.succeed(PortCheck, PortCheck.of({ check, reach: () => Effect.die("not used") })),
      ConfigProvider.layer(ConfigProvider.fromEnvRecord({
        DELIVERABLES_URL: "http://deliverables.test",
        HIRING_URL: "http://hiring.test",
        STINT_SERVICE_TOKEN_FILE: "token",
      })),
    ]))
    const result = yield* Effect.match(use, {
      onSuccess: (value): unknown => value,
      onFailure: (error): unknown => error,
    }).pipe(Effect.provide(layer), Effect.provideService(FetchHttpClient.Fetch, fetch))
    return { asked, result: result as Record<string, unknown> }
  })

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  })
const problem = (code: string, status: number, more: Record<string, unknown> = {}) =>
  json({ type: `urn:stint:problem:${code}`, title: "x", status, code, ...more }, status)
const answers = (response: Response): Serve => () => Promise.resolve(response.clone())
const breaks: Serve = () => Promise.reject(new TypeError("connection closed"))

/** The failure of a call that is never answered: it comes after so long, and not a millisecond before. */
const afterSilence = <A, E>(millis: number, use: Effect.Effect<A, E, Drafts | Hiring>) =>
  Effect.gen(function* () {
    let sent = () => {}
    const isSent = new Promise<void>((resolve) => sent = resolve)
    const silent: Serve = () => {
      sent()
      return new Promise(() => {})
    }
    const fiber = yield* Effect.forkChild(withClients(silent, use))
    yield* Effect.promise(() => isSent)
    yield* TestClock.adjust(millis - 1)
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust(1)
    return (yield* Fiber.join(fiber)).result
  })

const slot = Date.parse("2026-01-01T09:00:00.000Z")
const run: ClaimedRun = {
  scheduled_run_id: ScheduledRunId.make("SCH-1"),
  goal_instance_id: GoalInstanceId.make("GOI-1"),
  hired_instance_id: HiredInstanceId.make("HAI-1"),
  scheduled_time: slot,
  attempt: 2,
  fence: 7,
  customer_id: "acme" as never,
  claimed_at: slot + 5,
  serial: false,
}

describe("the client of deliverables", () => {
  const make = Effect.flatMap(Drafts, (drafts) => drafts.make([run]))

  it.effect("asks for drafts under the runs' own keys, with the service's token, and returns the answer for each", () =>
    Effect.gen(function* () {
      const refused = {
        idempotency_key: runKey("GOI-1", slot),
        problem: { type: "urn:stint:problem:run_not_runnable", title: "x", status: 409, code: "run_not_runnable" },
      }
      const { asked, result } = yield* withClients(answers(json({ items: [refused] })), make)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(result)), [refused])
      assert.strictEqual(asked[0]!.url, "http://deliverables.test/api/v1/deliverables/batch")
      assert.strictEqual(asked[0]!.headers.get("authorization"), "Bearer token-1")
      assert.deepStrictEqual(yield* Effect.promise(() => asked[0]!.json()), {
        items: [{
          idempotency_key: "GOI-1:2026-01-01T09:00:00.000Z",
          goal_instance_id: "GOI-1",
          hired_instance_id: "HAI-1",
          scheduled_time: "2026-01-01T09:00:00.000Z",
          attempt: "7",
        }],
        answer: "ids",
      })
    }))

  const versions = new Map([["GOI-1", { goal_version: 3, goal_changed_at: 5, hire_version: 2, hire_changed_at: 4 }]])
  const makeKnown = Effect.flatMap(
    Drafts,
    (drafts) => drafts.make([run, { ...run, goal_instance_id: GoalInstanceId.make("GOI-2") }], versions),
  )

  it.effect("names the revisions that it decided by, of the goals that are projected", () =>
    Effect.gen(function* () {
      const made = { idempotency_key: runKey("GOI-1", slot), deliverable_id: "DEL-1" }
      const { asked, result } = yield* withClients(answers(json({ items: [made] })), makeKnown)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(result)), [made])
      const { items } = JSON.parse(yield* Effect.promise(() => asked[0]!.text()))
      assert.deepStrictEqual(
        items.map((one: Record<string, unknown>) => [one.goal_revision, one.hire_revision]),
        [["3@5", "2@4"], [undefined, undefined]],
      )
    }))

  it.effect("a deliverables of 0.2.0 refuses fields that it does not know, and is asked without them", () =>
    Effect.gen(function* () {
      const known = new Set(["idempotency_key", "goal_instance_id", "hired_instance_id", "scheduled_time"])
      const older: Serve = async (request) => {
        const { items, ...more } = JSON.parse(await request.text())
        const isKnown = Object.keys(more).length === 0 &&
          items.every((item: object) => Object.keys(item).every((key) => known.has(key)))
        if (isKnown) return json({ items: [] })
        const errors = [{ path: "$.items[0].goal_revision", message: "no such field" }]
        return problem("invalid_request", 400, { errors })
      }
      const { asked, result } = yield* withClients(older, makeKnown)
      assert.deepStrictEqual([result, asked.length], [[], 2])
    }))

  it.effect("where nothing listens, nothing is sent: it is away", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* withClients(answers(json({ items: [] })), make, false)
      assert.deepStrictEqual([result._tag, asked.length], ["Away", 0])
      assert.strictEqual(result.message, "nothing listens at http://deliverables.test")
    }))

  it.effect("the service's own token refused is away as well: no run is to blame", () =>
    Effect.gen(function* () {
      for (const [code, status] of [["unauthorized", 401], ["wrong_role", 403]] as const) {
        const { asked, result } = yield* withClients(
          answers(problem(code, status, { allowed_roles: ["service"] })),
          make,
        )
        assert.deepStrictEqual([result._tag, asked.length], ["Away", 1], code)
        assert.strictEqual(result.how, "token_refused")
      }
    }))

  it.effect("an answer that what it needs is away is away as well: no run was begun", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* withClients(answers(problem("unavailable", 503)), make)
      assert.deepStrictEqual([result._tag, asked.length], ["Away", 1])
    }))

  it.effect("any other failure after the request was sent is a failed call with a type; it is not retried", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Serve, string]> = [
        [answers(problem("internal_error", 500)), "HTTP_500"],
        [answers(problem("invalid_request", 400)), "invalid_request"],
        [answers(json({ not: "an answer" })), "UNREADABLE"],
        [answers(json({ items: [{ idempotency_key: 1 }] })), "UNREADABLE"],
        [breaks, "TRANSPORT"],
      ]
      for (const [serve, type] of cases) {
        const { asked, result } = yield* withClients(serve, make)
        assert.deepStrictEqual([result._tag, result.type, asked.length], ["CallFailed", type, 1], type)
        assert.isNotEmpty(result.message, type)
      }
    }))

  it.effect("is waited for 30 seconds, and no longer", () =>
    Effect.gen(function* () {
      const failure = yield* afterSilence(30_000, make)
      assert.deepStrictEqual([failure._tag, failure.type], ["CallFailed", "TIMEOUT"])
      assert.match(String(failure.message), /^deliverables did not answer within 30s$/)
    }))
})

describe("the client of hiring", () => {
  const changes = Effect.flatMap(Hiring, (hiring) => hiring.changes("7.1", 20_000))
  const snapshot = (next?: string) => Effect.flatMap(Hiring, (hiring) => hiring.snapshot(next))
  const lookup = Effect.flatMap(Hiring, (hiring) => hiring.lookup(GoalInstanceId.make("GOI-1")))

  it.effect("asks for the changes after a cursor, and tells a cursor that is gone from a failure", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* withClients(answers(json({ items: [], cursor: "8.0" })), changes)
      assert.deepStrictEqual(result, { items: [], cursor: "8.0" })
      const { pathname, searchParams } = new URL(asked[0]!.url)
      assert.deepStrictEqual([pathname, Object.fromEntries(searchParams)], [
        "/api/v1/goal-changes",
        { after: "7.1", wait_ms: "20000", limit: "1000" },
      ])
      assert.strictEqual(asked[0]!.headers.get("authorization"), "Bearer token-1")
      const { code, status } = new FeedCursorGone({})
      assert.strictEqual((yield* withClients(answers(problem(code, status)), changes)).result._tag, "FeedGone")
      for (const serve of [answers(problem("unauthorized", 401)), answers(json({ items: 1 })), breaks]) {
        assert.strictEqual((yield* withClients(serve, changes)).result._tag, "CallFailed")
      }
    }))

  it.effect("reads the snapshot page by page", () =>
    Effect.gen(function* () {
      const page = { items: [], next: "page-2", feed_cursor: "8.0" }
      const first = yield* withClients(answers(json(page)), snapshot())
      const second = yield* withClients(answers(json({ ...page, next: null })), snapshot("page-2"))
      assert.deepStrictEqual([first.result, second.result], [page, { ...page, next: null }])
      assert.deepStrictEqual(
        [...first.asked, ...second.asked].map(({ url }) => Object.fromEntries(new URL(url).searchParams)),
        [
          { limit: "500" },
          { limit: "500", next: "page-2" },
        ],
      )
      assert.strictEqual(
        (yield* withClients(answers(problem("unavailable", 503)), snapshot())).result._tag,
        "CallFailed",
      )
    }))

  it.effect("looks one goal up", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* withClients(answers(json({ goals: [], hires: [] })), lookup)
      assert.deepStrictEqual(result, { goals: [], hires: [] })
      assert.deepStrictEqual(yield* Effect.promise(() => asked[0]!.json()), { goal_instance_ids: ["GOI-1"] })
      const failed = (yield* withClients(breaks, lookup)).result
      assert.deepStrictEqual([failed._tag, failed.type], ["CallFailed", "HttpClientError"])
    }))

  it.effect("is waited for 40 seconds by the follower, and 3 by a lookup", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* afterSilence(40_000, changes))._tag, "CallFailed")
      assert.strictEqual((yield* afterSilence(3_000, lookup))._tag, "CallFailed")
    }))
})

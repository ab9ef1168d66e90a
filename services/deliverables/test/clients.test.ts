/** The clients of hiring and the catalog over HTTP: their requests, and how answers and failures are read. */
import { FeedCursorGone } from "@stint/domain/hiring/Feed"
import { AgentTypeId, GoalInstanceId, HiredInstanceId, TrialId } from "@stint/domain/Ids"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { Files } from "@stint/edge/Files"
import { Neighbours } from "@stint/edge/Neighbours"
import { assert, describe, it } from "@effect/vitest"
import { Clock, ConfigProvider, Effect, Layer, Option, Result } from "effect"
import { FetchHttpClient } from "effect/http"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { Clients } from "../src/App.ts"
import { Catalog, hireOf, Hiring } from "../src/Clients.ts"

type Serve = (request: Request) => Promise<Response>

/** Runs with clients whose services answer by `serve`, and by this clock; the result and the requests. */
const withClients = <A, E>(
  serve: Serve,
  use: Effect.Effect<A, E, Catalog | Hiring>,
  { clock } = movableClock(),
) => {
  const asked: Array<Request> = []
  const fetch = ((input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    asked.push(request.clone())
    return serve(request)
  }) as typeof globalThis.fetch
  const layer = Clients.pipe(Layer.provide([
    Neighbours.none,
    Layer.succeed(
      Files,
      Files.of({
        read: () => Effect.succeed("token-1\n"),
        readFrom: () => Effect.succeed(new Uint8Array()),
        appendLine: () => Effect.void,
      }),
    ),
    ConfigProvider.layer(ConfigProvider.fromEnvRecord({
      CATALOG_URL: "http://catalog.test",
      HIRING_URL: "http://hiring.test",
      STINT_SERVICE_TOKEN_FILE: "token",
    })),
  ]))
  return Effect.runPromise(
    Effect.result(use).pipe(
      Effect.provide(layer),
      Effect.provideService(FetchHttpClient.Fetch, fetch),
      Effect.provideService(Clock.Clock, clock),
    ),
  ).then((result) => ({ result, asked }))
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  })
const problem = (code: string, status: number) =>
  json({ type: `urn:stint:problem:${code}`, title: "x", status, code }, status)

const type = AgentTypeId.make("trading.delta_futures.v1")
const at = "2026-01-01T00:00:00.000Z"
const published = {
  ...shippedDefinitions.find((d) => d.agent_type_id === type),
  id: `${type}@1.0.0`,
  created_at: at,
  updated_at: at,
}
const hire = {
  hired_instance_id: "HAI-1",
  subscription_id: "SUB-1",
  customer_id: "acme",
  agent_id: type,
  definition_version: "1.0.0",
  config: {},
  settings: {},
  runnable: true,
  reason: null,
  subscription_status: "active",
  gone: false,
}
const failureOf = <A, E>(result: Result.Result<A, E>) =>
  Result.isFailure(result) ? (result.failure as { _tag: string })._tag : "none"

describe("hiring's client", () => {
  it("looks up goals and hires with the service's token", async () => {
    const { asked, result } = await withClients(
      () => Promise.resolve(json({ goals: [], hires: [hire] })),
      Effect.flatMap(Hiring, (hiring) =>
        Effect.all([
          hireOf(hiring, HiredInstanceId.make("HAI-1")),
          hiring.lookup({ goal_instance_ids: [GoalInstanceId.make("GOI-1")] }),
        ])),
    )
    assert.isTrue(Result.isSuccess(result), String(result))
    assert.strictEqual(asked[0]!.url, "http://hiring.test/api/v1/goals/lookup")
    assert.strictEqual(asked[0]!.headers.get("authorization"), "Bearer token-1")
    assert.deepStrictEqual(await asked[0]!.json(), { hired_instance_ids: ["HAI-1"], partial: true })
    assert.deepStrictEqual(await asked[1]!.json(), { goal_instance_ids: ["GOI-1"], partial: true })
  })

  it("lookups of one hire that are asked at the same time are one; what can't be read of them is its own", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => HiredInstanceId.make(`HAI-${n % 6}`))
    const { asked, result } = await withClients(
      async (request) => {
        const { hired_instance_ids: wanted } = await request.json() as { hired_instance_ids: ReadonlyArray<string> }
        const hires = wanted.filter((id) => id !== "HAI-4" && id !== "HAI-5")
          .map((hired_instance_id) => ({ ...hire, hired_instance_id }))
        return json({ goals: [], hires, unread: { goals: [], hires: wanted.filter((id) => id === "HAI-5") } })
      },
      Effect.flatMap(
        Hiring,
        (hiring) => Effect.forEach(ids, (id) => Effect.result(hireOf(hiring, id)), { concurrency: "unbounded" }),
      ),
    )
    const found = Result.getOrThrow(result)
    const names = found.map((one) => Result.isSuccess(one) ? one.success?.hired_instance_id : failureOf(one))
    const each = ["HAI-0", "HAI-1", "HAI-2", "HAI-3", undefined, "Unavailable"]
    assert.deepStrictEqual(names, [...each, ...each])
    // all that was asked in one turn together, each hire once
    const bodies = await Promise.all(
      asked.map((request) => request.json() as Promise<{ hired_instance_ids: ReadonlyArray<string> }>),
    )
    assert.deepStrictEqual(bodies.map(({ hired_instance_ids: wanted }) => wanted.length), [6])
  })

  it("A3: a lookup apart that fails though hiring is there is made for fewer, and what fails alone is named", async () => {
    const ids = Array.from({ length: 30 }, (_, n) => GoalInstanceId.make(`GOI-${n}`))
    const { asked, result } = await withClients(
      async (request) => {
        const { goal_instance_ids } = await request.json() as { goal_instance_ids: ReadonlyArray<string> }
        return goal_instance_ids.includes("GOI-7") ? json({}, 500) : json({ goals: [], hires: [hire] })
      },
      Effect.flatMap(Hiring, (hiring) => hiring.lookup({ goal_instance_ids: ids }, { apart: true })),
    )
    assert.isTrue(Result.isSuccess(result), String(result))
    const { failed, hires } = Result.getOrThrow(result)
    assert.deepStrictEqual([failed, hires.length], [["GOI-7"], 1])
    // all of them, three tens, and the ten of the one that fails
    assert.strictEqual(asked.length, 1 + 3 + 10)
  })

  it(
    "C2: a lookup of one goal that got no answer as hiring came back is made again; one silent twice is named",
    async () => {
      const lookup = Effect.flatMap(
        Hiring,
        (hiring) => hiring.lookup({ goal_instance_ids: [GoalInstanceId.make("GOI-1")] }, { apart: true }),
      )
      const clock = movableClock()
      /** Answers nothing, until the deadline of the call has passed. */
      const silent = () => {
        // once the call waits
        setTimeout(() => clock.advance("3 seconds"))
        return new Promise<Response>(() => {})
      }
      let calls = 0
      const back = await withClients(
        () => ++calls === 1 ? silent() : Promise.resolve(json({ goals: [], hires: [hire] })),
        lookup,
        clock,
      )
      assert.strictEqual(Result.getOrThrow(back.result).failed, undefined)
      assert.strictEqual(back.asked.length, 2)
      const never = await withClients(silent, lookup, clock)
      assert.deepStrictEqual(Result.getOrThrow(never.result).failed, ["GOI-1"])
      assert.strictEqual(never.asked.length, 2)
    },
  )

  it("a transport error is retried once; every other failure is Unavailable at once", async () => {
    let calls = 0
    const lookup = Effect.flatMap(Hiring, (hiring) => hireOf(hiring, HiredInstanceId.make("HAI-1")))
    const closed = await withClients(
      () =>
        ++calls === 1 ? Promise.reject(new TypeError("closed")) : Promise.resolve(json({ goals: [], hires: [hire] })),
      lookup,
    )
    assert.deepStrictEqual([closed.asked.length, failureOf(closed.result)], [2, "none"])
    for (
      const answer of [problem("unavailable", 503), problem("unauthorized", 401), json({ goals: 1 }), json({}, 500)]
    ) {
      const { asked, result } = await withClients(() => Promise.resolve(answer.clone()), lookup)
      assert.deepStrictEqual([asked.length, failureOf(result)], [1, "Unavailable"], String(answer.status))
    }
    const refused = await withClients(() => Promise.reject(new TypeError("refused")), lookup)
    assert.deepStrictEqual([refused.asked.length, failureOf(refused.result)], [2, "Unavailable"])
  })

  it("long-polls for changes, and tells a cursor that the feed no longer has from a feed that is away", async () => {
    const changes = Effect.flatMap(Hiring, (hiring) => hiring.changes("7.1"))
    const page = await withClients(() => Promise.resolve(json({ items: [], cursor: "8.0" })), changes)
    assert.deepStrictEqual(page.result, Result.succeed({ items: [], cursor: "8.0" }))
    const url = new URL(page.asked[0]!.url)
    assert.deepStrictEqual([url.pathname, url.searchParams.get("after")], ["/api/v1/goal-changes", "7.1"])
    assert.isAtLeast(Number(url.searchParams.get("wait_ms")), 10_000)
    const { code, status } = new FeedCursorGone({})
    const gone = await withClients(() => Promise.resolve(problem(code, status)), changes)
    assert.strictEqual(failureOf(gone.result), "CursorGone")
    const away = await withClients(() => Promise.resolve(problem("unavailable", 503)), changes)
    assert.strictEqual(failureOf(away.result), "Unavailable")
  })

  it("reads the cursor of the feed's end", async () => {
    const { asked, result } = await withClients(
      () => Promise.resolve(json({ items: [], next: null, feed_cursor: "9.4" })),
      Effect.flatMap(Hiring, (hiring) => hiring.feedCursor),
    )
    assert.deepStrictEqual(result, Result.succeed("9.4"))
    assert.strictEqual(asked[0]!.url, "http://hiring.test/api/v1/goal-changes/snapshot?limit=1")
  })
})

describe("hiring's client, of trials", () => {
  const trial = Effect.flatMap(Hiring, (hiring) => hiring.trial(TrialId.make("TRL-1")))
  const told = {
    trial_id: "TRL-1",
    agent_id: type,
    customer_name: "Mia",
    customer_email: "mia@example.com",
    company: "Smile",
    start_date: at,
    end_date: at,
    status: "active",
    created_at: at,
    updated_at: at,
  }

  it("reads the customer of a trial; an unknown trial is none, any other failure is Unavailable", async () => {
    for (const customer_id of ["mia", null]) {
      const { asked, result } = await withClients(() => Promise.resolve(json({ ...told, customer_id })), trial)
      assert.strictEqual(asked[0]!.url, "http://hiring.test/api/v1/trials/TRL-1")
      assert.strictEqual(asked[0]!.headers.get("authorization"), "Bearer token-1")
      assert.deepStrictEqual(result, Result.succeed(Option.some({ customer_id })) as never)
    }
    const unknown = await withClients(() => Promise.resolve(problem("trial_not_found", 404)), trial)
    assert.deepStrictEqual(unknown.result, Result.succeed(Option.none()))
    for (const answer of [problem("not_found", 404), problem("unavailable", 503), problem("unauthorized", 401)]) {
      const { result } = await withClients(() => Promise.resolve(answer.clone()), trial)
      assert.strictEqual(failureOf(result), "Unavailable")
    }
  })
})

describe("the catalog's client", () => {
  const definition = Effect.flatMap(Catalog, (catalog) => catalog.definition(type, "1.0.0"))

  it("gets one version; an unknown one is none", async () => {
    const { asked, result } = await withClients(() => Promise.resolve(json(published)), definition)
    assert.strictEqual(asked[0]!.url, `http://catalog.test/api/v1/agent-types/${type}?version=1.0.0`)
    assert.strictEqual(Result.getOrThrow(result).pipe(Option.getOrThrow).version, "1.0.0")
    const unknown = await withClients(() => Promise.resolve(problem("agent_type_not_found", 404)), definition)
    assert.deepStrictEqual(unknown.result, Result.succeed(Option.none()))
    const away = await withClients(() => Promise.resolve(problem("unavailable", 503)), definition)
    assert.strictEqual(failureOf(away.result), "Unavailable")
  })
})

/** Idempotency-Keys and rates, in memory and on Postgres. */
import { IdempotencyRepo, type Prints } from "@stint/edge/Idempotency/Repo"
import * as AtOnce from "@stint/edge/RateLimit/AtOnce"
import * as Leases from "@stint/edge/RateLimit/Leases"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Clock, ConfigProvider, Deferred, Effect, Layer, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { withDatabase } from "../../../tests/support/Database.ts"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { token } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { counter, inMemory, onPostgres, start } from "./Things.ts"

for (const mode of ["memory", "postgres"] as const) {
  describe(`keys and rates on ${mode}`, () => {
    const env: Record<string, string> = {}
    let release = async () => {}
    let runtime: ManagedRuntime.ManagedRuntime<IdempotencyRepo | RateRepo, unknown>
    const storage = mode === "memory" ? inMemory : onPostgres
    beforeAll(async () => {
      if (mode === "postgres") {
        const database = await withDatabase("catalog")
        env.CATALOG_DATABASE_URL = database.url
        release = database.release
      }
      runtime = ManagedRuntime.make(
        storage.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))),
      )
    })
    afterAll(async () => {
      await runtime.dispose()
      await release()
    })

    it("D5: the same request is the same however it is written, another is not", async () => {
      const service = await start(env, storage)
      const send = async (path: string, raw: string, key = "k-canonical") => {
        const answer = await service.call("POST", `/api/v1/things/${path}`, {
          as: "customer:acme",
          raw,
          headers: { "idempotency-key": key },
        })
        return [answer.status, answer.json.made ?? answer.json.code]
      }
      const first = await send("a%2Fb?a=1&b=%C3%A9", '{"x":1,"y":{"p":[1,2],"q":"é"}}')
      assert.strictEqual(first[0], 200)
      const same = [
        ["a%2fb?b=%c3%a9&a=1", '{ "y": {"q": "\\u00e9", "p": [1.0, 2e0]}, "x": 1 }'],
        ["%61%2Fb?a=%31&b=é", '{"y":{"p":[1,2],"q":"é"},"x":1}'],
      ]
      for (const [path, raw] of same) assert.deepStrictEqual(await send(path!, raw!), first, path)
      const others = [
        ["a%2Fb?a=1&b=%C3%A9", '{"x":1,"y":{"p":[2,1],"q":"é"}}'],
        ["a%2Fb?a=1&b=e", '{"x":1,"y":{"p":[1,2],"q":"é"}}'],
        ["a%2Fc?a=1&b=%C3%A9", '{"x":1,"y":{"p":[1,2],"q":"é"}}'],
      ]
      for (const [path, raw] of others) {
        assert.deepStrictEqual(await send(path!, raw!), [422, "idempotency_mismatch"], path)
      }
      await service.dispose()
    })

    it("C14: who outlasted its reservation touches nothing of its successor", async () => {
      const scope = { caller: "customer:acme", route: `POST /${mode}`, key: "k" }
      const prints: Prints = { sent: "s", canonical: "c" }
      const repo = await runtime.runPromise(IdempotencyRepo)
      const run = <A>(effect: Effect.Effect<A>) => runtime.runPromise(effect)
      const reserved = async () => {
        const reservation = await run(repo.reserve(scope, prints))
        if (reservation._tag !== "Reserved") throw new Error(reservation._tag)
        return { ...scope, holder: reservation.holder }
      }
      const late = await reserved()
      await run(repo.release(late, false))
      const successor = await reserved()
      await run(repo.release(late, true))
      await run(repo.renew(late))
      await run(repo.keep(late, { status: 200, location: null, body: "late" }))
      assert.strictEqual((await run(repo.reserve(scope, prints)))._tag, "InFlight")
      await run(repo.keep(successor, { status: 200, location: null, body: "mine" }))
      await run(repo.release(late, true))
      await run(repo.release(successor, true))
      const repeat = await run(repo.reserve(scope, prints))
      assert.deepStrictEqual(repeat, { _tag: "Replay", reply: { status: 200, location: null, body: "mine" } })
    })

    it("A5: a bucket gives what it holds, refills, and is never overdrawn by several at once", async () => {
      const repo = await runtime.runPromise(RateRepo)
      const limit = { perSecond: 0.001, burst: 30 }
      const grants = await Promise.all(
        Array.from({ length: 8 }, () => runtime.runPromise(repo.take(`b-${mode}`, limit, 7))),
      )
      assert.strictEqual(grants.reduce((sum, { granted }) => sum + granted, 0), 30)
      const refilled = { perSecond: 1e6, burst: 30 }
      await until("it is full again", async () => {
        const { granted } = await runtime.runPromise(repo.take(`b-${mode}`, refilled, 40))
        return granted === 30
      })
    })

    it("A5: what is owed is owed to every replica, and a bucket begins to fill when it is paid", async () => {
      const repo = await runtime.runPromise(RateRepo)
      const limit = { perSecond: 0.001, burst: 30 }
      const take = async (want: number, owed: number) => {
        const { granted, left } = await runtime.runPromise(repo.take(`o-${mode}`, limit, want, owed))
        return [granted, Math.round(left)]
      }
      assert.deepStrictEqual(await take(5, 10), [5, 15])
      assert.deepStrictEqual(await take(5, 12), [3, 0])
      assert.deepStrictEqual(await take(5, 500), [0, -500])
      assert.deepStrictEqual(await take(5, 500), [0, -1000])
      assert.deepStrictEqual(await take(5, 0), [0, -1000])
      const fresh = await runtime.runPromise(repo.take(`p-${mode}`, limit, 5, 130))
      assert.deepStrictEqual([fresh.granted, Math.round(fresh.left)], [0, -100])
    })

    it("A5: two replicas together serve a burst, and then 429 with Retry-After", async () => {
      const bounds = { STINT_BOUNDS: "requests_per_second=1,request_burst=40" }
      const shared = mode === "memory"
        ? Layer.merge(IdempotencyRepo.layerMemory, Layer.succeed(RateRepo, await runtime.runPromise(RateRepo)))
        : storage
      // no time passes for them: a replica waits for its tokens however slow the database is, and never counts alone
      const patient = Layer.succeed(Clock.Clock, { ...movableClock().clock, sleep: () => Effect.never })
      const replicas = await Promise.all(
        [1, 2].map(() => start({ ...env, ...bounds }, Layer.merge(shared, patient))),
      )
      const began = performance.now()
      const answers = []
      for (let n = 0; n < 120; n++) {
        answers.push(await replicas[n % 2]!.call("GET", "/api/v1/things/1", { as: "customer:hasty" }))
      }
      const gained = Math.ceil((performance.now() - began) / 1000)
      const served = answers.filter(({ status }) => status === 200)
      assert.isAtLeast(served.length, 40)
      assert.isAtMost(served.length, 40 + gained)
      assert.strictEqual(served[0]!.headers.get("ratelimit-policy"), '"customer";q=40;w=40')
      assert.match(served[0]!.headers.get("ratelimit")!, /^"customer";r=39;t=1$/)
      const refused = answers.filter(({ status }) => status === 429)
      assert.strictEqual(served.length + refused.length, 120)
      assert.strictEqual(refused[0]!.json.code, "rate_limited")
      assert.match(refused[0]!.json.detail, /requests_per_second/)
      assert.match(refused[0]!.headers.get("retry-after")!, /^[1-9]\d*$/)
      assert.match(refused[0]!.headers.get("ratelimit")!, /^"customer";r=0;t=\d+$/)
      for (const as of ["customer:other", "operator:olga"] as const) {
        assert.strictEqual((await replicas[0]!.call("GET", "/api/v1/things/1", { as })).status, 200)
      }
      const service = await replicas[0]!.call("GET", "/api/v1/things/1", { as: "service:scheduler" })
      assert.deepStrictEqual([service.status, service.headers.get("ratelimit")], [200, null])
      await Promise.all(replicas.map((replica) => replica.dispose()))
    })
  })
}

describe("rates", () => {
  it("A5: while the database is away each replica counts alone; tokens are leased in chunks", async () => {
    let asked = 0
    let away = false
    let now = 0
    const repo = RateRepo.of({
      take: (_, { burst }, want) =>
        Effect.suspend(() => {
          asked++
          return away ? Effect.die("away") : Effect.succeed({ granted: want, left: burst - want })
        }),
      prune: () => Effect.void,
    })
    const { spend } = Leases.make(repo, () => now)
    const limit = { perSecond: 20, burst: 100 }
    const served = async (requests: number) => {
      let n = 0
      for (let i = 0; i < requests; i++) if ((await Effect.runPromise(spend("a", limit))).allowed) n++
      return n
    }
    assert.strictEqual(await served(60), 60)
    assert.strictEqual(asked, 3)
    away = true
    assert.strictEqual(await served(500), 80)
    assert.strictEqual(asked, 4)
    now += 500
    assert.strictEqual(await served(500), 10)
  })

  it("A4: a request that moves many bytes counts as several", async () => {
    const service = await start({ STINT_BOUNDS: "requests_per_second=1,request_burst=40,request_bytes=1000" }, inMemory)
    const raw = JSON.stringify({ x: "y".repeat(9_988) })
    const send = () =>
      service.call("POST", "/api/v1/things/1", {
        as: "customer:bulky",
        raw,
        headers: { "content-length": String(raw.length) },
      })
    let served = 0
    while ((await send()).status === 200) served++
    // each takes 1 when it comes and owes 10 when it is done; a second gives one more
    assert.isAtMost(served, 5)
    assert.strictEqual((await service.call("GET", "/api/v1/things/1", { as: "customer:other" })).status, 200)
    await service.dispose()
  })

  it("A5: what a large answer costs is owed, paid by the tokens that come, and refused with how long that takes", async () => {
    let now = 0
    const repo = await Effect.runPromise(Effect.provide(RateRepo, RateRepo.layerMemory))
    const { owe, spend } = Leases.make(repo, () => now)
    const limit = { perSecond: 0.001, burst: 100 }
    const standing = () => Effect.runPromise(spend("a", limit))
    assert.isTrue((await standing()).allowed)
    owe("a", limit, 90)
    let served = 0
    while ((await standing()).allowed) served++
    assert.strictEqual(served, 9)
    owe("a", limit, 32)
    now += 2_000_000
    const refused = await standing()
    assert.isFalse(refused.allowed)
    assert.isAtLeast(refused.waitMs, 32_000_000)
    assert.isTrue((await Effect.runPromise(spend("b", limit))).allowed)
  })

  it.effect("A5: what is owed is paid by the time that Retry-After names, however much it is", () =>
    Effect.gen(function* () {
      const repo = yield* Effect.provide(RateRepo, RateRepo.layerMemory)
      let now = 0
      const { owe, spend } = Leases.make(repo, () => now)
      const limit = { perSecond: 20, burst: 100 }
      assert.isTrue((yield* spend("a", limit)).allowed)
      owe("a", limit, 9_000)
      const { allowed, waitMs } = yield* spend("a", limit)
      assert.isFalse(allowed)
      assert.isAtMost(waitMs, 9_000 / 20 * 1_000)
      yield* TestClock.adjust(waitMs)
      now += waitMs
      assert.isTrue((yield* spend("a", limit)).allowed)
    }))

  it("A4: of one customer's reads few are under way at once, and another's does not wait for them", async () => {
    const oneOf = AtOnce.make(2)
    let running = 0
    let most = 0
    const gate = Deferred.makeUnsafe<void>()
    const read = Effect.acquireUseRelease(
      Effect.sync(() => most = Math.max(most, ++running)),
      () => Deferred.await(gate),
      () => Effect.sync(() => running--),
    )
    const all = Effect.runPromise(
      Effect.forEach(Array.from({ length: 10 }), () => oneOf("hog")(read), { concurrency: "unbounded" }),
    )
    assert.strictEqual(await Effect.runPromise(oneOf("other")(Effect.succeed("at once"))), "at once")
    await Effect.runPromise(Deferred.succeed(gate, undefined))
    await all
    assert.deepStrictEqual([most, running], [2, 0])
  })

  it("A5: a customer's writes wait for its own, once their bodies have arrived; another's write does not", async () => {
    const service = await start({}, inMemory)
    const gate = Deferred.makeUnsafe<void>()
    const before = counter.begun
    counter.gate = Deferred.await(gate)
    const send = (as: "customer:hog" | "customer:other") => service.call("POST", "/api/v1/things/a", { as, body: {} })
    const writes = Array.from({ length: 9 }, () => send("customer:hog"))
    await until("two writes are under way", () => counter.begun === before + 2)
    const other = send("customer:other")
    await until("another customer's write is under way", () => counter.begun === before + 3)
    assert.deepStrictEqual(await Promise.race([...writes, "none has ended"]), "none has ended")
    await Effect.runPromise(Deferred.succeed(gate, undefined))
    counter.gate = Effect.void
    for (const { status } of await Promise.all([...writes, other])) assert.strictEqual(status, 200)
    await service.dispose()
  })

  it("A5: bytes count that came without a Content-Length, and those of a body that is refused", async () => {
    const service = await start({ STINT_BOUNDS: "request_bytes=1000,request_burst=10,requests_per_second=1" }, inMemory)
    const send = async (subject: string, chars: number) => {
      const body = new Blob([JSON.stringify({ x: "y".repeat(chars) })]).stream()
      const headers = {
        authorization: `Bearer ${await token("customer", subject)}`,
        "content-type": "application/json",
      }
      const request = new Request(
        "http://stint.test/api/v1/things/a",
        { method: "POST", headers, body, duplex: "half" } as RequestInit,
      )
      return (await service.fetch(request)).status
    }
    for (const [subject, chars, status] of [["a", 30_000, 200], ["b", 2_000_000, 413]] as const) {
      assert.strictEqual(await send(subject, chars), status)
      assert.strictEqual(await send(subject, 1), 429, subject)
    }
    assert.strictEqual(await send("c", 1), 200)
    await service.dispose()
  })
})

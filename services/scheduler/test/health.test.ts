/** Health, alerts and metrics on both storages: the figures are those of what ran, and a condition is told once. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { signatureOf } from "@stint/edge/Webhooks"
import { Effect, Redacted } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

interface Told {
  readonly id: string
  readonly type: string
  // deno-lint-ignore no-explicit-any
  readonly data: any
  readonly isSigned: boolean
}

/** A receiver of alerts that checks each signature. */
const startReceiver = async () => {
  const told: Array<Told> = []
  let status = 200
  let tries = 0
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => body += chunk)
    request.on("end", async () => {
      tries++
      const id = String(request.headers["webhook-id"])
      const timestamp = Number(request.headers["webhook-timestamp"])
      const secret = Redacted.make(new TextEncoder().encode("s3cret"))
      const expected = await Effect.runPromise(
        signatureOf(secret, { id, timestamp, body }).pipe(
          Effect.provide(Mac.layerWebCrypto),
          Effect.provide(SecureRandom.layerWebCrypto),
        ),
      )
      if (status === 200) {
        told.push({ id, ...JSON.parse(body), isSigned: request.headers["webhook-signature"] === expected })
      }
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    told,
    tries: () => tries,
    answer: (with_: number) => void (status = with_),
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve)
        // connections that are kept alive would hold it open
        server.closeAllConnections()
      }),
  }
}

for (const mode of ["memory", "postgres"] as const) {
  describe(`health on ${mode}`, () => {
    let t: TestScheduler
    let receiver: Awaited<ReturnType<typeof startReceiver>>
    beforeAll(async () => {
      receiver = await startReceiver()
      t = await startScheduler(mode, undefined, {
        STINT_ALERT_WEBHOOK: receiver.url,
        STINT_ALERT_SECRET_REF: "alerts",
        STINT_SECRETS: "secrets.json",
      }, { "secrets.json": JSON.stringify({ alerts: "s3cret" }) })
    })
    afterAll(async () => {
      await t.stop()
      await receiver.stop()
    })
    const health = async () => (await t.call("GET", "/health", { as: "viewer:vera" })).json
    const finished = (count: number) =>
      eventually(health, (h) => h.total_executions_1h === count && h.running_goals === 0, `${count} finished`)
    const toldOf = (kind: string) => receiver.told.filter(({ data }) => data.kind === kind)

    it("of a scheduler that has done nothing the dead letters alone decide", async () => {
      assert.deepStrictEqual(await health(), {
        status: "healthy",
        pending_goals: 0,
        running_goals: 0,
        success_rate_1h: null,
        failure_rate_1h: null,
        total_executions_1h: 0,
        last_run: null,
        last_success: null,
        last_failure: null,
        dlq_size: 0,
        avg_duration_ms: null,
      })
      assert.strictEqual((await t.call("GET", "/health", { as: "customer:acme" })).status, 403)
    })

    it("tells every pause and every resume, signed and once, with who and why", async () => {
      receiver.answer(503)
      await t.call("POST", "/pause", { body: { reason: "deploy" } })
      await eventually(() => Promise.resolve(receiver.tries()), (tries) => tries === 1, "it is tried")
      receiver.answer(200)
      await t.call("POST", "/pause", { body: { scope: { customer_id: "pia" }, reason: "asked" } })
      // the other's next try may come before it
      const pia = await eventually(
        () => Promise.resolve(toldOf("paused").find(({ data }) => data.subject === "customer:pia")),
        (told) => told !== undefined,
        "the pause is told",
      )
      assert.isTrue(pia!.isSigned)
      assert.strictEqual(pia!.type, "stint.alert.begun")
      assert.deepInclude(pia!.data, { subject: "customer:pia", ended_at: null })
      assert.strictEqual(pia!.data.message, "customer pia was paused by olga: asked")
      await t.call("POST", "/resume", { as: "operator:otto", body: {} })
      await t.call("POST", "/resume", { body: { scope: { customer_id: "pia" } } })
      const told = await eventually(() => Promise.resolve(toldOf("paused")), (told) => told.length === 4, "all is told")
      const ofAll = told.filter(({ data }) => data.subject === "global")
      assert.deepStrictEqual(ofAll.map(({ data }) => data.message), [
        "the scheduler was paused by olga: deploy",
        "the scheduler was resumed by otto",
      ])
      assert.strictEqual(new Set(told.map(({ id }) => id)).size, 4)
    })

    it("counts what ended well and what was dead-lettered, and tells three failures in a row of a goal", async () => {
      const goal = t.goal(t.hire().hired_instance_id)
      t.request(goal)
      await finished(1)
      const good = await health()
      assert.deepInclude(good, { status: "healthy", success_rate_1h: 1, failure_rate_1h: 0, last_failure: null })
      assert.isNotNull(good.last_success)
      assert.isNotNull(good.last_run)
      assert.isAtLeast(good.avg_duration_ms, 0)
      t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 400, "invalid_request"))))
      for (let n = 2; n <= 4; n++) {
        t.request(goal)
        await finished(n)
      }
      const bad = await health()
      assert.deepInclude(bad, { status: "down", success_rate_1h: 0.25, failure_rate_1h: 0.75, dlq_size: 1 })
      assert.isNotNull(bad.last_failure)
      // a hint has the alerts looked at now
      await t.call("POST", "/resume", { body: {} })
      const [told] = await eventually(
        () => Promise.resolve(toldOf("failures")),
        (told) => told.length > 0,
        "failures are told",
      )
      assert.deepInclude(told!.data, { subject: goal.goal_instance_id })
      await eventually(() => Promise.resolve(toldOf("success_rate")), (told) => told.length === 1, "the rate is told")
      await t.call("POST", "/resume", { body: {} })
      await t.call("POST", "/resume", { body: {} })
      t.answer((runs) => Effect.succeed(runs.map(made)))
      t.request(goal)
      await finished(5)
      await t.call("POST", "/resume", { body: {} })
      const both = await eventually(
        () => Promise.resolve(toldOf("failures")),
        (told) => told.length === 2,
        "its end is told",
      )
      assert.deepStrictEqual(both.map(({ type }) => type), ["stint.alert.begun", "stint.alert.ended"])
      assert.strictEqual(toldOf("success_rate").length, 1)
    })

    it("shows runs, dead letters, pauses and requests on /metrics, without ids", async () => {
      const { headers, json, status } = await t.service.call("GET", "/metrics")
      assert.strictEqual(status, 200)
      assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
      assert.match(json, /^# TYPE stint_scheduler_runs gauge$/m)
      assert.match(json, /^stint_scheduler_runs\{status="running"\} 0$/m)
      assert.match(json, /^stint_scheduler_dead_letters_open 1$/m)
      assert.match(json, /^stint_scheduler_runs_finished_last_hour\{outcome="dead_lettered"\} 3$/m)
      assert.match(json, /^stint_scheduler_paused\{scope="all"\} 0$/m)
      assert.match(json, /^stint_state_readable\{reading="scheduler"\} 1$/m)
      assert.match(
        json,
        /^stint_http_requests_total\{method="POST",route="\/api\/v1\/scheduler\/pause",status="200"\} 2$/m,
      )
      assert.match(json, /^stint_http_request_duration_seconds_bucket\{.*le="0\.25"\} \d+$/m)
      assert.notMatch(json, /acme|paula|GOI-|HAI-/)
    })
  })
}

describe("two replicas", () => {
  it("tell a pause once, whichever of them does", async () => {
    const receiver = await startReceiver()
    const env = { STINT_ALERT_WEBHOOK: receiver.url, STINT_ALERT_SECRET_REF: "alerts", STINT_SECRETS: "secrets.json" }
    const files = () => ({ "secrets.json": JSON.stringify({ alerts: "s3cret" }) })
    const one = await startScheduler("postgres", undefined, env, files())
    const two = await startScheduler("postgres", one, env, files())
    for (let n = 0; n < 5; n++) {
      const scope = { customer_id: `c${n}` }
      await Promise.all([one, two].map((t) => t.call("POST", "/pause", { body: { scope } })))
      await Promise.all([one, two].map((t) => t.call("POST", "/resume", { body: { scope } })))
    }
    // One that a replica passed over while another held its row is found at the next look, 10 s later
    for (let n = 0; n < 600 && receiver.told.length < 10; n++) await new Promise((resolve) => setTimeout(resolve, 25))
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.strictEqual(receiver.told.length, 10)
    assert.strictEqual(new Set(receiver.told.map(({ id }) => id)).size, 10)
    await two.stop()
    await one.stop()
    await receiver.stop()
  }, 60_000)
})

describe("what an alert may be set to", () => {
  it.each([
    [{ STINT_ALERT_WEBHOOK: "ftp://x" }, /STINT_ALERT_WEBHOOK must be/],
    [{ STINT_ALERT_WEBHOOK: "http://x/" }, /without STINT_ALERT_SECRET_REF/],
  ])("%j is refused", async (env, why) => {
    const { App } = await import("../src/App.ts")
    const { webHandler } = await import("@stint/edge/Handler")
    const service = webHandler(App as never, {
      env: { SCHEDULER_PERSISTENCE_MODE: "memory", STINT_JWKS: `{"keys":[]}`, STINT_SERVICE_TOKEN_FILE: "t", ...env },
      files: { read: () => Effect.succeed("t"), appendLine: () => Effect.void },
      portCheck: { check: () => Effect.void },
    })
    assert.match(await service.refused, why)
  })
})

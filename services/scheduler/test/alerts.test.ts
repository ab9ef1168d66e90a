/** Alerts: each begin and each end of a condition is delivered to the webhook, signed, once. */
import { afterEach, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Received, startReceiver } from "./AlertReceiver.ts"
import { ALERT_LOCK } from "../src/Locks.ts"
import { eventually, made, refused, type StartOptions, startScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

type Receiver = Awaited<ReturnType<typeof startReceiver>>

const ofKind = (receiver: Receiver, kind: string) => receiver.received.filter(({ data }) => data.kind === kind)

describe("alerts", () => {
  const ends: Array<() => Promise<unknown>> = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  const start = async (receiver: Receiver, options: StartOptions = {}) => {
    const t = await startScheduler({ ...receiver.settings(), ...options })
    ends.unshift(() => t.stop())
    return t
  }
  const receive = async () => {
    const receiver = await startReceiver()
    ends.unshift(() => receiver.stop())
    return receiver
  }

  it("every pause and every resume is delivered once, signed, with who and why, also after a failed attempt", async () => {
    const receiver = await receive()
    const t = await start(receiver)
    receiver.answer(503)
    await t.call("POST", "/pause", { body: { reason: "deploy" } })
    await eventually(() => Promise.resolve(receiver.requests()), (requests) => requests > 0, "an attempt fails")
    receiver.answer(200)
    const scope = { customer_id: "pia" }
    await t.arrived(t.hire(scope as never))
    await t.call("POST", "/pause", { body: { scope, reason: "asked" } })
    const pia = await eventually(
      () => Promise.resolve(ofKind(receiver, "paused").find(({ data }) => data.subject === "customer:pia")),
      (one): one is Received => one !== undefined,
      "the pause of pia is delivered",
    )
    assert.deepInclude(pia, { isSigned: true, type: "stint.alert.begun" })
    assert.deepInclude(pia!.data, {
      subject: "customer:pia",
      ended_at: null,
      message: "customer pia was paused by olga: asked",
      details: { operator: "olga", reason: "asked" },
    })
    await t.call("POST", "/resume", { as: "operator:otto", body: {} })
    await t.call("POST", "/resume", { body: { scope } })
    const all = await eventually(
      () => Promise.resolve(ofKind(receiver, "paused")),
      (paused) => paused.length === 4,
      "both begins and both ends are delivered",
    )
    assert.deepStrictEqual(
      all.filter(({ data }) => data.subject === "global").map(({ data, type }) => [type, data.details.operator]),
      [["stint.alert.begun", "olga"], ["stint.alert.ended", "otto"]],
    )
    assert.strictEqual(new Set(all.map(({ id }) => id)).size, 4)
  })

  it("three failures in a row of a goal, and a low success rate, begin an alert; a completed run ends the first", async () => {
    const receiver = await receive()
    const t = await start(receiver)
    const goal = t.goal(t.hire().hired_instance_id)
    const runs = async (status: string) =>
      (await t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}&status=${status}`)).json.items.length
    /** Waits for alerts of a kind; a resume has the conditions evaluated now. */
    const delivered = (kind: string, count: number) =>
      eventually(
        async () => {
          await t.call("POST", "/resume", { body: {} })
          return ofKind(receiver, kind)
        },
        (all) => all.length >= count,
        `${count} of ${kind} are delivered`,
      )
    t.answer((batch) => Effect.succeed(batch.map((run) => refused(run, 400, "invalid_request"))))
    // conditions are evaluated now and then, and by one at a time: not before all three have failed
    await asOwner(t.database.ownerUrl, (sql) =>
      sql.withTransaction(Effect.andThen(
        sql`select pg_advisory_xact_lock(${ALERT_LOCK})`,
        Effect.promise(async () => {
          for (let n = 1; n <= 3; n++) {
            t.request(goal)
            await eventually(() => runs("dead_lettered"), (dead) => dead === n, `${n} are dead-lettered`)
          }
        }),
      )))
    const [begun] = await delivered("failures", 1)
    assert.deepInclude(begun!.data, { subject: goal.goal_instance_id, details: { in_a_row: 3 } })
    const [rate] = await delivered("success_rate", 1)
    assert.deepInclude(rate!.data.details, { succeeded: 0, failed: 3 })
    t.answer((batch) => Effect.succeed(batch.map(made)))
    t.request(goal)
    await eventually(() => runs("completed"), (completed) => completed === 1, "one is completed")
    const both = await delivered("failures", 2)
    assert.deepStrictEqual(both.map(({ type }) => type), ["stint.alert.begun", "stint.alert.ended"])
    assert.strictEqual(ofKind(receiver, "success_rate").length, 1)
  })

  it("two replicas deliver each notice once, whichever of them does", async () => {
    const receiver = await receive()
    const one = await start(receiver)
    const two = await start(receiver, { replicaOf: one })
    for (let n = 0; n < 5; n++) {
      const scope = { customer_id: `c${n}` }
      await one.arrived(one.hire(scope as never))
      await Promise.all([one, two].map((t) => t.call("POST", "/pause", { body: { scope, reason: "look first" } })))
      await Promise.all([one, two].map((t) => t.call("POST", "/resume", { body: { scope } })))
    }
    await eventually(
      async () => {
        // wakes both: a replica skips a notice that the other has locked, and looks again later
        for (const t of [one, two]) await t.call("POST", "/resume", { body: {} })
        return asOwner(
          one.database.ownerUrl,
          (sql) => sql`select from scheduler_alerts where kind = 'paused' and end_told_at is not null`,
        )
      },
      (complete) => complete.length === 5,
      "all notices are delivered and recorded as such",
    )
    const ids = ofKind(receiver, "paused").map(({ id }) => id)
    assert.deepStrictEqual([ids.length, new Set(ids).size], [10, 10])
  })

  it.each([
    [{ STINT_ALERT_WEBHOOK: "ftp://x" }, /^STINT_ALERT_WEBHOOK must be/],
    [{ STINT_ALERT_WEBHOOK: "http://x/" }, /without STINT_ALERT_SECRET,/],
    [{ STINT_ALERT_WEBHOOK: "http://x/", STINT_ALERT_SECRET: "s3cret" }, /^STINT_ALERT_SECRET is no Standard Webhooks/],
    [
      { STINT_ALERT_WEBHOOK: "http://x/", STINT_ALERT_SECRET_REF: "alerts" },
      /set STINT_ALERT_SECRET to the secret itself/,
    ],
  ])("the settings %j are refused", async (env, why) => {
    const { App } = await import("../src/App.ts")
    const { webHandler } = await import("@stint/edge/Handler")
    const service = webHandler("scheduler", App as never, {
      env: {
        SCHEDULER_DATABASE_URL: "postgres://x@127.0.0.1:1/x",
        STINT_JWKS: `{"keys":[]}`,
        STINT_SERVICE_TOKEN_FILE: "t",
        ...env,
      },
      files: {
        read: () => Effect.succeed("t"),
        readFrom: () => Effect.succeed(new Uint8Array()),
        appendLine: () => Effect.void,
      },
      portCheck: { check: () => Effect.void, reach: () => Effect.die("not used") },
    })
    assert.match(await service.refused, why)
  })
})

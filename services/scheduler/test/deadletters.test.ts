/** Dead letters over HTTP: by their cause, and redriven at a pace. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { asOwner } from "./Owner.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

interface Cause {
  readonly fingerprint: string
  readonly example: string
}

interface FailedRun {
  readonly attempts: ReadonlyArray<{ readonly error_details: { readonly type: string } }>
}

describe("dead letters", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  const letters = async (query = "?state=open") => (await t.call("GET", `/dlq${query}`)).json.items
  const causes = async (query = ""): Promise<ReadonlyArray<Cause & Record<string, unknown>>> =>
    (await t.call("GET", `/dlq/causes${query}`, { as: "viewer:vera" })).json.items
  /** Goals of one hire whose runs fail permanently with a code, each with its own words; `runs` of each goal. */
  const fail = async (goals: number, code: string, runs = 1) => {
    t.answer((batch) =>
      Effect.succeed(batch.map((run) => refused(run, 422, code, `no draft of ${run.goal_instance_id}`)))
    )
    const { hired_instance_id } = t.hire()
    const made = Array.from({ length: goals }, () => t.goal(hired_instance_id))
    for (let nth = 0; nth < runs; nth++) made.forEach((goal) => t.request(goal))
    await eventually(
      () => letters(`?hired_instance_id=${hired_instance_id}`),
      (items) =>
        items.length === goals && items.every((item: { failure_count: number }) => item.failure_count === runs),
      "all are dead-lettered",
    )
    return { hired_instance_id, goals: made.map((goal) => goal.goal_instance_id) }
  }

  it("are grouped by cause, whichever goals failed of it; the cause of the most entries first", async () => {
    await fail(1, "paper_jam")
    const many = await fail(3, "template_gone", 2)
    const [most, other] = (await causes()).filter((cause) =>
      /^(paper_jam|template_gone): /.test(String(cause.error_message))
    )
    assert.deepInclude(most, { error_type: "PERMANENT", entries: 3, runs: 6 })
    assert.deepInclude(other, { entries: 1, runs: 1 })
    assert.match(String(most!.error_message), /^template_gone: no draft of GOI-/)
    const of = await letters(`?fingerprint=${most!.fingerprint}`)
    assert.deepStrictEqual(
      of.map((letter: { goal_instance_id: string }) => letter.goal_instance_id).toSorted(),
      many.goals.toSorted(),
    )
    for (const letter of of) assert.strictEqual(letter.fingerprint, most!.fingerprint)
    const latest = of[0]
    assert.deepInclude(latest, { customer_id: "acme", agent_id: "gardening.v1", closed_at: null })
    assert.deepInclude(most, { example: latest.dlq_id, last_failed_at: latest.last_failed_at })
    assert.strictEqual((await t.call("GET", `/dlq/${most!.example}`)).json.fingerprint, most!.fingerprint)
    assert.isFalse((await causes("?state=discarded")).some((cause) => cause.fingerprint === most!.fingerprint))
    assert.strictEqual((await t.call("GET", "/dlq/causes?state=asleep")).status, 400)
    assert.strictEqual((await t.call("GET", "/dlq/causes", { as: "customer:acme" })).status, 403)
    assert.strictEqual((await t.call("GET", "/dlq/cause")).json.code, "dead_letter_not_found")
  })

  it("are told to deliverables, each at least once, and marked so that they are not told again", async () => {
    const { goals } = await fail(2, "untold")
    const told = await eventually(
      () => Promise.resolve(t.told.filter(({ goal_instance_id }) => goals.includes(goal_instance_id))),
      (letters) => new Set(letters.map(({ goal_instance_id }) => goal_instance_id)).size === 2,
      "both are told",
    )
    const [letter] = await letters(`?goal_instance_id=${goals[0]}`)
    const one = told.find(({ goal_instance_id }) => goal_instance_id === goals[0])!
    assert.deepStrictEqual<ReadonlyArray<unknown>>(
      [one.dlq_id, one.customer_id, one.error_type],
      [letter.dlq_id, "acme", "PERMANENT"],
    )
    assert.strictEqual(DateTime.formatIso(one.first_failed_at), letter.first_failed_at)
    await eventually(
      () =>
        asOwner(
          t.database.ownerUrl,
          (sql) => sql`select 1 from scheduler_dlq where told_at is null and dlq_id = ${letter.dlq_id}`,
        ),
      (rows) => rows.length === 0,
      "it is marked",
    )
  })

  it("D24: are listed by customer, agent type, error type and when they failed last", async () => {
    t.answer((batch) => Effect.succeed(batch.map((run) => refused(run, 422, "draft_impossible"))))
    const hire = t.hire({ customer_id: "lea" as never, agent_id: "baking.v1" as never })
    const goal = t.goal(hire.hired_instance_id)
    t.request(goal)
    const [letter] = await eventually(
      () => letters("?customer_id=lea"),
      (items) => items.length === 1,
      "it is dead-lettered",
    )
    assert.strictEqual(letter.goal_instance_id, goal.goal_instance_id)
    const only = async (query: string, there: boolean) =>
      assert.deepStrictEqual(
        (await letters(query)).map(({ dlq_id }: { dlq_id: string }) => dlq_id),
        there ? [letter.dlq_id] : [],
        query,
      )
    await only("?agent_id=baking.v1&error_type=PERMANENT", true)
    await only("?customer_id=lea&error_type=TRANSIENT", false)
    await only("?customer_id=lea&agent_id=gardening.v1", false)
    const at = Date.parse(letter.last_failed_at)
    const iso = (millis: number) => new Date(millis).toISOString()
    await only(`?customer_id=lea&from=${iso(at)}&to=${iso(at + 1)}`, true)
    await only(`?customer_id=lea&to=${iso(at)}`, false)
    await only(`?customer_id=lea&from=${iso(at + 1)}`, false)
    const discarded = await t.call("DELETE", `/dlq/${letter.dlq_id}`, { body: { reason: "seen" } })
    assert.deepInclude(discarded.json, { state: "discarded", customer_id: "lea", agent_id: "baking.v1" })
    assert.isAtLeast(Date.parse(discarded.json.closed_at), at)
    for (const bad of ["error_type=BAD", "from=now", "customer_id=a%20b"]) {
      assert.strictEqual((await t.call("GET", `/dlq?${bad}`)).status, 400, bad)
    }
  })

  it("have the cause of their latest failure", async () => {
    const { goals, hired_instance_id } = await fail(1, "draft_impossible")
    const before = (await letters(`?goal_instance_id=${goals[0]}`))[0].fingerprint
    t.answer((batch) => Effect.succeed(batch.map((run) => refused(run, 422, "settings_invalid"))))
    t.request({ goal_instance_id: goals[0]!, hired_instance_id })
    const [after] = await eventually(
      () => letters(`?goal_instance_id=${goals[0]}`),
      ([letter]) => letter.failure_count === 2,
      "it failed again",
    )
    assert.notStrictEqual(after.fingerprint, before)
  })

  it("a retried run that an operator cancels is told as cancelled, not as dead-lettered", async () => {
    const { goals, hired_instance_id } = await fail(1, "stubborn")
    await t.call("POST", "/pause", { body: { scope: { hired_instance_id }, reason: "look first" } })
    const [{ dlq_id, scheduled_run_ids: [id] }] = await letters(`?hired_instance_id=${hired_instance_id}&state=open`)
    assert.isBelow((await t.call("POST", `/dlq/${dlq_id}/retry`, { body: {} })).status, 300)
    assert.strictEqual((await t.call("POST", `/runs/${id}/cancel`, { body: { reason: "not worth it" } })).status, 200)
    const run = (await t.call("GET", `/runs/${id}`)).json
    assert.deepInclude(run, { status: "cancelled", reason_code: "cancelled_by_operator" })
    const at = encodeURIComponent(run.scheduled_time)
    const answer = await t.call("GET", `/goals/${goals[0]}/explain?at=${at}`)
    assert.strictEqual(answer.json.verdict, "cancelled")
    await t.call("POST", "/resume", { body: { scope: { hired_instance_id } } })
  })

  it("whose runs are queued or running are not queued twice", async () => {
    const { goals: [goal] } = await fail(1, "jammed")
    const [letter] = await letters(`?goal_instance_id=${goal}`)
    let finish = () => {}
    const finished = new Promise<void>((resolve) => finish = resolve)
    t.answer((batch) => Effect.as(Effect.promise(() => finished), batch.map(made)))
    const retry = () => t.call("POST", `/dlq/${letter.dlq_id}/retry`)
    assert.strictEqual((await retry()).status, 202)
    const again = await retry()
    assert.deepStrictEqual([again.status, again.json.code], [409, "dead_letter_queued"])
    finish()
    const closed = await eventually(retry, ({ json }) => json.code !== "dead_letter_queued", "its run ended")
    assert.deepStrictEqual([closed.json.code, closed.json.state], ["dead_letter_closed", "resolved"])
  })

  it("are redriven at a pace, oldest runs first, under their own keys; a dry run says how many and until when", async () => {
    await fail(3, "out_of_paper", 2)
    const { fingerprint } = (await causes()).find((cause) => /out_of_paper/.test(String(cause.error_message)))!
    const runs = (await t.call("GET", "/runs?status=dead_lettered&limit=200")).json.items
      .filter((run: FailedRun) => run.attempts[0]!.error_details.type === "out_of_paper").toReversed()
    const body = { filter: { fingerprint }, per_minute: 6, reason: "mended" }
    const asked = Date.now()
    const dry = await t.call("POST", "/dlq/redrive", { body: { ...body, dry_run: true } })
    assert.strictEqual(dry.status, 200)
    assert.deepInclude(dry.json, { matched: 3, queued: 0, runs: 6 })
    assert.strictEqual(dry.json.dlq_ids.length, 3)
    const now = Date.parse(dry.json.finishes_at) - 50_000
    assert.isTrue(asked <= now && now <= Date.now(), "six runs, one every ten seconds from now on")
    assert.strictEqual((await letters(`?fingerprint=${fingerprint}`))[0].retry_count, 0)

    t.answer((batch) => Effect.succeed(batch.map(made)))
    const real = await t.call("POST", "/dlq/redrive", { body })
    assert.strictEqual(real.status, 202)
    assert.deepInclude(real.json, { matched: 3, queued: 3, runs: 6 })
    const line = (await t.call("GET", "/actions")).json.items.find((one: { action: string }) =>
      one.action === "dlq_redrive"
    )
    assert.deepInclude(line.action_metadata, { filter: { fingerprint }, per_minute: 6 })
    assert.strictEqual(line.action_metadata.dlq_ids.length, 3)
    const seen = () =>
      Promise.all(
        runs.map(async (run: { scheduled_run_id: string }) =>
          (await t.call("GET", `/runs/${run.scheduled_run_id}`)).json
        ),
      )
    const [first, ...rest] = await eventually(
      seen,
      ([first]) => first.status === "completed",
      "the first runs at once",
    )
    assert.strictEqual(first.idempotency_key, runs[0].idempotency_key)
    const starts = rest.map((run) => Date.parse(run.next_attempt_at))
    assert.deepStrictEqual(starts.map((start) => start - starts[0]!), [0, 10_000, 20_000, 30_000, 40_000])
    assert.strictEqual(Date.parse(real.json.finishes_at), starts.at(-1))
    assert.isTrue(rest.every((run) => run.status === "pending" && run.reason_code === null))

    // the runs of entries that are still open are queued or running: nothing is queued twice
    const again = await t.call("POST", "/dlq/redrive", { body })
    assert.strictEqual(again.status, 200)
    assert.deepInclude(again.json, { queued: 0, runs: 0, dlq_ids: [], finishes_at: null })
    for (const per_minute of [0, 100_001, 1.5, "6"]) {
      const bad = await t.call("POST", "/dlq/redrive", { body: { per_minute, reason: "mended" } })
      assert.strictEqual(bad.status, 400)
      assert.strictEqual(bad.json.errors[0].path, "$.per_minute")
    }
  })
})

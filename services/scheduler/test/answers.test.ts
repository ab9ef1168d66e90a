/** "Why did it not run?" (Airflow #39712) has an answer, for every way in which a goal can run or not, on both storages. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import { PgClient } from "@effect/sql-pg"
import { DateTime, Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

const MINUTE = 60_000
const DAY = 86_400_000
const iso = (millis: number) => new Date(millis).toISOString()
const minuteOf = (millis: number) => Math.floor(millis / MINUTE) * MINUTE
const final = new Set(["completed", "cancelled", "dead_lettered"])

for (const mode of ["memory", "postgres"] as const) {
  describe(`answers on ${mode}`, () => {
    let t: TestScheduler
    beforeAll(async () => void (t = await startScheduler(mode)))
    afterAll(() => t.stop())

    /** A hire and a goal that were written so many minutes ago. */
    const since = (minutes: number, goal: Partial<GoalChange>, hire: Partial<HireChange> = {}) => {
      const changed_at = DateTime.makeUnsafe(Date.now() - minutes * MINUTE)
      const hired = t.hire({ changed_at, ...hire })
      return t.goal(hired.hired_instance_id, { changed_at, ...goal })
    }
    const runsOf = async (goal: string) => (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items
    const ask = (
      goal: string,
      at: string | undefined,
      as: `operator:${string}` | `customer:${string}` = "operator:olga",
    ) => t.call("GET", `/goals/${goal}/explain${at === undefined ? "" : `?at=${at}`}`, { as })
    const explain = async (goal: string, at?: string, as?: `operator:${string}` | `customer:${string}`) => {
      const { json, status } = await ask(goal, at, as)
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json
    }
    const whenIt = (goal: string, at: string, verdict: string) =>
      eventually(async () => (await ask(goal, at)).json, (answer) => answer.verdict === verdict, `it is ${verdict}`)
    const allDone = (goal: string, count: number) =>
      eventually(
        () => runsOf(goal),
        (runs) => runs.length >= count && runs.every((run: { status: string }) => final.has(run.status)),
        `${count} runs are final`,
      )
    const well = () => t.answer((runs) => Effect.succeed(runs.map(made)))
    const badly = (status: number, code: string) =>
      t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, status, code))))

    it("ran: names the draft, and an instant within the slot's minute means the slot", async () => {
      const goal = since(3, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
      const runs = await allDone(goal.goal_instance_id, 2)
      const run = runs.find((one: { status: string }) => one.status === "completed")
      const answer = await whenIt(goal.goal_instance_id, run.scheduled_time, "ran")
      assert.strictEqual(answer.slot, run.scheduled_time)
      assert.strictEqual(answer.run.scheduled_run_id, run.scheduled_run_id)
      assert.include(answer.because, `It made ${run.deliverable_id}.`)
      assert.include(answer.because, "The rule is cron * * * * * in UTC.")
      const typed = await explain(goal.goal_instance_id, iso(Date.parse(run.scheduled_time) + 42_123))
      assert.strictEqual(typed.slot, run.scheduled_time)
      assert.strictEqual(typed.at, iso(Date.parse(run.scheduled_time) + 42_123))
      assert.strictEqual(typed.next_slot, iso(Date.parse(run.scheduled_time) + MINUTE))
    })

    it("skipped: by the missed policy, and what ran instead", async () => {
      const goal = since(4, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
      const runs = await allDone(goal.goal_instance_id, 3)
      const left = runs.findLast((one: { status: string }) => one.status === "cancelled")
      const answer = await whenIt(goal.goal_instance_id, left.scheduled_time, "skipped")
      assert.include(answer.sentence, "missed: a later slot runs instead")
      assert.match(answer.because.join(), /What ran instead is the slot of .* \(SCH-/)
      const ran = runs.find((one: { status: string }) => one.status === "completed")
      assert.include(answer.because.join(), ran.scheduled_run_id)
    })

    it("skipped: by a goal that skips what it missed, and nothing ran instead", async () => {
      const goal = since(4, { frequency: "cron", schedule: { cron: "* * * * *", missed: "skip" } })
      const runs = await allDone(goal.goal_instance_id, 3)
      for (const left of runs.filter((one: { status: string }) => one.status === "cancelled")) {
        const answer = await whenIt(goal.goal_instance_id, left.scheduled_time, "skipped")
        assert.notInclude(answer.because.join(), "instead")
      }
    })

    it("retrying, until when, and waiting behind it", async () => {
      badly(503, "unavailable")
      const goal = since(4, { frequency: "cron", schedule: { cron: "* * * * *" } })
      const runs = await eventually(
        () => runsOf(goal.goal_instance_id),
        (all) => all.some((run: { status: string }) => run.status === "retrying"),
        "one retries",
      )
      const first = runs.at(-1)
      const answer = await explain(goal.goal_instance_id, first.scheduled_time)
      assert.strictEqual(answer.verdict, "retrying")
      assert.match(answer.sentence, /attempt 1 of 5 failed with unavailable, and it waits until .* for its next/)
      assert.match(answer.because.join(), /Attempt 1 began .* unavailable: said the test/)
      const next = await explain(goal.goal_instance_id, runs.at(-2).scheduled_time)
      assert.strictEqual(next.verdict, "waiting")
      assert.include(next.sentence, first.scheduled_run_id)
      well()
    })

    it("running, since when", async () => {
      let finish = () => {}
      const finished = new Promise<void>((resolve) => finish = resolve)
      t.answer((runs) => Effect.as(Effect.promise(() => finished), runs.map(made)))
      const goal = since(2, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
      const at = iso(minuteOf(Date.now()))
      await eventually(
        () => runsOf(goal.goal_instance_id),
        (all) => all.some((run: { status: string }) => run.status === "running"),
        "it runs",
      )
      const running = (await runsOf(goal.goal_instance_id)).find((run: { status: string }) => run.status === "running")
      const answer = await explain(goal.goal_instance_id, running.scheduled_time)
      assert.strictEqual(answer.verdict, "running", at)
      assert.match(answer.sentence, /^The slot of .* has been running since .*, attempt 1 of 5/)
      finish()
      await whenIt(goal.goal_instance_id, running.scheduled_time, "ran")
      well()
    })

    it("skipped: by overlap, naming the run that was open", async () => {
      badly(503, "unavailable")
      const changed_at = DateTime.makeUnsafe(minuteOf(Date.now()) - 70_000)
      const hire = t.hire({ changed_at })
      const goal = t.goal(hire.hired_instance_id, {
        changed_at,
        frequency: "cron",
        schedule: { cron: "* * * * *", overlap: "skip" },
      })
      const runs = await eventually(
        () => runsOf(goal.goal_instance_id),
        (all) => all.some((run: { reason: string | null }) => run.reason?.startsWith("overlap") ?? false),
        "one is skipped",
      )
      const left = runs.find((run: { status: string }) => run.status === "cancelled")
      const answer = await explain(goal.goal_instance_id, left.scheduled_time)
      assert.strictEqual(answer.verdict, "skipped")
      assert.include(answer.sentence, "overlap: a run of this goal is open")
      assert.match(answer.because.join(), /The run that was open is that of .* \(SCH-/)
      well()
    })

    it("dead-lettered, with what, and what became of the dead letter", async () => {
      badly(422, "draft_impossible")
      const goal = since(2, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
      const runs = await eventually(
        () => runsOf(goal.goal_instance_id),
        (all) => all.some((run: { status: string }) => run.status === "dead_lettered"),
        "it is dead-lettered",
      )
      const dead = runs.find((run: { status: string }) => run.status === "dead_lettered")
      const answer = await explain(goal.goal_instance_id, dead.scheduled_time)
      assert.strictEqual(answer.verdict, "dead_lettered")
      assert.include(answer.sentence, "draft_impossible: said the test")
      assert.strictEqual(answer.dead_letter.state, "open")
      const id = answer.dead_letter.dlq_id
      await t.call("DELETE", `/dlq/${id}`, { body: { reason: "no use" } })
      const mine = await explain(goal.goal_instance_id, dead.scheduled_time, "customer:acme")
      assert.match(mine.because.join(), /was discarded at .* by an operator: no use/)
      assert.match((await explain(goal.goal_instance_id, dead.scheduled_time)).because.join(), /by olga: no use/)
      well()
    })

    it("missed: older than a day, as a range", async () => {
      const goal = since(3 * 24 * 60, { frequency: "cron", schedule: { cron: "0 * * * *", missed: "latest" } })
      const at = iso(minuteOf(Date.now() - 40 * 60 * MINUTE)).replace(/:\d\d:00\.000Z$/, ":00:00.000Z")
      const answer = await whenIt(goal.goal_instance_id, at, "missed")
      assert.strictEqual(answer.missed.reason, "older than 24 h")
      assert.strictEqual(answer.slot, at)
      assert.match(answer.sentence, /^The slot of .* was missed: noticed over 24 h late/)
    })

    it("paused: fell due while paused, by whom and since when; after the resume it says what held it up", async () => {
      const hire = t.hire({ customer_id: "paula" as never, changed_at: DateTime.makeUnsafe(Date.now() - 10 * MINUTE) })
      const other = since(0, {})
      await eventually(() => t.call("POST", `/trigger/${other.goal_instance_id}`), (a) => a.status === 202, "known")
      const scope = { hired_instance_id: hire.hired_instance_id }
      await t.call("POST", "/pause", { body: { scope, reason: "deploy" } })
      const goal = t.goal(hire.hired_instance_id, {
        frequency: "cron",
        schedule: { cron: "* * * * *", missed: "each" },
        changed_at: DateTime.makeUnsafe(Date.now() - 4 * MINUTE),
      })
      const at = iso(minuteOf(Date.now()) - MINUTE)
      const answer = await whenIt(goal.goal_instance_id, at, "paused")
      assert.match(answer.sentence, /the hired agent HAI-\S+ is paused by olga \(deploy\) since/)
      assert.deepInclude(answer.pauses[0], { scope, paused_by: "olga", reason: "deploy", resumed_at: null })
      const mine = await explain(goal.goal_instance_id, at, "customer:paula")
      assert.include(mine.sentence, "paused by an operator (deploy)")
      assert.strictEqual(mine.pauses[0].paused_by, "an operator")
      assert.notInclude(JSON.stringify(mine), "olga")
      const later = await explain(goal.goal_instance_id, iso(minuteOf(Date.now()) + 10 * MINUTE))
      assert.strictEqual(later.verdict, "will_not_run")
      assert.match(later.sentence, /^As things stand the slot of .* will not run: the hired agent .* is paused by olga/)
      const seen = await t.call("GET", `/goals/${goal.goal_instance_id}/preview?count=1`)
      assert.strictEqual(seen.json.will_run, false)
      assert.match(seen.json.reason, /is paused by olga/)
      await t.call("POST", "/resume", { as: "operator:otto", body: { scope } })
      const ran = await whenIt(goal.goal_instance_id, at, "ran")
      assert.deepInclude(ran.pauses[0], { paused_by: "olga", resumed_by: "otto", reason: "deploy" })
      assert.match(ran.because.join(), /was paused by olga \(deploy\) from .* to .*, when otto resumed it/)
    })

    it("waiting: a run that a person asked for waits behind a pause", async () => {
      const goal = since(5, { frequency: "on_demand" }, { customer_id: "wanda" as never })
      await t.call("POST", "/pause", { body: { scope: { customer_id: "wanda" } } })
      t.request(goal)
      const [run] = await eventually(() => runsOf(goal.goal_instance_id), (all) => all.length === 1, "it waits")
      const answer = await explain(goal.goal_instance_id, run.scheduled_time)
      assert.strictEqual(answer.verdict, "waiting")
      assert.match(answer.sentence, /waits for a resume: the customer wanda is paused by olga/)
      assert.match(answer.because.join(), /It is no run of the schedule: acme asked for it/)
      await t.call("POST", "/resume", { body: { scope: { customer_id: "wanda" } } })
      await whenIt(goal.goal_instance_id, run.scheduled_time, "ran")
    })

    it("waiting: a limit is reached", async () => {
      let finish = () => {}
      const finished = new Promise<void>((resolve) => finish = resolve)
      t.answer((runs) => Effect.as(Effect.promise(() => finished), runs.map(made)))
      const scope = { customer_id: "lina" }
      const limit = (max_running: number | null) => t.call("PUT", "/limits", { body: { scope, max_running } })
      assert.strictEqual((await limit(1)).status, 200)
      const goals = [since(5, { frequency: "on_demand" }, { customer_id: "lina" as never })]
      goals.push(t.goal(goals[0]!.hired_instance_id, { frequency: "on_demand" }))
      t.request(goals[0]!)
      await eventually(() => runsOf(goals[0]!.goal_instance_id), (all) => all[0]?.status === "running", "one runs")
      t.request(goals[1]!)
      const [run] = await eventually(() => runsOf(goals[1]!.goal_instance_id), (all) => all.length === 1, "one waits")
      const answer = await explain(goals[1]!.goal_instance_id, run.scheduled_time, "customer:lina")
      assert.strictEqual(answer.verdict, "waiting")
      assert.include(answer.sentence, "the customer lina has as many runs under way as its limit of 1 allows")
      finish()
      await whenIt(goals[1]!.goal_instance_id, run.scheduled_time, "ran")
      await limit(null)
      well()
    })

    it("a backfilled slot says who backfilled it", async () => {
      const goal = since(4, { frequency: "cron", schedule: { cron: "* * * * *", missed: "skip" } })
      const runs = await allDone(goal.goal_instance_id, 3)
      const left = runs.at(-1)
      assert.strictEqual((await whenIt(goal.goal_instance_id, left.scheduled_time, "skipped")).verdict, "skipped")
      const body = { goal_instance_id: goal.goal_instance_id, from: left.scheduled_time, to: left.scheduled_time }
      assert.strictEqual((await t.call("POST", "/backfill", { body })).status, 202)
      const answer = await whenIt(goal.goal_instance_id, left.scheduled_time, "ran")
      assert.include(
        answer.because.join(" "),
        "olga backfilled it, since it had been skipped: missed: the goal skips missed slots.",
      )
    })

    it("cancelled, by whom and why; a customer reads no operator's name", async () => {
      badly(503, "unavailable")
      const goal = since(5, { frequency: "on_demand" })
      t.request(goal)
      const [run] = await eventually(
        () => runsOf(goal.goal_instance_id),
        (all) => all[0]?.status === "retrying",
        "it retries",
      )
      await t.call("POST", `/runs/${run.scheduled_run_id}/cancel`, { body: { reason: "enough" } })
      const answer = await explain(goal.goal_instance_id, run.scheduled_time)
      assert.strictEqual(answer.verdict, "cancelled")
      assert.match(answer.sentence, /^The manual run of .* was cancelled at .* by olga: enough\.$/)
      const mine = await explain(goal.goal_instance_id, run.scheduled_time, "customer:acme")
      assert.include(mine.sentence, "by an operator: enough")
      assert.strictEqual(mine.run.reason, "cancelled by an operator: enough")
      assert.notInclude(JSON.stringify(mine), "olga")
      well()
    })

    it("will run: when exactly, with its spread and what a clock change does to it", async () => {
      const goal = since(5, {
        frequency: "daily",
        schedule: { at: "02:30", timezone: "Europe/Berlin", spread_seconds: 3600 },
      })
      const slot = "2027-03-28T01:30:00.000Z"
      const answer = await whenIt(goal.goal_instance_id, slot, "will_run")
      assert.strictEqual(answer.slot, slot)
      assert.isAbove(Date.parse(answer.starts_at), Date.parse(slot))
      assert.match(answer.because.join(), /02:30 does not exist on this day in Europe\/Berlin.* it moves to 03:30/)
      assert.match(answer.because.join(), /Its spread starts it/)
      assert.strictEqual(answer.previous_slot, "2027-03-27T01:30:00.000Z")
      assert.strictEqual(answer.next_slot, "2027-03-29T00:30:00.000Z")
      const started = await explain(goal.goal_instance_id, answer.starts_at)
      assert.strictEqual(started.slot, slot)
    })

    it("not due: the rule, the slot before and the next, and a local time that came twice", async () => {
      const goal = since(5, { frequency: "daily", schedule: { at: "02:30", timezone: "Europe/Berlin" } })
      const answer = await whenIt(goal.goal_instance_id, "2027-03-28T12:00:00.000Z", "not_due")
      assert.strictEqual(
        answer.sentence,
        "No slot is due at Sun 2027-03-28 14:00 Europe/Berlin: the rule is daily at 02:30 Europe/Berlin; the one before " +
          "is Sun 2027-03-28 03:30 Europe/Berlin, the next is Mon 2027-03-29 02:30 Europe/Berlin.",
      )
      assert.isNull(answer.slot)
      assert.match(answer.because.join(), /The one before: 02:30 does not exist/)
      const twice = await explain(goal.goal_instance_id, "2027-10-31T01:30:00.000Z")
      assert.strictEqual(twice.verdict, "not_due")
      assert.match(twice.sentence, /the local time of Sun 2027-10-31 02:30 Europe\/Berlin came twice/)
    })

    it("on demand there is no slot", async () => {
      const goal = since(5, { frequency: "on_demand" })
      const answer = await whenIt(goal.goal_instance_id, iso(Date.now() - 2 * MINUTE), "not_due")
      assert.include(answer.sentence, "runs on demand")
      const seen = await t.call("GET", `/goals/${goal.goal_instance_id}/preview`)
      assert.deepInclude(seen.json, { will_run: false, items: [] })
    })

    it("an instant of the past is explained by what held then: the old rule, and that it was switched off", async () => {
      const hire = t.hire({ changed_at: DateTime.makeUnsafe(Date.now() - 20 * DAY) })
      const id = hire.hired_instance_id
      const ago = (days: number) => ({ changed_at: DateTime.makeUnsafe(Date.now() - days * DAY) })
      // off from the start, so that nothing of it is run now
      const goal = t.goal(id, { frequency: "daily", schedule: { at: "08:00" }, enabled: false, ...ago(19) })
      t.goal(id, { ...goal, schedule: { at: "09:00" }, ...ago(10) })
      const last = t.goal(id, { ...goal, schedule: { at: "09:00" }, enabled: true, ...ago(0.001) })
      await whenIt(goal.goal_instance_id, iso(Date.now() + 3 * DAY).replace(/T.*/, "T09:00:00.000Z"), "will_run")
      const eight = iso(Date.now() - 15 * DAY).replace(/T.*/, "T08:00:00.000Z")
      const answer = await explain(goal.goal_instance_id, eight)
      assert.strictEqual(answer.verdict, "not_due")
      assert.match(
        answer.sentence,
        /^The slot of .* was not due: the goal was switched off, since .* until .*\.$/,
      )
      assert.match(
        answer.because.join(),
        /At that time the rule was daily at 08:00 UTC; it was changed to daily at 09:00 UTC/,
      )
      const nine = await explain(goal.goal_instance_id, iso(Date.now() - 15 * DAY).replace(/T.*/, "T09:00:00.000Z"))
      assert.match(nine.sentence, /the rule was daily at 08:00 UTC/)
      const before = await explain(goal.goal_instance_id, iso(Date.now() - 25 * DAY))
      assert.strictEqual(before.verdict, "not_known")
      assert.match(before.sentence, /is known here since/)
      assert.isNull(before.previous_slot)
      // the same again, as a snapshot tells it: nothing new is written
      t.changes.push(last)
      t.goal(id, { ...last, ...ago(0) })
      const again = await explain(goal.goal_instance_id, eight)
      assert.deepStrictEqual(again.because, answer.because)
    })

    it("a hire that may not run says why and since when, now and ahead", async () => {
      const ahead = iso(minuteOf(Date.now() + 60 * MINUTE))
      const hire = t.hire({ changed_at: DateTime.makeUnsafe(Date.now() - 3 * DAY) })
      const goal = t.goal(hire.hired_instance_id, {
        frequency: "daily",
        schedule: { at: ahead.slice(11, 16) },
        changed_at: DateTime.makeUnsafe(Date.now() - 60_000),
      })
      t.hire({
        ...hire,
        runnable: false,
        reason: "The subscription is past due",
        changed_at: DateTime.makeUnsafe(Date.now()),
      })
      const answer = await whenIt(goal.goal_instance_id, ahead, "will_not_run")
      assert.match(
        answer.sentence,
        /^As things stand the slot of .* will not run: The subscription is past due, since /,
      )
      const seen = await t.call("GET", `/goals/${goal.goal_instance_id}/preview?count=2`)
      assert.deepInclude(seen.json, { will_run: false, reason: "The subscription is past due" })
      assert.strictEqual(seen.json.items.length, 2)
    })

    it("a slot that an edit dropped before it was decided says so", async () => {
      const hire = t.hire({ changed_at: DateTime.makeUnsafe(Date.now() - 10 * MINUTE), customer_id: "dora" as never })
      const scope = { customer_id: "dora" }
      await t.call("POST", "/pause", { body: { scope } })
      const goal = t.goal(hire.hired_instance_id, {
        frequency: "cron",
        schedule: { cron: "* * * * *" },
        changed_at: DateTime.makeUnsafe(Date.now() - 4 * MINUTE),
      })
      const at = iso(minuteOf(Date.now()) - MINUTE)
      await whenIt(goal.goal_instance_id, at, "paused")
      t.goal(hire.hired_instance_id, {
        ...goal,
        schedule: { cron: "0 0 1 1 *" },
        changed_at: DateTime.makeUnsafe(Date.now()),
      })
      const answer = await whenIt(goal.goal_instance_id, at, "cancelled")
      assert.match(answer.sentence, /^The slot of .* was dropped before it had begun: the goal was changed at/)
      await t.call("POST", "/resume", { body: { scope } })
    })

    it("a deleted goal is explained while its records are kept, to its customer alone", async () => {
      const goal = since(3, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
      const runs = await allDone(goal.goal_instance_id, 2)
      const ran = runs.find((run: { status: string }) => run.status === "completed")
      t.goal(goal.hired_instance_id, { ...goal, deleted: true, changed_at: DateTime.makeUnsafe(Date.now()) })
      const ahead = await whenIt(goal.goal_instance_id, iso(Date.now() + DAY), "not_due")
      assert.match(ahead.sentence, /^Nothing is due: the goal was deleted, since /)
      assert.strictEqual((await explain(goal.goal_instance_id, ran.scheduled_time, "customer:acme")).verdict, "ran")
      assert.strictEqual((await ask(goal.goal_instance_id, undefined, "customer:eve")).json.code, "goal_not_found")
      assert.strictEqual((await t.call("GET", `/goals/${goal.goal_instance_id}/preview`)).status, 404)
    })

    if (mode === "postgres") {
      it("a run that is removed is still told by its execution, and what is older is not known", async () => {
        const goal = since(40 * 24 * 60, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
        const runs = await allDone(goal.goal_instance_id, 2)
        const ran = runs.find((run: { status: string }) => run.status === "completed")
        const asOwner = (statement: string) =>
          Effect.runPromise(
            PgClient.makeClient({ url: Redacted.make(t.database!.ownerUrl) }).pipe(
              Effect.flatMap((sql) => sql.unsafe(statement)),
              Effect.scoped,
              Effect.provide(Reactivity.layer),
            ),
          )
        await asOwner(`delete from scheduled_goal_runs where goal_instance_id = '${goal.goal_instance_id}'`)
        await asOwner(`delete from missed_slots where goal_instance_id = '${goal.goal_instance_id}'`)
        const answer = await explain(goal.goal_instance_id, ran.scheduled_time)
        assert.strictEqual(answer.verdict, "ran")
        assert.isNull(answer.run)
        assert.include(answer.because, `It made ${ran.deliverable_id}.`)
        assert.match(answer.because.join(), /Its run was removed 30 days after its end/)
        const old = await explain(goal.goal_instance_id, iso(minuteOf(Date.now() - 35 * DAY)))
        assert.strictEqual(old.verdict, "not_known")
        assert.match(old.sentence, /runs are kept for 30 days after their end/)
      })
    }

    it("a preview of a goal: the next fires, local, with their starts", async () => {
      const goal = since(5, { frequency: "weekly", schedule: { at: "09:00", weekday: "friday" } }, {
        timezone: "Asia/Kolkata",
      })
      await whenIt(goal.goal_instance_id, "2027-01-01T03:30:00.000Z", "will_run")
      const { json } = await t.call(
        "GET",
        `/goals/${goal.goal_instance_id}/preview?from=2027-01-01T03:30:00.000Z&count=2`,
        {
          as: "customer:acme",
        },
      )
      assert.deepStrictEqual(json, {
        goal_instance_id: goal.goal_instance_id,
        rule: { frequency: "weekly", at: "09:00", weekday: "friday", timezone: "Asia/Kolkata" },
        rule_in_words: "every Friday at 09:00 Asia/Kolkata",
        timezone: "Asia/Kolkata",
        spread_seconds: 0,
        will_run: true,
        reason: null,
        items: ["2027-01-01", "2027-01-08"].map((day) => ({
          scheduled_time: `${day}T03:30:00.000Z`,
          starts_at: `${day}T03:30:00.000Z`,
          local: `${day}T09:00:00+05:30`,
        })),
      })
      assert.strictEqual((await t.call("GET", `/goals/${goal.goal_instance_id}/preview`)).json.items.length, 10)
      for (const query of ["count=0", "count=101", "count=x", "from=tomorrow", "n=1"]) {
        assert.strictEqual((await t.call("GET", `/goals/${goal.goal_instance_id}/preview?${query}`)).status, 400, query)
      }
      const far = await t.call("GET", `/goals/${goal.goal_instance_id}/preview?from=9999-12-31T00:00:00.000Z`)
      assert.deepStrictEqual([far.status, far.json.items.length], [200, 1])
      assert.strictEqual((await explain(goal.goal_instance_id, "9999-12-31T23:59:59.999Z")).verdict, "not_due")
      assert.strictEqual((await explain(goal.goal_instance_id, "1970-01-01T00:00:00.000Z")).verdict, "not_known")
    })

    it("a preview of a rule that is not saved: validated as hiring does, every fault with its path", async () => {
      const preview = (body: unknown, as: `customer:${string}` | `service:${string}` = "customer:acme") =>
        t.call("POST", "/preview", { body, as })
      const good = await preview({
        frequency: "cron",
        schedule: { cron: "30 2 * * *", timezone: "Europe/Berlin", spread_seconds: 60 },
        from: "2027-03-28T00:00:00.000Z",
        count: 1,
      })
      assert.strictEqual(good.status, 200)
      assert.deepInclude(good.json, { will_run: true, spread_seconds: 60, timezone: "Europe/Berlin" })
      assert.match(good.json.items[0].note, /moves to 03:30/)
      assert.strictEqual(good.json.items[0].local, "2027-03-28T03:30:00+02:00")
      assert.deepInclude((await preview({ frequency: "daily", default_at: "17:30" })).json.rule, {
        at: "17:30",
        timezone: "UTC",
      })
      assert.strictEqual((await preview({ frequency: "on_demand" })).json.will_run, false)
      const faults = async (body: unknown) => {
        const { json, status } = await preview(body)
        assert.strictEqual(status, 400, JSON.stringify(json))
        return json.errors.map((one: { path: string }) => one.path)
      }
      assert.deepStrictEqual(await faults({ frequency: "cron" }), ["$.schedule.cron"])
      assert.deepStrictEqual(
        await faults({ frequency: "daily", schedule: { at: "25:00", weekday: "friday", colour: 1 } }),
        [
          "$.schedule.colour",
          "$.schedule.at",
          "$.schedule.weekday",
        ],
      )
      assert.deepStrictEqual(await faults({ frequency: "cron", schedule: { cron: "0 0 30 2 *" } }), ["$.schedule.cron"])
      assert.deepStrictEqual(await faults({ frequency: "hourly", timezone: "+02:00", count: 0, from: "now" }), [
        "$.frequency",
        "$.timezone",
        "$.from",
        "$.count",
      ])
      assert.strictEqual((await preview({ frequency: "daily" }, "service:hiring")).status, 403)
    })

    it("a goal that is none, or another's, is not found; an instant that is none is refused", async () => {
      const goal = since(5, { frequency: "daily" }, { customer_id: "mia" as never })
      await whenIt(goal.goal_instance_id, iso(Date.now() - 60 * DAY), "not_known")
      for (const path of ["preview", "explain"]) {
        const foreign = await t.call("GET", `/goals/${goal.goal_instance_id}/${path}`, { as: "customer:noa" })
        const missing = await t.call("GET", `/goals/GOI-nope/${path}`, { as: "customer:noa" })
        assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "goal_not_found"])
        assert.deepStrictEqual([missing.status, missing.json.code], [404, "goal_not_found"])
        assert.strictEqual(
          (await t.call("GET", `/goals/${goal.goal_instance_id}/${path}`, { as: "customer:mia" })).status,
          200,
        )
        assert.strictEqual(
          (await t.call("GET", `/goals/${goal.goal_instance_id}/${path}`, { as: "viewer:vera" })).status,
          200,
        )
      }
      assert.strictEqual((await ask(goal.goal_instance_id, "yesterday")).status, 400)
    })
  })
}

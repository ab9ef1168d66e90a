/**
 * What users of other schedulers complain of most, each as a test that is named after what it prevents. On real processes
 * and a real Postgres, in small figures; `npm run prove` attacks the same promises in large ones.
 */
import type { Rule } from "@stint/domain/Schedule"
import { nextAfter } from "@stint/scheduler/Calendar"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  drained,
  exactlyOnce,
  fallDue,
  fleetOn,
  freshSlot,
  type Goals,
  type Ground,
  makeGoals,
  outcomeOf,
  standOn,
} from "../proofs/Ground.ts"
import { statementsIn } from "../proofs/idle.ts"
import { fencesOf, keepJournal } from "../proofs/Journal.ts"
import { type Attack, judge, until } from "../proofs/Proof.ts"
import { type HeldDrafts, holdDrafts } from "../support/HeldDrafts.ts"
import type { Fleet, Replica } from "../support/Fleet.ts"
import { standStill } from "../support/StandStill.ts"

/** How many goals fall due in a test. */
const GOALS = 100
/** The lease of a claim, in seconds (domain.md). */
const LEASE = 10

describe("prevented", () => {
  const ends: Array<() => Promise<unknown>> = []
  const attack: Attack = { full: false, seed: 1, say: () => {}, defer: (end) => ends.push(end) }
  let ground: Ground
  let goals: Goals
  let fleet: Fleet
  let one: Replica
  let two: Replica
  /** Drafts are not written while this is held. */
  let held: HeldDrafts | undefined
  beforeAll(async () => {
    ground = await standOn(attack)
    await keepJournal(ground.superuser)
    goals = await makeGoals(ground, "acme", GOALS)
    fleet = await fleetOn(ground, attack)
    ;[one, two] = await Promise.all([fleet.start(1), fleet.start(2)])
    await Promise.all([one.isReady(), two.isReady()])
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  // a test that failed leaves nobody standing still for the next ones, which would wait for them in vain
  afterEach(async () => {
    await held?.release()
    for (const replica of [one, two]) replica?.signal("SIGCONT")
  })

  /** Fails unless every goal has one completed run and one deliverable for the slot, and no fence was passed over. */
  const ranOnce = async (slot: string) => {
    const { is, that, violations } = judge()
    exactlyOnce(await outcomeOf(ground, [slot]), GOALS, { is, that })
    const { doubled, foreign } = await fencesOf(ground.superuser)
    is("foreign writes", foreign, 0)
    is("doubled runs", doubled, 0)
    assert.deepStrictEqual(violations, [])
  }
  const count = async (statement: string): Promise<number> => (await ground.superuser.row("scheduler", statement)).n
  const inHand = () => count("select count(*)::int as n from run_queue where holder is not null")

  it("two instances that run a schedule twice (n8n #7045, #22488)", async () => {
    const before = await fencesOf(ground.superuser)
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await drained(ground)
    await ranOnce(slot)
    assert.strictEqual((await fencesOf(ground.superuser)).claims - before.claims, GOALS)
  })

  it("an occurrence that is missed because the instance that planned it stopped (pg-boss #914)", async () => {
    await standStill(ground.superuser, two.role, two.signal)
    const slot = freshSlot()
    await fallDue(ground, goals, slot, { due: "now() + interval '1 hour'" })
    const at = await count("select (extract(epoch from clock_timestamp()) * 1000)::float8 as n")
    await ground.superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
    await until("one has planned", async () =>
      await count(`select count(*)::int as n from pg_stat_activity
        where usename = '${one.role}' and query_start > to_timestamp(${at / 1000})`) > 0)
    one.signal("SIGKILL")
    await one.ended
    await fallDue(ground, goals, slot)
    two.signal("SIGCONT")
    await drained(ground)
    await ranOnce(slot)
    one = await fleet.start(1)
    await one.isReady()
  })

  it("a rescuer that overwrites a finished job (River #1302)", async () => {
    held = await holdDrafts(ground.stack)
    await standStill(ground.superuser, two.role, two.signal)
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await until("one holds all", async () => await inHand() === GOALS)
    // its lease ends for the other, while its call is still open: both will have the answer
    await standStill(ground.superuser, one.role, one.signal)
    await ground.superuser.sql("scheduler", "update run_queue set claimable_at = now() where holder is not null")
    await ground.superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
    two.signal("SIGCONT")
    await until(
      "the other took over",
      async () => await count("select count(*)::int as n from run_queue where attempt = 2") === GOALS,
    )
    one.signal("SIGCONT")
    await held.release()
    await drained(ground)
    await one.isReady()
    await ranOnce(slot)
  })

  it("jobs that are stuck for hours after a crash (graphile-worker #222: 4 h, River #1258: 91 days)", async () => {
    held = await holdDrafts(ground.stack)
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await until("all are held", async () => await inHand() === GOALS)
    for (const replica of [one, two]) replica.signal("SIGKILL")
    await Promise.all([one.ended, two.ended])
    const longest = await count(
      "select max(ceil(extract(epoch from claimable_at - clock_timestamp())))::int as n from run_queue",
    )
    assert.isAtMost(longest, LEASE, "seconds until every run may be taken over")
    await held.release()
    ;[one, two] = await Promise.all([fleet.start(1), fleet.start(2)])
    await drained(ground)
    await ranOnce(slot)
  })

  it("a restart that runs finished work again", async () => {
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await drained(ground)
    const before = await fencesOf(ground.superuser)
    for (const replica of [one, two]) replica.signal("SIGKILL")
    await Promise.all([one.ended, two.ended])
    // and the slot is due once more, as after a restored backup of the projection
    await fallDue(ground, goals, slot)
    ;[one, two] = await Promise.all([fleet.start(1), fleet.start(2)])
    await Promise.all([one.isReady(), two.isReady()])
    await drained(ground)
    await ranOnce(slot)
    assert.deepStrictEqual(await fencesOf(ground.superuser), before)
  })

  it("a worker that is alive but idle after its connections broke (graphile-worker #592)", async () => {
    await ground.superuser.sql(
      "scheduler",
      "select pg_terminate_backend(pid) from pg_stat_activity where starts_with(usename, 'stint_scheduler')",
    )
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await drained(ground)
    await ranOnce(slot)
    await Promise.all([one.isReady(), two.isReady()])
  })

  it("polling that burns an idle database (Hatchet #2538)", async () => {
    const seconds = 5
    // what a session is sent once is upkeep, a dozen deletions within a minute of a start: polling sends the same again
    const all = await statementsIn(ground, seconds)
    const nameOf = (statement: string) => statement.split(": ", 1)[0]!
    const statements = all.filter((one) => all.filter((other) => nameOf(other) === nameOf(one)).length > 1)
    assert.isAtMost(statements.length, 2 * 2 * seconds, `of two schedulers:\n${statements.join("\n")}`)
  })

  it("a cron that is wrong when clocks change (Temporal #8205, node-cron #492)", () => {
    const slots = (rule: Rule, from: string, many: number) => {
      const found: Array<string> = []
      for (let at = Date.parse(from); found.length < many;) {
        at = nextAfter(rule, at)!
        found.push(new Date(at).toISOString().slice(0, 16))
      }
      return found
    }
    const timezone = "America/New_York"
    // 02:30 does not exist on 2026-03-08: it runs at 03:30, and not a day later
    const daily: Rule = { frequency: "cron", cron: "30 2 * * *", timezone }
    assert.deepStrictEqual(slots(daily, "2026-03-07T12:00Z", 2), ["2026-03-08T07:30", "2026-03-09T06:30"])
    // 01:30 comes twice on 2026-11-01: it runs once
    const repeated: Rule = { frequency: "cron", cron: "30 1 * * *", timezone }
    assert.deepStrictEqual(slots(repeated, "2026-10-31T12:00Z", 2), ["2026-11-01T05:30", "2026-11-02T06:30"])
    // every hour that passes has its run, the repeated one as well
    const hourly: Rule = { frequency: "cron", cron: "0 * * * *", timezone }
    assert.deepStrictEqual(slots(hourly, "2026-11-01T03:30Z", 4), [
      "2026-11-01T04:00",
      "2026-11-01T05:00",
      "2026-11-01T06:00",
      "2026-11-01T07:00",
    ])
  })

  it('no answer to "why did it not run" (Airflow #39712)', async () => {
    const asked = await makeGoals(ground, "asked", 1)
    const { id } = await ground.superuser.row(
      "scheduler",
      `select goal_instance_id as id from projected_goals where hired_instance_id = '${asked.hire}'`,
    )
    const path = `/api/v1/scheduler/goals/${id}`
    const [{ scheduled_time }] = (await one.call("GET", `${path}/preview?count=1`, { as: "customer:asked" })).json.items
    const explain = async () =>
      (await two.call("GET", `${path}/explain?at=${scheduled_time}`, { as: "operator:otto" })).json
    assert.strictEqual((await explain()).verdict, "will_run")
    const body = { scope: { hired_instance_id: asked.hire }, reason: "deploy" }
    const paused = await one.call("POST", "/api/v1/scheduler/pause", { as: "operator:olga", body })
    assert.strictEqual(paused.status, 200)
    const { sentence, verdict } = await explain()
    assert.strictEqual(verdict, "will_not_run")
    assert.match(sentence, /is paused by olga \(deploy\) since/)
  })
})

/**
 * "Why did it not run?" asked of every slot of a history that the proof makes: goals written three days ago (their rows are
 * made older) whose slots fell due at once, and a proxy before deliverables that refuses some for good, some for now, and
 * keeps some waiting.
 *
 * Would catch: a verdict that is guessed from what holds now and not read from what was decided, a slot that has none.
 */
import { hireAgent, setGoal } from "../support/Customer.ts"
import type { Replica } from "../support/Fleet.ts"
import type { Superuser } from "../support/Superuser.ts"
import { type Answered, proxyBefore } from "./explain/Proxy.ts"
import { fleetOn, type Ground, standOn } from "./Ground.ts"
import { judge, type Proof, until } from "./Proof.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const iso = (millis: number): string => new Date(millis).toISOString()

/** A goal whose history is known; `ahead`: of its slots every ten minutes the one that is next when it is asked about. */
interface Known {
  readonly goal: string
  readonly verdicts: ReadonlyArray<readonly [at: number | "ahead", verdict: string]>
}

/** A goal that is not due yet, and its first slot. */
interface Made {
  readonly goal: string
  readonly from: number
}

/** Two hires of a stack, and how their goals are made. `paused` is the one whose runs wait for a resume. */
const goalsOn = async ({ stack, superuser }: Ground) => {
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const [hire, paused] = (await Promise.all(
    ["acme", "paula"].map(async (customer) =>
      (await hireAgent(hiring, customer, "trading.delta_futures.v1")).hired_instance_id as string
    ),
  )) as [string, string]
  return {
    paused,
    /** A goal of that schedule, whose first slot is to be the one at `from`. */
    make: async (schedule: Record<string, unknown>, from: number, of = hire): Promise<Made> => {
      const customer = of === hire ? "acme" : "paula"
      const goal: string = (await setGoal(hiring, customer, of, {
        goal_template_id: "trading.guardrail_report.v1",
        frequency: "cron",
        settings: { schedule: { timezone: "UTC", ...schedule } },
      })).goal_instance_id
      await until(
        "it is projected",
        async () =>
          (await superuser.sql("scheduler", `select from projected_goals where goal_instance_id = '${goal}'`))
            .length === 1,
      )
      return { goal, from }
    },
    /** Makes a goal as if it was written three days ago, and due from its first slot on. Answers with the goal. */
    begin: async ({ from, goal }: Made): Promise<string> => {
      await superuser.sql(
        "scheduler",
        `update goal_history set valid_from = valid_from - interval '3 days' where goal_instance_id = '${goal}'`,
      )
      await superuser.sql(
        "scheduler",
        `update projected_goals set next_slot = '${iso(from)}', due_at = '${iso(from)}',
        decided_until = timestamptz '${iso(from)}' - interval '1 millisecond', replan_until = null,
        changed_at = changed_at - interval '3 days' where goal_instance_id = '${goal}'`,
      )
      await superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
      return goal
    },
  }
}

/** Slots every ten minutes, the last one five minutes ago. */
const recentSlots = () => {
  const last = Math.floor(Date.now() / MINUTE) * MINUTE - 5 * MINUTE
  const slots = Array.from({ length: 12 }, (_, n) => last - (11 - n) * 10 * MINUTE)
  const minute = new Date(last).getUTCMinutes()
  return {
    last,
    slots,
    tens: { cron: `${minute % 10}-59/10 * * * *` },
    hourly: { cron: `${minute} * * * *` },
    all: (verdict: string): Known["verdicts"] => slots.map((at) => [at, verdict] as const),
  }
}

/** What a history is made with. */
interface Scene extends ReturnType<typeof recentSlots>, Awaited<ReturnType<typeof goalsOn>> {
  readonly superuser: Superuser
  readonly replica: Replica
  readonly answers: Map<string, Answered>
}

/** Goals whose slots were all decided at once, by each rule for missed ones. */
const caughtUp = async ({ all, begin, hourly, last, make, slots, tens }: Scene): Promise<ReadonlyArray<Known>> => [
  {
    goal: await begin(await make({ ...tens, missed: "each" }, slots[0]!)),
    verdicts: [
      ...all("ran"),
      ...slots.map((at) => [at + 3 * MINUTE, "not_due"] as const),
      ["ahead", "will_run"],
      [Date.now() - 5 * 24 * HOUR, "not_known"],
    ],
  },
  {
    goal: await begin(await make({ ...tens, missed: "latest" }, slots[0]!)),
    verdicts: [...slots.slice(0, -1).map((at) => [at, "skipped"] as const), [last, "ran"]],
  },
  { goal: await begin(await make({ ...tens, missed: "skip" }, slots[0]!)), verdicts: all("skipped") },
  {
    goal: await begin(await make(hourly, last - 47 * HOUR)),
    verdicts: Array.from({ length: 48 }, (_, n) => [last - n * HOUR, n < 24 ? "ran" : "missed"] as const),
  },
]

/** Cancels what can be cancelled of a goal's runs, again and again until those of its slots are. */
const cancelAll = ({ last, replica, slots, superuser }: Scene, goal: string): Promise<void> =>
  until("all of its runs are cancelled", async () => {
    const runs = await superuser.sql(
      "scheduler",
      `select r.scheduled_run_id as id from scheduled_goal_runs r join run_queue q
      using (scheduled_run_id) where r.goal_instance_id = '${goal}' and q.holder is null and q.attempt > 0`,
    )
    for (const { id } of runs) {
      await replica.call("POST", `/api/v1/scheduler/runs/${id}/cancel`, {
        as: "operator:olga",
        body: { reason: "enough" },
      })
    }
    return (await superuser.row(
      "scheduler",
      `select count(*)::int as n from scheduled_goal_runs
      where goal_instance_id = '${goal}' and status = 'cancelled' and scheduled_time <= '${iso(last)}'`,
    )).n === slots.length
  })

/** Goals that deliverables refuses: dead-lettered, retrying, cancelled, and one that overlaps with itself. */
const refused = async (scene: Scene): Promise<ReadonlyArray<Known>> => {
  const { all, answers, begin, make, slots, tens } = scene
  const known: Array<Known> = []
  const dead = await make(tens, slots[0]!)
  answers.set(dead.goal, "refused for good")
  known.push({ goal: await begin(dead), verdicts: all("dead_lettered") })
  const retrying = await make(tens, slots[0]!)
  answers.set(retrying.goal, "refused for now")
  known.push({
    goal: await begin(retrying),
    verdicts: slots.map((at, n) => [at, n === 0 ? "retrying" : "waiting"] as const),
  })
  const cancelled = await make({ ...tens, overlap: "parallel" }, slots[0]!)
  answers.set(cancelled.goal, "refused for now")
  known.push({ goal: await begin(cancelled), verdicts: all("cancelled") })
  await cancelAll(scene, cancelled.goal)
  known.push(await overlapping(scene))
  return known
}

/** A goal whose slot of this minute, on time, falls due while those before it are open: made and begun within the minute. */
const overlapping = async ({ answers, begin, make }: Scene): Promise<Known> => {
  for (;;) {
    await until("a minute has begun", () => Promise.resolve(Date.now() % MINUTE < 45_000))
    const now = Math.floor(Date.now() / MINUTE) * MINUTE
    const { goal } = await make({ cron: "* * * * *", overlap: "skip", missed: "each" }, 0)
    answers.set(goal, "refused for now")
    // on a slow machine its next slot may have come, or come before it has begun: then another one
    if (Date.now() - now > MINUTE - 5_000) continue
    return {
      goal: await begin({ goal, from: now - 3 * MINUTE }),
      verdicts: [[now - 3 * MINUTE, "retrying"], [now, "skipped"]],
    }
  }
}

/** Asks about goals. `asked` counts the verdicts that were asked for, `violations` gathers those that were wrong. */
const askerOf = (replica: Replica, violations: Array<string>) => {
  const asked: Record<string, number> = {}
  // not one that comes while it is asked about
  const aheadOf = (last: number) => last + 10 * MINUTE * Math.ceil((Date.now() + MINUTE / 2 - last) / (10 * MINUTE))
  const ask = async ({ goal, verdicts }: Known, last: number, count: boolean) => {
    const wrong: Array<string> = []
    for (const [instant, verdict] of verdicts) {
      const at = instant === "ahead" ? aheadOf(last) : instant
      const answer = await replica.call("GET", `/api/v1/scheduler/goals/${goal}/explain?at=${iso(at)}`, {
        as: "operator:olga",
      })
      if (answer.json?.verdict !== verdict) {
        wrong.push(`${iso(at)}: ${answer.json?.verdict ?? answer.status}, not ${verdict}: ${answer.json?.sentence}`)
      }
      if (count) asked[verdict] = (asked[verdict] ?? 0) + 1
    }
    return wrong
  }
  /** Asks about goals whose last slot so far is known. */
  const judgeAll = async (these: ReadonlyArray<Known>, last: number) => {
    for (const one of these) {
      // it takes its time until the first attempts are over; what is wrong then stays wrong
      const isSo = async () => (await ask(one, last, false)).length === 0
      await until("it is so", isSo, 60_000, 200).catch(() => undefined)
      violations.push(...await ask(one, last, true))
    }
  }
  return { asked, judgeAll }
}

export const explain: Proof = {
  name: "explain",
  promise: "Why a goal ran or did not, at any instant, is answered from what was recorded when it was decided.",
  attacks:
    "Every slot of a made history of each kind (full: 20 of each): ran, skipped, missed, paused, retrying, waiting, " +
    "running, dead-lettered, cancelled; instants without a slot, ahead and long ago.",
  seconds: { quick: 17, full: 70 },
  attack: async (attack) => {
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { stack, superuser } = ground
    const goals = await goalsOn(ground)
    const fleet = await fleetOn(ground, attack)
    const { answers, url } = proxyBefore(stack, attack)
    const replica = await fleet.start(1, { DELIVERABLES_URL: url })
    await replica.isReady()
    const { begin, make, paused } = goals
    const { asked, judgeAll } = askerOf(replica, violations)

    const operate = async (what: "pause" | "resume") => {
      const body = { scope: { hired_instance_id: paused }, reason: "deploy" }
      is(what, (await replica.call("POST", `/api/v1/scheduler/${what}`, { as: "operator:olga", body })).status, 200)
    }
    await until(
      "both hires are projected",
      async () => (await superuser.sql("scheduler", "select from projected_hires")).length === 2,
    )
    await operate("pause")
    let made = 0
    const inPause: Array<Known> = []
    for (let each = 0; each < (attack.full ? 20 : 1); each++) {
      // slots of its own: none to come falls due before all of its goals have begun, and no retry is the last before they are judged
      const scene: Scene = { ...recentSlots(), ...goals, superuser, replica, answers }
      const { all, last, slots, tens } = scene
      const known = [...await caughtUp(scene), ...await refused(scene)]
      const waits = await make(tens, slots[0]!, paused)
      inPause.push({ goal: waits.goal, verdicts: all("ran") })
      known.push({ goal: await begin(waits), verdicts: [...all("paused"), ["ahead", "will_not_run"]] })
      await judgeAll(known, last)
      made += known.length
    }
    await operate("resume")
    const { last, slots, tens } = recentSlots()
    await judgeAll(inPause, last)
    // alone and last: a call that is not answered keeps its whole batch waiting
    const running = await make(tens, slots[0]!)
    answers.set(running.goal, "not at all")
    await judgeAll([{
      goal: await begin(running),
      verdicts: slots.map((at, n) => [at, n === 0 ? "running" : "waiting"] as const),
    }], last)
    that(Object.keys(asked).length === 13, `only the verdicts ${Object.keys(asked).join()} were asked for`)
    const questions = Object.values(asked).reduce((sum, n) => sum + n, 0)
    return { figures: { goals: made, questions, ...asked }, violations }
  },
}

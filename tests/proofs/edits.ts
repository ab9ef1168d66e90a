/**
 * Random edits of everything that can be edited, also identical ones, of goals in pauses and in their spreads, over a clock
 * change, read late, twice, together and from snapshots, with kills in between; against an account of its own of what must
 * become of every slot.
 *
 * Would catch: an edit that eats a slot which was due, a slot that runs though the edit had dropped it, one that is recorded
 * twice or nowhere, a policy that is judged by the wrong version, an explanation that names another fate.
 */
import type { Change } from "@stint/domain/hiring/Feed"
import type { DeliverableId, GoalInstanceId } from "@stint/domain/Ids"
import { MAX_ATTEMPTS } from "@stint/edge/Schedules"
import { Answers } from "@stint/scheduler/Answers"
import { makeMaterialise } from "@stint/scheduler/Engine/Materialise"
import { PausesRepo } from "@stint/scheduler/Pauses/Repo"
import { ProjectionRepo } from "@stint/scheduler/Projection/Repo"
import { Queue } from "@stint/scheduler/Queue"
import { DateTime, Effect } from "effect"
import { type Ground, standStill } from "./edits/Ground.ts"
import { type Hiring, hiringOf } from "./edits/Hiring.ts"
import type { Fate } from "./edits/Model.ts"
import { type Attack, judge, type Proof, randomOf } from "./Proof.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The evening before clocks change in Europe. */
const start = Date.parse("2027-03-27T18:00:20.500Z")

const cursorAfter = (cursor: string | null) => String(Number(cursor ?? 0) + 1)

/** What the proof does to a scheduler, and to its account of it. */
const driverOf = (ground: Ground, hiring: Hiring) => {
  const paused = new Set<string>()
  const isPaused = (id: string) => hiring.ownerOf(id).some((scope) => paused.has(scope))
  const unread: Array<Change> = []
  let log = 0
  const line = (action: "pause" | "resume") => ({
    log_id: `LOG-${log++}`,
    action,
    operator: "olga",
    goal_instance_id: null,
    reason: "look first",
    action_metadata: {},
  })
  const apply = (page: ReadonlyArray<Change>) =>
    ground.run(Effect.flatMap(ProjectionRepo, (repo) =>
      Effect.gen(function* () {
        const after = yield* repo.cursor()
        yield* repo.apply(page, { after, to: cursorAfter(after) })
      })))
  const claimAll = (made: boolean) =>
    Effect.flatMap(Queue, (queue) =>
      Effect.gen(function* () {
        for (let claimed = 1; claimed > 0;) {
          const { runs } = yield* queue.claim({
            holder: "proof",
            limit: 1000,
            leaseMs: 30_000,
            maxAttempts: MAX_ATTEMPTS,
            retriesPerSecond: 1000,
            poison: "take",
          })
          claimed = runs.length
          if (!made) continue
          yield* queue.writeOutcomes(
            runs.map((run) => ({
              _tag: "Completed",
              run,
              deliverable_id: `DEL-${run.scheduled_run_id}` as DeliverableId,
            })),
          )
        }
      }))
  return {
    paused,
    unread,
    /** Reads what was not read, or its first part; `twice`: and then once more. */
    read: async (count: number, twice: boolean) => {
      const page = unread.splice(0, count)
      for (const change of page) hiring.read(change)
      await apply(page)
      if (twice) await apply(page)
    },
    /** Reads the present state in place of all that was not read. */
    snapshot: async () => {
      unread.length = 0
      const all = [...hiring.latest.values()].filter((one) => one.type !== "goal" || !one.deleted)
      for (const change of all) hiring.read(change)
      for (const change of hiring.latest.values()) {
        if (change.type !== "goal" || !change.deleted) continue
        hiring.read({ ...change, changed_at: DateTime.makeUnsafe(ground.now()) })
      }
      await ground.run(Effect.flatMap(ProjectionRepo, (repo) =>
        Effect.gen(function* () {
          const rebuild = (yield* repo.beginRebuild(yield* repo.cursor()))!
          yield* repo.overwrite(all, rebuild)
          const kept = {
            hires: new Set(all.flatMap((one) => one.type === "hire" ? [one.hired_instance_id as string] : [])),
            goals: new Set(all.flatMap((one) => one.type === "goal" ? [one.goal_instance_id as string] : [])),
          }
          yield* repo.finishRebuild(kept, rebuild, cursorAfter(rebuild.stale))
        })))
    },
    look: async () => {
      for (const goal of hiring.model.values()) if (!isPaused(goal.id)) goal.look(ground.now())
      await ground.run(Effect.flatMap(makeMaterialise, (materialise) =>
        Effect.gen(function* () {
          while ((yield* materialise(500)) > 0) { /* until nothing is due */ }
        })))
    },
    claim: async (made: boolean) => {
      for (const goal of hiring.model.values()) if (!isPaused(goal.id)) goal.claim(made)
      await ground.run(claimAll(made))
    },
    toggle: async (scope: string) => {
      const pauses = !paused.has(scope)
      await ground.run(
        Effect.flatMap(
          PausesRepo,
          (repo): Effect.Effect<unknown> =>
            pauses ? repo.pause(scope, "look first", line("pause")) : repo.resume(scope, line("resume")),
        ),
      )
      if (pauses) paused.add(scope)
      else paused.delete(scope)
    },
    /** A start: when goals fall due next is derived again. */
    restart: async () => {
      await ground.kill()
      return await ground.run(Effect.flatMap(ProjectionRepo, (repo) =>
        Effect.gen(function* () {
          let moved = 0
          for (let after: string | undefined = ""; after !== undefined;) {
            const page: { readonly last: string | undefined; readonly moved: number } = yield* repo.rederive(after)
            after = page.last
            moved += page.moved
          }
          return moved
        })))
    },
  }
}

/** What is recorded of a goal's slots: one fate each, a run before a range. */
const recordedOf = async (ground: Ground) => {
  const runs = await ground.rows<{ goal: string; slot: Date; fate: string }>(
    `select goal_instance_id as goal, scheduled_time as slot, coalesce(reason_code, status) as fate
     from scheduled_goal_runs where origin = 'schedule'`,
  )
  const ranges = await ground.rows<{ goal: string; from: Date; to: Date; fate: string }>(
    `select goal_instance_id as goal, from_slot as from, to_slot as to, reason_code as fate from missed_slots
     union all select goal_instance_id, from_slot, to_slot, reason_code from dropped_slots`,
  )
  const fates = new Map<string, string>()
  for (const { fate, goal, slot } of runs) fates.set(`${goal} ${slot.getTime()}`, fate === "completed" ? "ran" : fate)
  const rangesOf = Map.groupBy(ranges, (range) => range.goal)
  return {
    fates,
    /** Every fate of a slot that is recorded. */
    of: (goal: string, slot: number): ReadonlyArray<string> => {
      const run = fates.get(`${goal} ${slot}`)
      return run !== undefined ? [run] : (rangesOf.get(goal) ?? [])
        .filter(({ from, to }) => from.getTime() <= slot && slot <= to.getTime()).map(({ fate }) => fate)
    },
  }
}

const verdictOf = (fate: Fate): string =>
  fate === "ran" ? "ran" : fate === "too_old" ? "missed" : fate.startsWith("missed_") ? "skipped" : "cancelled"

/** Compares what is recorded and explained with the account. */
const compare = async (ground: Ground, hiring: Hiring, asked: number, random: () => number) => {
  const found = judge()
  const recorded = await recordedOf(ground)
  const counts: Record<string, number> = {}
  const wanted: Array<readonly [string, number, Fate]> = []
  for (const goal of hiring.model.values()) {
    for (const slot of goal.open(ground.now())) {
      found.that(false, `the account itself leaves ${goal.id} ${iso(slot)} open`)
    }
    for (const [slot, fate] of goal.fates) {
      counts[fate] = (counts[fate] ?? 0) + 1
      const is = recorded.of(goal.id, slot).join(" and ") || "nothing"
      found.that(is === fate, `${goal.id} ${iso(slot)}: recorded is ${is}, not ${fate}`)
      wanted.push([goal.id, slot, fate])
    }
  }
  for (const [key, fate] of recorded.fates) {
    const [goal, slot] = key.split(" ")
    found.that(
      hiring.model.get(goal!)!.fates.has(Number(slot)),
      `${goal} ${iso(Number(slot))}: ${fate}, and is no slot`,
    )
  }
  for (const [goal, slot, fate] of wanted.sort(() => random() - 0.5).slice(0, asked)) {
    const answer = await ground.run(
      Effect.flatMap(Answers, (answers) =>
        answers.explain(
          { role: "operator", subject: "olga" as never },
          goal as GoalInstanceId,
          DateTime.makeUnsafe(slot),
        )),
    )
    found.that(
      answer.verdict === verdictOf(fate) && (answer.reason_code ?? "ran") === fate,
      `explain of ${goal} ${iso(slot)} says ${answer.verdict} (${answer.reason_code}), not ${fate}`,
    )
  }
  return { counts, violations: found.violations, slots: wanted.length }
}

const iso = (millis: number) => new Date(millis).toISOString()

const attack = async ({ full, seed, ...rest }: Attack) => {
  const random = randomOf(seed)
  const [goals, steps] = full ? [300, 400] : [40, 100]
  const ground = await standStill({ full, seed, ...rest }, start)
  const hiring = hiringOf(random, goals, start)
  const driver = driverOf(ground, hiring)
  const done = { edits: 0, pages: 0, snapshots: 0, kills: 0, pauses: 0, looks: 0 }
  driver.unread.push(...hiring.all())
  await driver.read(Infinity, false)
  for (let step = 0; step < steps; step++) {
    const from = ground.now()
    const to = from + Math.ceil(random() * (random() < 0.1 ? 120 : 25)) * MINUTE + Math.floor(random() * 20_000)
    const instants = Array.from(
      { length: Math.floor(random() * goals / 10) },
      () => from + 1 + Math.floor(random() * (to - from - 1)),
    )
    for (const instant of instants.sort((a, b) => a - b)) {
      const changes = hiring.edit(instant)
      driver.unread.push(...changes)
      done.edits += changes.length
    }
    await ground.moveTo(to)
    if (random() < 0.6 && driver.unread.length > 0) {
      await driver.read(random() < 0.5 ? Infinity : Math.ceil(random() * driver.unread.length), random() < 0.3)
      done.pages++
    } else if (random() < 0.08) {
      await driver.snapshot()
      done.snapshots++
    }
    if (random() < 0.25) {
      await driver.toggle(hiring.scopes[Math.floor(random() * hiring.scopes.length)]!)
      done.pauses++
    }
    if (random() < 0.7) {
      await driver.look()
      done.looks++
      if (random() < 0.6) await driver.claim(random() < 0.8)
    }
    if (random() < 0.1) {
      await driver.restart()
      done.kills++
    }
  }
  rest.say(
    `${steps} steps until ${iso(ground.now())}: ${done.edits} edits, ${done.snapshots} snapshots, ${done.kills} kills`,
  )
  for (const scope of [...driver.paused]) await driver.toggle(scope)
  await driver.read(Infinity, true)
  for (const later of [0, 2 * HOUR, HOUR]) {
    await ground.moveTo(ground.now() + later + MINUTE)
    await driver.look()
    await driver.claim(true)
  }
  const { counts, slots, violations } = await compare(ground, hiring, full ? 3_000 : 200, random)
  return { figures: { goals, ...done, slots, ...counts }, violations }
}

/** The proof. */
export const edits: Proof = {
  name: "edits",
  promise: "An edit loses no slot that was due: every slot has one recorded fate, and explain names it",
  attacks:
    "random edits, switches, zones, spreads, pauses, kills, late and repeated reads, snapshots, over a clock change",
  seconds: { quick: 20, full: 180 },
  attack,
}

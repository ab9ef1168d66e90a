/** Runs a second by how many schedulers share the work, and whether any run was made twice. */
import {
  drained,
  exactlyOnce,
  fallDue,
  freshSlot,
  type Goals,
  type Ground,
  outcomeOf,
} from "../../tests/proofs/Ground.ts"
import { openFleet, sleepOwnScheduler } from "../../tests/support/Fleet.ts"
import { median, roundedAll, table } from "../Figures.ts"

const NUMBERS = [1, 2, 4]

/** One round: all goals fall due at once; runs a second, from then to the last run's end. */
const round = async (ground: Ground, goals: Goals): Promise<number> => {
  const slot = freshSlot()
  const { at } = await ground.superuser.row(
    "scheduler",
    "select (extract(epoch from now()) * 1000)::float8 as at",
  )
  await fallDue(ground, goals, slot)
  await drained(ground)
  exactlyOnce(await outcomeOf(ground, [slot]), goals.count, {
    is: (what, is, wanted) => {
      if (is !== wanted) throw new Error(`${what}: ${is}, not ${wanted}`)
    },
    that: (holds, otherwise) => {
      if (!holds) throw new Error(otherwise)
    },
  })
  const { ended } = await ground.superuser.row(
    "scheduler",
    `select (extract(epoch from max(closed_at)) * 1000)::float8 as ended from scheduled_goal_runs where scheduled_time = '${slot}'`,
  )
  return goals.count / ((ended - at) / 1000)
}

/** Measures the numbers in turn, prints the table, and returns the figures. Throws when a run is missing or doubled. */
export const schedulers = async (
  ground: Ground,
  goals: Goals,
  rounds: number,
) => {
  const asleep = await sleepOwnScheduler(ground.stack, ground.superuser)
  const fleet = await openFleet(ground.stack, ground.superuser)
  const found = new Map<number, Array<number>>(
    NUMBERS.map((number) => [number, []]),
  )
  try {
    // the first round warms the others up, and does not count
    for (let n = 0; n <= rounds; n++) {
      for (const number of NUMBERS) {
        const running = await Promise.all(
          Array.from({ length: number }, (_, nth) => fleet.start(nth + 1)),
        )
        await Promise.all(running.map((replica) => replica.isReady()))
        const perSecond = await round(ground, goals)
        if (n > 0) found.get(number)!.push(perSecond)
        await fleet.stop()
      }
    }
  } finally {
    await fleet.stop()
    await asleep.end()
  }
  const one = median(found.get(1)!)
  const figures = NUMBERS.map((number) => ({
    schedulers: number,
    runs_per_second: median(found.get(number)!),
    to_one: median(found.get(number)!) / one,
  }))
  console.log(
    `\nschedulers: ${goals.count} runs due at once, medians of ${rounds} rounds in turn; none missing, none doubled`,
  )
  console.log(table([
    ["schedulers", "runs/s", "to one", "goal"],
    ...figures.map(({ runs_per_second, schedulers, to_one }) => [
      String(schedulers),
      runs_per_second.toFixed(0),
      `${to_one.toFixed(2)} x`,
      schedulers === 1 ? "" : ">= 1 x",
    ]),
  ]))
  return roundedAll({ runs: goals.count, rounds, numbers: figures })
}

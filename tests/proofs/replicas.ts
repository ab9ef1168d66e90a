/**
 * Any number of schedulers on one database, one of which is killed again and again while goals are due.
 *
 * Would catch: runs made or claimed by two replicas at once (a key that is not unique, SKIP LOCKED or the fence left out),
 * runs that a dead replica takes with it, a finished run that is run again.
 */
import type { Fleet, Replica } from "../support/Fleet.ts"
import {
  drained,
  exactlyOnce,
  fallDue,
  fleetOn,
  freshSlot,
  type Ground,
  makeGoals,
  outcomeOf,
  standOn,
} from "./Ground.ts"
import { fencesOf, keepJournal } from "./Journal.ts"
import { judge, type Proof, randomOf, sleep } from "./Proof.ts"

/** How often a replica is killed: where there are others, where it is alone, and there in the quick form. In milliseconds. */
const EVERY = { several: 1_000, alone: 5_000, quick: 15_000 }
/** The first one is killed this soon, when claims are in flight and not yet over. */
const FIRST = 250

/**
 * Kills a replica now and then, and starts it again, until told to stop; how many it killed. Not before all are ready: on a
 * machine where a start takes longer than the pause, there would soon be nobody left to do the work.
 */
const killing = (
  { superuser }: Ground,
  fleet: Fleet,
  replicas: Array<Replica>,
  every: number,
  random: () => number,
) => {
  let over = false
  const areHeld = async () =>
    (await superuser.row("scheduler", "select exists (select from run_queue where holder is not null) as held")).held
  const kills = (async () => {
    let killed = 0
    for (let wait = FIRST; !over; wait = every) {
      for (const until = Date.now() + wait; Date.now() < until && !over;) await sleep(20)
      // a kill between two batches would show nothing
      while (!over && !(await areHeld())) await sleep(5)
      if (over) break
      const victim = Math.floor(random() * replicas.length)
      replicas[victim]!.signal("SIGKILL")
      await replicas[victim]!.ended
      const next = replicas[victim] = await fleet.start(victim + 1)
      await next.isReady()
      killed++
    }
    return killed
  })()
  return () => {
    over = true
    return kills
  }
}

export const replicas: Proof = {
  name: "replicas",
  promise:
    "A slot of a goal runs once and makes one deliverable, with any number of schedulers, whichever of them dies.",
  attacks: "1, 2 and 4 schedulers over goals that are due at once (full: 20,000, ten times), one killed every second.",
  seconds: { quick: 40, full: 1300 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const random = randomOf(seed)
    const count = full ? 20_000 : 2_000
    const rounds = full ? 10 : 1
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    await keepJournal(ground.superuser)
    const goals = await makeGoals(ground, "acme", count)
    const fleet = await fleetOn(ground, attack)
    const slots: Array<string> = []
    let kills = 0
    for (const number of [1, 2, 4]) {
      for (let round = 0; round < rounds; round++) {
        const running = await Promise.all(Array.from({ length: number }, (_, n) => fleet.start(n + 1)))
        await Promise.all(running.map((replica) => replica.isReady()))
        const slot = freshSlot()
        slots.push(slot)
        const began = performance.now()
        await fallDue(ground, goals, slot)
        const every = number > 1 ? EVERY.several : full ? EVERY.alone : EVERY.quick
        const stop = killing(ground, fleet, running, every, random)
        await drained(ground, full ? 600_000 : undefined).finally(async () => kills += await stop())
        const found = await outcomeOf(ground, [slot])
        exactlyOnce(found, count, { is: (what, ...rest) => is(`${number} schedulers: ${what}`, ...rest), that })
        const seconds = ((performance.now() - began) / 1000).toFixed(1)
        say(`${number} schedulers: ${found.completed} runs, ${found.deliverables} deliverables in ${seconds} s`)
        await fleet.stop()
      }
    }
    const fences = await fencesOf(ground.superuser)
    is("writes to a run by another than its holder", fences.foreign, 0)
    is("runs completed twice, or written after that", fences.doubled, 0)
    that(fences.takeovers > 0, "no kill caught a replica with runs in its hands: nothing was attacked")
    return { figures: { goals: count, rounds: slots.length, runs: count * slots.length, kills, ...fences }, violations }
  },
}

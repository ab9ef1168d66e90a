/**
 * Schedulers that stand still while they hold runs, past their leases, and wake up again: half of them while another holds
 * what was theirs, half after it has completed it. Their calls were answered meanwhile, so each wakes with a result in hand.
 *
 * Would catch: a write that is not under the fence (completing, renewing, releasing by the run's id alone), a lease
 * that its holder judges by its own clock, a finished run that is run again.
 */
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
} from "./Ground.ts"
import { PORTS } from "@stint/edge/Ports"
import type { Fleet, Replica } from "../support/Fleet.ts"
import { type Gate, startGate } from "../support/Gate.ts"
import { standStill } from "../support/StandStill.ts"
import { fencesOf, keepJournal } from "./Journal.ts"
import { judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

/** How many runs a replica may hold, and how many are due for each. */
const HELD = 20
/**
 * How many freeze in a round, and how many rounds: `long` ones stand still past their leases, and find when they wake that
 * they can't renew them; in `short` ones SQL ends the leases, so that they wake before they had to, and the fence alone
 * stands between their answers and the runs.
 */
const FORMS = { quick: { victims: 2, long: 1, short: 1 }, full: { victims: 5, long: 10, short: 10 } }

/** Who holds what: by fence, which the leases of the frozen can't change. */
const holders = async ({ superuser }: Ground): Promise<ReadonlyArray<{ holder: string; runs: number }>> =>
  await superuser.sql(
    "scheduler",
    "select holder, count(*)::int as runs from run_queue where holder is not null group by holder order by holder",
  )

/** All that a slot has left in both databases, as a digest. */
const stateOf = async ({ superuser }: Ground, slot: string): Promise<string> => {
  const { ran } = await superuser.row(
    "scheduler",
    `select md5(coalesce(string_agg(to_jsonb(g)::text, ',' order by g.run_id), '')) || (select md5(coalesce(string_agg(
        to_jsonb(a)::text, ',' order by a.scheduled_run_id, a.fence), '')) from run_attempts a) as ran
      from goal_runs g join scheduled_goal_runs r using (scheduled_run_id) where r.scheduled_time = '${slot}'`,
  )
  const { made } = await superuser.row(
    "deliverables",
    `select md5(coalesce(string_agg(to_jsonb(d)::text, ',' order by d.deliverable_id), '')) as made
      from deliverables d where scheduled_time = '${slot}'`,
  )
  return ran + made
}

/** What every round of the attack uses. */
interface Scene {
  readonly ground: Ground
  readonly goals: Goals
  readonly fleet: Fleet
  /** Stands between the fleet and deliverables. While it is shut, whoever claims holds: a late answer, of one that is there. */
  readonly gate: Gate
  /** The replicas that freeze in each round. */
  readonly frozen: ReadonlyArray<Replica>
  readonly random: () => number
  readonly judged: ReturnType<typeof judge>
}

/** The environment of a replica that calls deliverables through the gate. */
const through = (gate: Gate) => ({ DELIVERABLES_URL: gate.url })

/** Makes every replica hold runs, and freezes it then. Answers with how many runs they hold. */
const freezeHolding = async ({ frozen, gate, goals, ground, judged }: Scene, slot: string): Promise<number> => {
  const { superuser } = ground
  gate.shut()
  await fallDue(ground, goals, slot)
  await until("every replica holds runs", async () => {
    const all = await holders(ground)
    return all.length === frozen.length && all.every(({ runs }) => runs === HELD)
  })
  await sleep(300)
  for (const replica of frozen) await standStill(superuser, replica.role, replica.signal)
  const before = await holders(ground)
  judged.that(
    before.length === frozen.length && before.every(({ runs }) => runs === HELD),
    "a frozen replica held nothing",
  )
  return before.reduce((sum, { runs }) => sum + runs, 0)
}

/**
 * Answers the calls of the frozen, into sockets that nobody reads; then nobody answers again, so that the next replica holds
 * too. Answers with how many drafts were made.
 */
const answerFrozen = async ({ ground: { superuser }, frozen, gate }: Scene, slot: string): Promise<number> => {
  gate.open()
  const drafts = async () =>
    (await superuser.row(
      "deliverables",
      `select count(*)::int as n from deliverables where scheduled_time = '${slot}'`,
    )).n as number
  // a replica that was frozen before it had sent its call has none
  await until("the calls are answered", async () => await drafts() === HELD * frozen.length, 3_000)
    .catch(() => undefined)
  await sleep(300)
  const answered = await drafts()
  gate.shut()
  return answered
}

/**
 * Lets another replica take the runs over: `ready`, which sleeps, once SQL has ended the leases; without one, a replica
 * that is started now, once they have run out. Answers with the replica that took them.
 */
const takeOver = async ({ fleet, frozen, gate, ground }: Scene, ready: Replica | undefined): Promise<Replica> => {
  const { superuser } = ground
  if (ready !== undefined) {
    await superuser.sql("scheduler", "update run_queue set claimable_at = now() where holder is not null")
    await superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
    ready.signal("SIGCONT")
  }
  const taker = ready ?? await fleet.start(frozen.length + 1, through(gate))
  await until("another has taken them over", async () => {
    const all = await holders(ground)
    return all.length === 1 && all[0]!.runs === HELD * frozen.length
  })
  return taker
}

/** Wakes half of the frozen while another holds their runs, and half when all is over, after which nothing may change. */
const wakeInHalves = async ({ frozen, gate, ground, judged, random }: Scene, slot: string): Promise<void> => {
  const order = frozen.map((replica) => ({ replica, at: random() })).sort((a, b) => a.at - b.at)
  const half = Math.ceil(frozen.length / 2)
  const [early, late] = [order.slice(0, half), order.slice(half)]
  for (const { replica } of early) replica.signal("SIGCONT")
  await Promise.all(early.map(({ replica }) => replica.isReady()))
  await sleep(500)
  gate.open()
  await drained(ground)
  exactlyOnce(await outcomeOf(ground, [slot]), HELD * frozen.length, judged)
  const state = await stateOf(ground, slot)
  for (const { replica } of late) replica.signal("SIGCONT")
  await Promise.all(frozen.map((replica) => replica.isReady()))
  await sleep(1_500)
  judged.that(await stateOf(ground, slot) === state, `slot ${slot} was changed after all was over`)
}

/** A round. Answers with how many runs the frozen held, and how many of them were answered. */
const freezeOnce = async (scene: Scene, isShort: boolean): Promise<{ held: number; answered: number }> => {
  const slot = freshSlot()
  // it sleeps, with nothing in its hands, until it is needed
  const ready = isShort ? await scene.fleet.start(scene.frozen.length + 1, through(scene.gate)) : undefined
  await ready?.isReady()
  ready?.signal("SIGSTOP")
  const held = await freezeHolding(scene, slot)
  const answered = await answerFrozen(scene, slot)
  const taker = await takeOver(scene, ready)
  await wakeInHalves(scene, slot)
  taker.signal("SIGKILL")
  await taker.ended
  return { held, answered }
}

export const freeze: Proof = {
  name: "freeze",
  promise: "A scheduler that stood still past its lease writes nothing when it wakes: its runs are another's by then.",
  attacks:
    "SIGSTOP of schedulers with runs in their hands, 50 times (quick: 2) past their lease and as often with the lease " +
    "ended by SQL; SIGCONT while another holds their runs, and after it has completed them.",
  seconds: { quick: 40, full: 180 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const { long, short, victims } = FORMS[full ? "full" : "quick"]
    const random = randomOf(seed)
    const judged = judge()
    const { is, that, violations } = judged
    const ground = await standOn(attack)
    const { superuser } = ground
    await keepJournal(superuser)
    const goals = await makeGoals(ground, "acme", HELD * victims)
    const gate = startGate(`http://127.0.0.1:${ground.stack.base + PORTS.deliverables}`, "/api/v1/deliverables/batch")
    attack.defer(gate.stop)
    const fleet = await fleetOn(ground, attack)
    const frozen = await Promise.all(
      Array.from(
        { length: victims },
        (_, n) => fleet.start(n + 1, { STINT_MAX_RUNNING: String(HELD), ...through(gate) }),
      ),
    )
    await Promise.all(frozen.map((replica) => replica.isReady()))
    const scene: Scene = { ground, goals, fleet, frozen, gate, random, judged }
    let held = 0
    let answered = 0
    for (let round = 0; round < long + short; round++) {
      const isShort = round >= long
      const found = await freezeOnce(scene, isShort)
      held += found.held
      answered += found.answered
      say(
        `round ${round + 1}${
          isShort ? ", leases ended by SQL" : ""
        }: ${victims} frozen with ${HELD} runs each, woken, nothing changed`,
      )
    }
    // those who woke are alive: they do this slot's work alone
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await drained(ground)
    exactlyOnce(await outcomeOf(ground, [slot]), HELD * victims, judged)
    const fences = await fencesOf(superuser)
    is("writes to a run by another than its holder", fences.foreign, 0)
    is("runs completed twice, or written after that", fences.doubled, 0)
    is("runs that were taken over", fences.takeovers, held)
    that(answered > 0, "nobody woke with an answer in hand")
    return {
      figures: { frozen_past_lease: victims * long, frozen: victims * (long + short), held, answered, ...fences },
      violations,
    }
  },
}

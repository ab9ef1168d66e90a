/**
 * Pauses against claims: again and again goals fall due at the moment of a pause, of all, of their hire or of their
 * customer. The journal says which transactions were over when the pause was written.
 *
 * Would catch: a claim that looks for a pause before it takes its lock, or takes none; a pause that waits for no claim.
 */
import { patiently } from "../support/Until.ts"
import { decided, drained, exactlyOnce, fallDue, fleetOn, freshSlot, makeGoals, outcomeOf, standOn } from "./Ground.ts"
import { fencesOf, keepJournal, pausesOf } from "./Journal.ts"
import { judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

/** How many goals fall due at a pause. */
const GOALS = 4
/** How much before or after the pause is asked for they do so, at most, in milliseconds. */
const APART = 12
/** How often it begins anew, at most, while a machine is so slow that none of them met. */
const ROUNDS = 4
/** How long a pause lasts at least, in milliseconds: a claim that it does not hold back comes at once. */
const LASTS = 5

export const pause: Proof = {
  name: "pause",
  promise: "After a pause no run starts: no claim commits once the pause did.",
  attacks: "1,000 pauses (quick: 60) at the moment at which goals fall due, against two schedulers.",
  seconds: { quick: 25, full: 111 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const atOnce = full ? 1_000 : 60
    const random = randomOf(seed)
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    await keepJournal(ground.superuser)
    const goals = await makeGoals(ground, "pauser", GOALS)
    const fleet = await fleetOn(ground, attack)
    const replicas = await Promise.all([1, 2].map((number) => fleet.start(number)))
    await Promise.all(replicas.map((replica) => replica.isReady()))
    const operate = async (replica: number, what: "pause" | "resume", body: Record<string, unknown>) => {
      const send = { as: "operator:olga", body } as const
      const answer = await patiently(() => replicas[replica]!.call("POST", `/api/v1/scheduler/${what}`, send))
      if (answer.status !== 200) throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.json)}`)
    }
    const scopes = [
      {},
      { scope: { hired_instance_id: goals.hire } },
      { scope: { customer_id: goals.customer } },
    ]
    const slots: Array<string> = []
    const compete = async (spread: number) => {
      const slot = freshSlot()
      const race = slots.push(slot) - 1
      const scope = scopes[race % scopes.length]!
      const apart = (random() * 2 - 1) * spread
      await Promise.all([
        sleep(Math.max(0, -apart)).then(() => operate(race % 2, "pause", { ...scope, reason: `race ${race}` })),
        sleep(Math.max(0, apart)).then(() => fallDue(ground, goals, slot)),
      ])
      await sleep(LASTS)
      await operate((race + 1) % 2, "resume", scope)
      // its runs are made now: a rule that changes before that would take them away, as an edit may
      await until("the slot is decided", () => decided(ground), undefined, 1)
      if ((race + 1) % 20 === 0) say(`${race + 1} races`)
    }
    let found = { pauses: 0, late: 0, narrow: 0 }
    // on a slow machine the one comes long after the other: further apart then, until some met
    for (let round = 0; round < ROUNDS && (found.narrow === 0 || found.narrow === slots.length); round++) {
      for (let race = 0; race < atOnce; race++) await compete(APART * 2 ** round)
      await drained(ground)
      found = await pausesOf(ground.superuser)
    }
    const races = slots.length
    exactlyOnce(await outcomeOf(ground, slots), GOALS * races, { is, that })
    const { claims } = await fencesOf(ground.superuser)
    is("pauses", found.pauses, races)
    is("claims that committed after a pause did, and before its resume", found.late, 0)
    that(found.narrow > 0 && found.narrow < races, `claims were close to ${found.narrow} of ${races} pauses: no race`)
    return { figures: { races, claims, ...found }, violations }
  },
}

/**
 * One run of a small customer while a big one has thousands due. Counted by the journal: how many of the big one's runs
 * were claimed after the small one's was due and before it was claimed.
 *
 * Would catch: claims in the order of the queue (the small one waits for the whole backlog), due goals that are decided in
 * the order of their instants (it waits to be made), permits that the big one keeps.
 */
import { drained, fallDue, fleetOn, freshSlot, makeGoals, standOn } from "./Ground.ts"
import { keepJournal } from "./Journal.ts"
import { judge, type Proof, until } from "./Proof.ts"

/** The most runs of one claim (the engine's BATCH). */
const BATCH = 200

export const fairness: Proof = {
  name: "fairness",
  promise: "A customer with any number of due runs delays another's single run by at most one batch of 200.",
  attacks: "A backlog of 100,000 due runs (quick: 5,000), and the single run of another customer, five times.",
  seconds: { quick: 15, full: 91 },
  attack: async (attack) => {
    const { full, say } = attack
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { superuser } = ground
    await keepJournal(superuser)
    const backlog = full ? 100_000 : 5_000
    const big = await makeGoals(ground, "big", backlog)
    const small = await makeGoals(ground, "small", 1)
    const fleet = await fleetOn(ground, attack)
    // ready before there is a backlog: with one that waits for too long it says that it is not
    await (await fleet.start(1)).isReady()
    const slot = freshSlot()
    await fallDue(ground, big, slot)
    // a run is made when it is claimed, or before it: what is due is a run in the queue, or a goal that is not decided
    const queued = async () =>
      (await superuser.row(
        "scheduler",
        `select ((select count(*) from run_queue) + (select count(*) from projected_goals where due_at <= now()))::int as n`,
      )).n as number
    await until("a backlog is queued", async () => await queued() > BATCH * 5)
    const passed: Array<number> = []
    const waited: Array<number> = []
    let least = Infinity
    for (let round = 0; round < 5; round++) {
      const left = await queued()
      least = Math.min(least, left)
      const one = freshSlot()
      // due now, later than what the big one still has undecided
      await fallDue(ground, small, one, { due: "now()" })
      const { due } = await superuser.row("scheduler", "select clock_timestamp()::text as due")
      const claimed = () =>
        superuser.row(
          "scheduler",
          `select w.n, w.xid::text as xid, (extract(epoch from w.at - '${due}') * 1000)::int as ms from proof.writes w
            join scheduled_goal_runs r on r.scheduled_run_id = w.run
            where r.scheduled_time = '${one}' and w.customer = 'small' and w.before is null and w.after is not null`,
        )
      await until("the single run is claimed", async () => await claimed() !== undefined)
      const claim = await claimed()
      // those that the same claim took are not before it
      const { ahead } = await superuser.row(
        "scheduler",
        `select count(*)::int as ahead from proof.writes where at > '${due}' and n < ${claim.n} and xid <> '${claim.xid}'
          and customer = 'big' and after is not null and before is distinct from after`,
      )
      passed.push(ahead)
      waited.push(claim.ms)
      say(`with ${left} runs queued, the single run was claimed after ${ahead} others, in ${claim.ms} ms`)
      if (ahead > BATCH) violations.push(`${ahead} runs of the big customer were claimed before the single one`)
    }
    that(least > BATCH, `only ${least} runs were left when the last single one fell due: nothing was attacked`)
    await drained(ground, 600_000)
    const { done } = await superuser.row(
      "scheduler",
      "select count(*)::int as done from scheduled_goal_runs where status = 'completed'",
    )
    is("completed runs", done, backlog + 5)
    return { figures: { backlog, least_left: least, claimed_before: passed, waited_ms: waited }, violations }
  },
}

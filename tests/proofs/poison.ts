/**
 * Runs whose attempt kills the scheduler: a proxy before deliverables ends the process with SIGKILL whenever a batch has
 * one of them in it, before anything is passed on.
 *
 * Would catch: attempts that are counted when they end and not at the claim (the process dies again for ever), poison that
 * is claimed among others every time (all of them end as dead letters).
 */
import type { Replica } from "../support/Fleet.ts"
import { PORTS } from "@stint/edge/Ports"
import { drained, fallDue, fleetOn, freshSlot, makeGoals, standOn } from "./Ground.ts"
import { judge, type Proof, randomOf, until } from "./Proof.ts"

/** Attempts that a run has (domain.md, "Rules: when it fails"). */
const ATTEMPTS = 5

export const poison: Proof = {
  name: "poison",
  promise: "A run that kills its process ends as a dead letter, and takes none of its neighbours along.",
  attacks: "One run in 40 (full: three in 300) SIGKILLs the scheduler whenever deliverables is asked for it. " +
    "The quick form ends the leases of the dead at once; the full one waits for them.",
  seconds: { quick: 17, full: 67 },
  attack: async (attack) => {
    const { defer, full, say, seed } = attack
    const random = randomOf(seed)
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { stack, superuser } = ground
    const [count, poisons] = full ? [300, 3] : [40, 1]
    const goals = await makeGoals(ground, "acme", count)
    const others = await makeGoals(ground, "later", count)
    const ids: ReadonlyArray<string> = (await superuser.sql(
      "scheduler",
      `select goal_instance_id as id from projected_goals where hired_instance_id = '${goals.hire}' order by 1`,
    )).map(({ id }) => id)
    const poisoned = new Set<string>()
    while (poisoned.size < poisons) poisoned.add(ids[Math.floor(random() * count)]!)
    const fleet = await fleetOn(ground, attack)

    let replica: Replica | undefined
    let deaths = 0
    const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const body = request.body === null ? null : await request.text()
      if (body !== null && [...poisoned].some((id) => body.includes(id))) {
        deaths++
        replica?.signal("SIGKILL")
        return new Response(null, { status: 503 })
      }
      const { pathname, search } = new URL(request.url)
      const to = `http://127.0.0.1:${stack.base + PORTS.deliverables}${pathname}${search}`
      return await fetch(to, { method: request.method, headers: request.headers, body })
    })
    defer(() => proxy.shutdown())
    let over = false
    const supervised = (async () => {
      while (!over) {
        replica = await fleet.start(1, { DELIVERABLES_URL: `http://127.0.0.1:${proxy.addr.port}` })
        await replica.ended
        if (over) return
        say(`the scheduler died of it, ${deaths} times so far`)
        // that process is dead, so that nobody holds what it held
        if (!full) {
          await superuser.sql("scheduler", "update run_queue set claimable_at = now() where holder is not null")
        }
      }
    })()
    const ending = () => {
      over = true
      replica?.signal("SIGKILL")
      return supervised
    }
    defer(ending)

    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await until("the scheduler died twice", () => Promise.resolve(deaths >= 2))
    const later = freshSlot()
    await fallDue(ground, others, later)
    await drained(ground)
    const runs = await superuser.sql(
      "scheduler",
      `select r.goal_instance_id as id, r.scheduled_time = '${later}' as later, r.status, g.attempt, d.state,
          g.error_details->>'type' as error
        from scheduled_goal_runs r join goal_runs g using (scheduled_run_id) left join scheduler_dlq d on d.dlq_id = r.dlq_id`,
    )
    const dead = runs.filter(({ id }) => poisoned.has(id))
    const neighbours = runs.filter(({ id, later }) => !poisoned.has(id) && !later)
    const lost = Math.max(...neighbours.map(({ attempt }) => attempt))
    is(
      "runs that kill, dead-lettered",
      dead.filter(({ state, status }) => status === "cancelled" && state === "open").length,
      poisons,
    )
    for (const { attempt, error } of dead) {
      is("attempts of a run that kills", attempt, ATTEMPTS)
      is("what it says", error, "LEASE_LOST")
    }
    is("neighbours completed", neighbours.filter(({ status }) => status === "completed").length, count - poisons)
    // two attempts may have been beside a run that kills; the third is alone in its process
    that(lost <= 3, `a neighbour needed ${lost} attempts`)
    const untouched =
      runs.filter(({ attempt, later, status }) => later && status === "completed" && attempt === 1).length
    is("runs that fell due after two deaths, completed at their first attempt", untouched, count)
    that(deaths <= ATTEMPTS * poisons, `${deaths} deaths by ${poisons} runs`)
    await ending()
    return {
      figures: { runs: runs.length, poisons, deaths, neighbours: neighbours.length, attempts_of_neighbours: lost },
      violations,
    }
  },
}

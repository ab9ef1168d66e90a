/**
 * An engine with very many goals, none of them due: how many statements it sends, by Postgres' own log.
 *
 * Would catch: polling, and an engine that is quiet because it is dead: a run before and one after show that it works.
 */
import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { drained, exactlyOnce, fallDue, freshSlot, type Ground, makeGoals, outcomeOf, standOn } from "./Ground.ts"
import { judge, type Proof, sleep } from "./Proof.ts"

/** The most statements a second. */
const MOST = 2

/** The statements that a stack's scheduler database is sent in so many seconds, by Postgres' own log. */
export const statementsIn = async ({ stack, superuser }: Ground, seconds: number): Promise<ReadonlyArray<string>> => {
  const log = join(stack.home, "postgres.log")
  await superuser.sql("postgres", "alter system set log_statement = 'all'")
  await superuser.sql("postgres", "select pg_reload_conf()")
  await sleep(500)
  const from = (await stat(log)).size
  await sleep(seconds * 1_000)
  const text = (await readFile(log)).subarray(from).toString()
  await superuser.sql("postgres", "alter system reset log_statement")
  await superuser.sql("postgres", "select pg_reload_conf()")
  return text.split("\n").filter((line) => /\] stint_scheduler LOG: {2}(statement|execute)/.test(line))
    .map((line) => line.replace(/^.*LOG: +/, "").replace(/\s+/g, " "))
}

export const idle: Proof = {
  name: "idle",
  promise: "An idle scheduler waits and does not poll: at most 2 statements a second, with 1,000,000 goals.",
  attacks: "1,000,000 goals (quick: 100,000), none due, watched for 60 s (quick: 40 s) through Postgres' log.",
  seconds: { quick: 58, full: 118 },
  attack: async (attack) => {
    const { full, say } = attack
    const { is, that, violations } = judge()
    const ground = await standOn(attack)
    const { superuser } = ground
    // long enough for the hourly retention, whose first pass comes within a minute of the start, to fall into it
    const [many, seconds] = full ? [1_000_000, 60] : [100_000, 40]
    const goals = await makeGoals(ground, "acme", 1)
    // rows of the projection alone: that the feed can carry them is another matter
    await superuser.sql(
      "scheduler",
      `insert into projected_goals select copy.* from projected_goals g, generate_series(2, ${many}) n,
        lateral jsonb_populate_record(g, jsonb_build_object('goal_instance_id', 'GOI-x' || n,
          'due_at', now() + n % 20 * interval '1 day' + interval '1 day', 'next_slot', now() + interval '1 day')) copy`,
    )
    await superuser.sql("scheduler", "vacuum analyze projected_goals")
    say(`${many} goals`)
    const works = async () => {
      const slot = freshSlot()
      // the one that hiring knows: its id comes before those of the copies
      await fallDue(ground, goals, slot)
      await drained(ground)
      return slot
    }
    const before = await works()
    await sleep(2_000)
    const statements = await statementsIn(ground, seconds)
    const rate = statements.length / seconds
    const after = await works()
    for (const statement of statements.slice(0, 20)) say(statement.slice(0, 160))
    exactlyOnce(await outcomeOf(ground, [before, after]), 2, { is, that })
    that(rate <= MOST, `${rate} statements a second`)
    return {
      figures: {
        goals: many,
        seconds_watched: seconds,
        statements: statements.length,
        statements_a_second: Math.round(rate * 100) / 100,
      },
      violations,
    }
  },
}

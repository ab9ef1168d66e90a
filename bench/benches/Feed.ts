/** How fast changes of goals reach the scheduler: from the commit in hiring to the last one in its projection. */
import { CHANNEL } from "@stint/hiring/Outbox/Repo"
import { makeGoals, type Site } from "../../tests/proofs/Ground.ts"
import { median, roundedAll, table } from "../Figures.ts"

const GOAL = 10_000
const GOALS = 20_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Commits a change of each of the first goals of a hire, as hiring writes them; the followers are not told. */
const change = ({ superuser }: Site, hire: string, limit: number) =>
  superuser.sql<{ id: string; version: number }>(
    "hiring",
    `with changed as (
        update goal_instances set version = version + 1, updated_at = now() where goal_instance_id in (
          select goal_instance_id from goal_instances where hired_instance_id = '${hire}' order by 1 limit ${limit})
        returning goal_instance_id as id, version),
      told as (
        insert into hiring_outbox (kind, payload)
        select o.kind, o.payload || jsonb_build_object('goal_instance_id', c.id, 'version', c.version)
        from changed c, (select kind, payload from hiring_outbox where kind = 'goal'
          and payload->>'hired_instance_id' = '${hire}' order by xid desc, seq desc limit 1) o)
      select id, version::int as version from changed order by id limit 1`,
  )

/** Commits so many changes and waits for the last one; changes a second. */
const round = async (site: Site, hire: string, changes: number): Promise<number> => {
  for (let left = changes; left > 0; left -= GOALS) await change(site, hire, Math.min(left, GOALS))
  const [last] = await change(site, hire, 1)
  const began = performance.now()
  await site.superuser.sql("hiring", `select pg_notify('${CHANNEL}', '')`)
  const isThere = async () =>
    (await site.superuser.row(
      "scheduler",
      `select version from projected_goals where goal_instance_id = '${last!.id}'`,
    ))
      .version >= last!.version
  while (!await isThere()) await sleep(20)
  return changes / ((performance.now() - began) / 1000)
}

/** Measures, prints the figure, and returns it. */
export const feed = async (site: Site, changes: number, rounds: number) => {
  const { hire } = await makeGoals(site, "bench-feed", GOALS)
  const found: Array<number> = []
  for (let n = 0; n < rounds; n++) found.push(await round(site, hire, changes))
  const figures = roundedAll({ changes, rounds: found, per_second: median(found), goal: GOAL })
  console.log(`\nfeed: ${changes} changes of ${GOALS} goals, from committed to projected, median of ${rounds}`)
  console.log(table([["", "changes/s", "goal"], ["scheduler", figures.per_second.toFixed(0), `>= ${GOAL}`]]))
  return figures
}

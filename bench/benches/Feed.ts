/** How fast changes of goals reach the scheduler: from the commit in hiring to the last one in its projection. */
import { CHANNEL } from "@stint/hiring/Outbox/Repo"
import { makeGoals, type Site } from "../../tests/proofs/Ground.ts"
import { median, roundedAll, table } from "../Figures.ts"

const GOAL = 10_000
const GOALS = 20_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Commits `changes` changes of goals at once, as hiring writes them, and waits for them; changes a second. */
const round = async (
  { superuser }: Site,
  hire: string,
  changes: number,
): Promise<number> => {
  for (let left = changes; left > 0; left -= GOALS) {
    await superuser.sql(
      "hiring",
      `with changed as (
          update goal_instances set version = version + 1, updated_at = now() where goal_instance_id in (
            select goal_instance_id from goal_instances where hired_instance_id = '${hire}' order by 1
            limit ${Math.min(left, GOALS)})
          returning goal_instance_id, version)
        insert into hiring_outbox (kind, payload)
        select o.kind, o.payload || jsonb_build_object('goal_instance_id', c.goal_instance_id, 'version', c.version)
        from changed c, (select kind, payload from hiring_outbox where kind = 'goal'
          and payload->>'hired_instance_id' = '${hire}' order by xid desc, seq desc limit 1) o`,
    )
  }
  const began = performance.now()
  const { version } = await superuser.row(
    "hiring",
    `select sum(version)::float8 as version from goal_instances where hired_instance_id = '${hire}'`,
  )
  await superuser.sql("hiring", `select pg_notify('${CHANNEL}', '')`)
  const isThere = async () =>
    (await superuser.row(
      "scheduler",
      `select sum(version)::float8 as version from projected_goals where hired_instance_id = '${hire}'`,
    )).version >= version
  while (!await isThere()) await sleep(50)
  return changes / ((performance.now() - began) / 1000)
}

/** Measures, prints the figure, and returns it. The scheduler sleeps while the changes are written, so that it reads them all. */
export const feed = async (
  site: Site & {
    readonly stack: {
      kill(service: "scheduler", signal: NodeJS.Signals): Promise<void>
    }
  },
  changes: number,
  rounds: number,
) => {
  const { hire } = await makeGoals(site, "bench-feed", GOALS)
  const found: Array<number> = []
  for (let n = 0; n < rounds; n++) found.push(await round(site, hire, changes))
  const figures = roundedAll({
    changes,
    rounds: found,
    per_second: median(found),
    goal: GOAL,
  })
  console.log(
    `\nfeed: ${changes} changes of ${GOALS} goals, from committed to projected, median of ${rounds}`,
  )
  console.log(
    table([["", "changes/s", "goal"], [
      "scheduler",
      figures.per_second.toFixed(0),
      `>= ${GOAL}`,
    ]]),
  )
  return figures
}

/** What a scheduler costs that has nothing to do: with a million goals, none of them due. */
import type { Ground } from "../../tests/proofs/Ground.ts"
import { makeGoals } from "../../tests/proofs/Ground.ts"
import { statementsIn } from "../../tests/proofs/idle.ts"
import { cpuOf } from "../Cpu.ts"
import { rounded, roundedAll, table } from "../Figures.ts"
import type { Server } from "../Server.ts"

const GOALS = { statements_per_second: 2, percent_of_a_core: 1 }

/** Measures, prints the table, and returns the figures. */
export const idle = async (
  ground: Ground,
  server: Server,
  goals: number,
  seconds: number,
) => {
  const { stack, superuser } = ground
  const { hire } = await makeGoals(ground, "bench-idle", 1)
  // rows of the projection alone: how fast the feed carries them is a case of its own
  await superuser.sql(
    "scheduler",
    `insert into projected_goals select copy.* from projected_goals g, generate_series(2, ${goals}) n,
      lateral jsonb_populate_record(g, jsonb_build_object('goal_instance_id', 'GOI-idle-' || n,
        'due_at', now() + n % 20 * interval '1 day' + interval '1 day', 'next_slot', now() + interval '1 day')) copy
      where g.hired_instance_id = '${hire}'`,
  )
  await superuser.sql("scheduler", "vacuum analyze projected_goals")
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const pid = (await stack.pids("scheduler"))[0]!
  const [own, postgres] = [await cpuOf(pid), await server.cpu()]
  const began = performance.now()
  const statements = await statementsIn(ground, seconds)
  const wall = (performance.now() - began) / 1000
  const percent = (cpu: number) => rounded(cpu / wall * 100)
  const figures = roundedAll({
    goals,
    seconds,
    statements_per_second: statements.length / seconds,
    percent_of_a_core: percent(await cpuOf(pid) - own),
    postgres_percent_of_a_core: percent(await server.cpu() - postgres),
    goal: GOALS,
  })
  await superuser.sql(
    "scheduler",
    `delete from projected_goals where hired_instance_id = '${hire}'`,
  )
  console.log(`\nidle: ${goals} goals, none of them due, for ${seconds} s`)
  console.log(table([
    ["", "is", "goal"],
    [
      "statements/s of the scheduler",
      String(figures.statements_per_second),
      `<= ${GOALS.statements_per_second}`,
    ],
    [
      "its CPU, % of a core",
      String(figures.percent_of_a_core),
      `<= ${GOALS.percent_of_a_core}`,
    ],
    [
      "Postgres, for all services",
      String(figures.postgres_percent_of_a_core),
      "",
    ],
  ]))
  return figures
}

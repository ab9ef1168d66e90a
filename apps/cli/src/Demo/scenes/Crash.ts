/** The scheduler's process is killed in the middle of forty runs. */
import { dailyMicroPost, weeklyMultichannelBatch } from "@stint/domain/agents/marketing_healthcare/Definition"
import { guardrailReport, tradeIntentDraft } from "@stint/domain/agents/trading_delta_futures/Definition"
import type { Goal } from "@stint/domain/hiring/Goals"
import type { Hire } from "@stint/domain/hiring/Hires"
import { type Run, runKey } from "@stint/domain/scheduler/Runs"
import { DateTime } from "effect"
import { DemoError } from "../DemoError.ts"
import { type Agents, type Play, until } from "../Play.ts"
import { draftsOf, runNow, runsOf, setGoal } from "../Work.ts"

/** How often each of the goals is run, and how many requests are under way at once. */
const TIMES = 5
const AT_ONCE = 4

/** How long nothing has to happen before it is said why, in milliseconds. */
const STILL_MS = 1_000

/** So many runs are asked for before anything is held up, and so many only after the kill, or where nothing else hangs. */
const EARLIEST = 12
const LEFT_OVER = 12

/** How long a process is held up before the next look, in milliseconds: enough for a call to arrive. */
const HOLD_MS = 200

const setGoals = ({ asha }: Play, { marketing, trading }: Agents): Promise<ReadonlyArray<Goal>> =>
  Promise.all([
    ...["implants", "aligners", "gum health"].map((topic) =>
      setGoal(asha, marketing, dailyMicroPost, "on_demand", { topic })
    ),
    setGoal(asha, marketing, weeklyMultichannelBatch, "on_demand", { posts_per_platform: 2 }),
    ...["BTC", "ETH", "btc"].map((coin, index) =>
      setGoal(asha, trading, tradeIntentDraft, "on_demand", { coin, side: "sell", units: index + 1 })
    ),
    setGoal(asha, trading, guardrailReport, "on_demand", {}),
  ])

/** What is of the goals, of all that is of their hires. The operator looks: a customer may not ask as often. */
const ofGoals = async <A extends { readonly goal_instance_id: string }>(
  { marketing, trading }: Agents,
  goals: ReadonlyArray<Goal>,
  list: (hire: Hire) => Promise<ReadonlyArray<A>>,
): Promise<ReadonlyArray<A>> => {
  const ids = new Set<string>(goals.map(({ goal_instance_id }) => goal_instance_id))
  return (await Promise.all([marketing, trading].map(list))).flat().filter((one) => ids.has(one.goal_instance_id))
}

/** All runs of the goals. */
const runsOfAll = ({ olga }: Play, agents: Agents, goals: ReadonlyArray<Goal>) =>
  ofGoals(agents, goals, (hire) => runsOf(olga, hire))

/** All drafts of the goals. */
const draftsOfAll = ({ olga }: Play, agents: Agents, goals: ReadonlyArray<Goal>) =>
  ofGoals(agents, goals, (hire) => draftsOf(olga, hire))

/** What was so when the scheduler's process was killed. */
interface Killed {
  readonly asked: number
  readonly made: number
  /** Drafts that were made, and whose runs the scheduler did not live to note as completed. */
  readonly unnoted: number
}

/**
 * Kills the scheduler at the worst moment: deliverables has made drafts, and its answer is not read. To get there,
 * deliverables is held up until calls hang in it; then the scheduler is held up, and deliverables goes on. Where all that was
 * asked for is done already, `askMore` lets one more be asked for, which hangs.
 */
const killAtTheWorst = async (
  play: Play,
  agents: Agents,
  goals: ReadonlyArray<Goal>,
  asked: () => number,
  askMore: () => void,
) => {
  const { show, stage } = play
  const [scheduler, deliverables] = await Promise.all([stage.processOf("scheduler"), stage.processOf("deliverables")])
  const inState = async (wanted: Run["status"]) =>
    (await runsOfAll(play, agents, goals)).filter(({ status }) => status === wanted).length
  const drafts = async () => (await draftsOfAll(play, agents, goals)).length

  await until(
    play,
    "The first of the runs",
    10,
    async () => asked() >= EARLIEST && await inState("completed") > 0 || undefined,
  )
  let noted: number
  Deno.kill(deliverables, "SIGSTOP")
  try {
    noted = await until(play, "A call that hangs", 10, async () => {
      await show.pause(HOLD_MS)
      // Nothing can be completed while deliverables is held up, so this counts what the scheduler has noted
      if (await inState("running") > 0) return await inState("completed")
      askMore()
      return undefined
    })
    Deno.kill(scheduler, "SIGSTOP")
  } finally {
    Deno.kill(deliverables, "SIGCONT")
  }
  try {
    await until(play, "A draft that nobody takes note of", 5, async () => await drafts() > noted || undefined)
    await show.pause(HOLD_MS)
  } finally {
    Deno.kill(scheduler, "SIGKILL")
  }
  const made = await drafts()
  return { asked: asked(), made, unnoted: made - noted }
}

/** Asks for all the runs, and kills the scheduler in between. */
const askAndKill = async (play: Play, agents: Agents, goals: ReadonlyArray<Goal>): Promise<Killed> => {
  const { asha, show } = play
  const wanted = Array.from({ length: TIMES }, () => goals).flat()
  const last = wanted.length - 1
  let latest = wanted.length - LEFT_OVER
  let accepted = 0
  let killed: Killed | undefined
  const asking = async () => {
    for (let goal = wanted.shift(); goal !== undefined; goal = wanted.shift()) {
      while (accepted >= latest && killed === undefined) await show.pause(20)
      await runNow(asha, goal)
      accepted++
    }
  }
  const killing = async () => {
    killed = await killAtTheWorst(play, agents, goals, () => accepted, () => latest = Math.min(latest + 1, last))
  }
  await Promise.all([killing(), ...Array.from({ length: AT_ONCE }, asking)])
  return killed!
}

/** The scene. */
export const crash = async (play: Play, agents: Agents): Promise<void> => {
  const { asha, checks, patience, show, stage } = play
  const goals = await setGoals(play, agents)
  const total = goals.length * TIMES
  await show.says(asha.who, `sets ${goals.length} more goals, and runs each ${TIMES} times: ${total} runs, at once`)

  const within = (line: Promise<string>, milliseconds: number) =>
    Promise.race([line, show.pause(milliseconds * patience).then(() => undefined)])
  const pid = await stage.processOf("scheduler")
  const died = stage.line(/^scheduler ended by SIGKILL/)
  const back = stage.line(/^scheduler is back/)
  const { asked, made, unnoted } = await askAndKill(play, agents, goals)
  await show.says("demo", "stops deliverables, then the scheduler, for a moment: the worst one for a kill")
  await show.says("deliverables", `has made ${made} drafts; of ${unnoted} the scheduler has not heard yet`)
  await show.refused("kill -9", `process ${pid}, the scheduler, with ${asked} of ${total} runs asked for`)
  await show.says("hiring", `takes the other ${total - asked} all the same: they wait in its outbox`)
  const obituary = await within(died, 5_000)
  const some = (count: number) => count > 0 && count < total ? "some" : String(count)
  await checks.equal("killed_in_the_middle", { killed: true, asked: "some", made: "some", unnoted: "some" }, {
    killed: obituary !== undefined,
    asked: some(asked),
    made: some(made),
    unnoted: some(unnoted),
  })
  if (obituary !== undefined) await show.says("launcher", obituary)

  const returned = await within(back, 20_000)
  if (returned === undefined) {
    throw new DemoError(`The scheduler did not come back within ${Math.round(20 * patience)} s`)
  }
  await show.says("launcher", returned)
  const next = await stage.processOf("scheduler")
  await checks.equal("restarted", true, next !== pid)

  const runs = await untilCompleted(play, agents, goals, total)
  const taken = runs.filter(({ attempts }) => attempts.length > 1).length
  await show.says("scheduler", `${total} of ${total} runs completed, ${taken} of them at a second attempt`)
  if (taken >= unnoted) await show.says("deliverables", `knew ${unnoted} of those keys, and gave the drafts it had`)
  await verify(play, agents, goals, runs, total)
}

/** Waits for all the runs, telling what they wait for when they stand still. */
const untilCompleted = (
  play: Play,
  agents: Agents,
  goals: ReadonlyArray<Goal>,
  total: number,
): Promise<ReadonlyArray<Run>> => {
  const { show } = play
  let done = -1
  let since = 0
  let told = false
  return until(play, `The completion of all ${total} runs`, 25, async () => {
    const runs = await runsOfAll(play, agents, goals)
    const now = runs.filter(({ status }) => status === "completed").length
    if (now > done) since = show.elapsed()
    done = now
    if (runs.length >= total && done === runs.length) return runs
    if (!told && show.elapsed() - since > STILL_MS) {
      told = true
      const held = runs.filter(({ status }) => status === "running").length
      await show.says("scheduler", `${done} of ${total} completed; ${held} are still leased to the dead process`)
    }
    show.meanwhile(`${done} of ${total} runs completed${told ? "; the leases end within 10 s" : ""}`)
    return undefined
  })
}

/** Every run once, one draft a run. */
const verify = async (
  play: Play,
  agents: Agents,
  goals: ReadonlyArray<Goal>,
  runs: ReadonlyArray<Run>,
  total: number,
): Promise<void> => {
  const { checks, show } = play
  const drafts = await draftsOfAll(play, agents, goals)
  const keyOf = (run: Run) => runKey(run.goal_instance_id, DateTime.toEpochMillis(run.scheduled_time))
  await checks.equal(
    "every_run_once",
    { runs: total, completed: total, keys: total, underTheirKeys: true, ofEachGoal: goals.map(() => TIMES) },
    {
      runs: runs.length,
      completed: runs.filter(({ status }) => status === "completed").length,
      keys: new Set(runs.map(({ idempotency_key }) => idempotency_key)).size,
      underTheirKeys: runs.every((run) => run.idempotency_key === keyOf(run)),
      ofEachGoal: goals.map((goal) => runs.filter((run) => run.goal_instance_id === goal.goal_instance_id).length),
    },
  )
  const named = new Set(runs.map(({ deliverable_id }) => deliverable_id))
  const unnamed = drafts.filter(({ deliverable_id }) => !named.has(deliverable_id)).length
  await checks.equal("one_draft_per_run", { drafts: total, named: total, without_a_run: 0 }, {
    drafts: drafts.length,
    named: named.size,
    without_a_run: unnamed,
  })
  await show.says("deliverables", `${drafts.length} drafts for ${runs.length} runs, ${unnamed} too many`)
}

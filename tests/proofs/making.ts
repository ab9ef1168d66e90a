/**
 * kill -9 of deliverables, of the scheduler and of the maker itself, again and again, while slow makers work.
 *
 * Would catch: a draft stored twice or never, a run that nobody asks for any more, an attempt charged for a maker that was away,
 * a call that was sent before it was recorded.
 */
import { spawn } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { freePortBase } from "../support/Stack.ts"
import { UNHURRIED } from "../support/Unhurried.ts"
import { exactlyOnce, fallDue, freshSlot, type Goals, type Ground, makeGoals, outcomeOf, standOn } from "./Ground.ts"
import { digestDefinitionOf } from "./making/definition.ts"
import { type Attack, judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

/** The maker's process, which starts again when it was killed. */
const keepMaker = async (port: number, { defer }: Attack) => {
  const folder = await mkdtemp(join(tmpdir(), "stint-maker-"))
  const file = join(folder, "calls")
  await writeFile(file, "")
  let over = false
  const start = () =>
    spawn(process.execPath, [
      "run",
      "-A",
      "--quiet",
      new URL("making/maker.ts", import.meta.url).pathname,
      String(port),
      file,
    ], {
      stdio: "ignore",
    })
  let child = start()
  const again = () => {
    if (over) return
    child = start()
    child.once("exit", again)
  }
  child.once("exit", again)
  defer(async () => {
    over = true
    child.kill("SIGKILL")
    await rm(folder, { recursive: true, force: true })
  })
  return {
    kill: () => child.kill("SIGKILL"),
    /** The calls that it received, by their ids. */
    received: async () => (await readFile(file, "utf8")).split("\n").filter((line) => line !== ""),
  }
}

/** The waits between looks and before retries are not what is attacked, so they are cut short. */
const finished = ({ superuser }: Ground) =>
  until(
    "every run has ended",
    async () => {
      await superuser.sql(
        "scheduler",
        "update run_makings set next_look_at = now() where next_look_at > now() + interval '2 seconds'",
      )
      await superuser.sql(
        "scheduler",
        "update run_queue set claimable_at = now() where state = 'timed' and attempt > 0 and claimable_at > now()",
      )
      await superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
      const { done } = await superuser.row(
        "scheduler",
        "select not exists (select from run_queue) and not exists (select from projected_goals where due_at <= now()) as done",
      )
      return done
    },
    150_000,
    250,
  )

/** Kills each in turn at moments that are drawn. */
const killAll = async (
  { stack }: Ground,
  maker: Awaited<ReturnType<typeof keepMaker>>,
  kills: number,
  random: () => number,
) => {
  for (let n = 0; n < kills; n++) {
    await sleep(300 + random() * 700)
    const victim = (["deliverables", "maker", "scheduler"] as const)[n % 3]!
    if (victim === "maker") maker.kill()
    else await stack.kill(victim)
  }
}

/** Judges that every call that the maker received was recorded, and that each that was answered was received. */
const judgeCalls = async (
  { superuser }: Ground,
  received: ReadonlyArray<string>,
  { is, that }: ReturnType<typeof judge>,
) => {
  const calls = await superuser.sql<{ call_id: string; outcome: string | null }>(
    "deliverables",
    "select call_id, outcome from making_calls",
  )
  const recorded = new Set(calls.map(({ call_id }) => call_id))
  const there = new Set(received)
  is("calls that were received and not recorded", received.filter((id) => !recorded.has(id)).length, 0)
  is("calls that were received twice", received.length - there.size, 0)
  const answered = calls.filter(({ outcome }) => outcome === "answered")
  is("calls that were answered and not received", answered.filter(({ call_id }) => !there.has(call_id)).length, 0)
  that(calls.some(({ outcome }) => outcome === null), "no call was lost: nothing was attacked")
  return { recorded: recorded.size, received: there.size }
}

const goalsOf = async (ground: Ground, port: number, count: number): Promise<Goals> => {
  const published = await ground.stack.call("catalog", "POST", "/api/v1/agent-types", {
    as: "operator:olga",
    body: digestDefinitionOf(port, 60),
  })
  if (published.status !== 201) throw new Error(JSON.stringify(published.json))
  return await makeGoals(ground, "acme", count, { goal_template_id: "digest.proof", settings: {} }, {
    agent_id: "digest.proof.v1",
    config: { name: "Dana" },
  })
}

export const making: Proof = {
  name: "making",
  promise: "A draft that a slow maker makes is stored once, and each call of the maker is recorded before it is sent.",
  attacks: "Deliverables, the scheduler and the maker killed in turn while 40 drafts are made (full: 300, 30 kills).",
  seconds: { quick: 38, full: 120 },
  attack: async (attack) => {
    const random = randomOf(attack.seed)
    const judged = judge()
    const kills = attack.full ? 30 : 6
    const count = attack.full ? 300 : 40
    // the maker listens on it again after each kill
    const port = await freePortBase()
    const maker = await keepMaker(port, attack)
    const ground = await standOn(attack, {
      STINT_MAKER_HOSTS: `127.0.0.1:${port}`,
      STINT_BOUNDS: `${UNHURRIED},makings_per_host=20`,
    })
    const goals = await goalsOf(ground, port, count)
    const slot = freshSlot()
    await fallDue(ground, goals, slot)
    await until(
      "some are being made",
      async () =>
        (await ground.superuser.row("deliverables", "select exists (select from makings where calls > 0) as begun"))
          .begun,
    )
    await killAll(ground, maker, kills, random)
    for (const service of ["deliverables", "scheduler"] as const) await ground.stack.isReady(service)
    await finished(ground)
    exactlyOnce(await outcomeOf(ground, [slot]), count, judged)
    const calls = await judgeCalls(ground, await maker.received(), judged)
    attack.say(`${count} drafts, ${calls.recorded} calls recorded, ${calls.received} received`)
    return { figures: { drafts: count, kills, ...calls }, violations: judged.violations }
  },
}

/**
 * Parts of a running stack are taken away in every way: killed, frozen, their database refusing connections, read-only, or
 * with a full disk, while goals fall due. The queue is aged by an hour meanwhile, as if it had lasted that long.
 *
 * Would catch: an attempt that is charged for another's absence, a dead letter, a run that is lost or made twice, a part that
 * is away and that nothing names, two alerts of one cause, a part that is back and that waits for a restart.
 */
import { PORTS } from "@stint/edge/Ports"
import type { ServiceName } from "../support/Stack.ts"
import {
  drained,
  exactlyOnce,
  fallDue,
  freshSlot,
  type Goals,
  type Ground,
  makeGoals,
  outcomeOf,
  standOn,
} from "./Ground.ts"
import { type Came, openIn, receive } from "./outage/Alerts.ts"
import { type Attack, judge, type Proof, until } from "./Proof.ts"

/** How long it may take until a part that is away is named everywhere, and to be at work after it is back, in milliseconds. */
const NAMED = 60_000
const BACK = 90_000
/** How long what follows from an outage may take to be seen, in milliseconds. */
const FOLLOWS = 80_000
/** How many goals fall due in each outage. */
const GOALS = 20

const services = Object.keys(PORTS) as ReadonlyArray<ServiceName>

/** A way to be away. `begin` ends with how to end it. */
interface Way {
  readonly name: string
  begin(ground: Ground, part: ServiceName): Promise<() => Promise<void>>
}

const endSessions = ({ superuser }: Ground, part: ServiceName) =>
  superuser.sql(
    "postgres",
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'stint_${part}'`,
  )

/** The launcher would start it again at once: it stands still as long. */
const killed: Way = {
  name: "killed",
  begin: async ({ stack }, part) => {
    const launcher = await stack.launcher()
    process.kill(launcher, "SIGSTOP")
    await stack.kill(part)
    return () => Promise.resolve(void process.kill(launcher, "SIGCONT"))
  },
}

const frozen: Way = {
  name: "frozen",
  begin: async ({ stack }, part) => {
    await stack.kill(part, "SIGSTOP")
    return () => stack.kill(part, "SIGCONT")
  },
}

/** A setting of the service's role, as `alter role` writes it, with its sessions ended; and the way back. */
const byRole = (name: string, on: string, off: string): Way => ({
  name,
  begin: async (ground, part) => {
    await ground.superuser.sql("postgres", `alter role stint_${part} ${on}`)
    await endSessions(ground, part)
    return async () => void await ground.superuser.sql("postgres", `alter role stint_${part} ${off}`)
  },
})

const refusing = byRole("its database takes no connection", "connection limit 0", "connection limit -1")
const readOnly = byRole(
  "its database is read-only",
  "set default_transaction_read_only = on",
  "reset default_transaction_read_only",
)

/** A trigger stands for the disk: every write of every table fails as it does when a file can't be extended. */
const full: Way = {
  name: "the disk of its database is full",
  begin: async ({ superuser }, part) => {
    await superuser.sql(
      part,
      `create function no_room() returns trigger language plpgsql as $$ begin
         if current_user like 'stint%' then
           raise 'could not extend file: No space left on device' using errcode = '53100';
         end if;
         return null;
       end $$`,
    )
    const tables = await superuser.sql<{ t: string }>(
      part,
      "select tablename as t from pg_tables where schemaname = 'public'",
    )
    for (const { t } of tables) {
      await superuser.sql(
        part,
        `create trigger no_room before insert or update or delete on ${t} execute function no_room()`,
      )
    }
    return async () => void await superuser.sql(part, "drop function no_room() cascade")
  },
}

const ways = [killed, frozen, refusing, readOnly, full]

/** Parts that are away together. */
type Scene = ReadonlyArray<{ readonly part: ServiceName; readonly way: Way }>

/** In the quick form all at once, in all ways but one; in the full one each part in each way besides. */
const together: Scene = [
  { part: "catalog", way: frozen },
  { part: "hiring", way: killed },
  { part: "deliverables", way: readOnly },
]
const each: ReadonlyArray<Scene> = services.flatMap((part) => ways.map((way): Scene => [{ part, way }]))

/** What a service says on `/readyz`. */
const readyz = async ({ stack }: Ground, service: ServiceName) => {
  const response = await fetch(`http://127.0.0.1:${stack.base + PORTS[service]}/readyz`, {
    signal: AbortSignal.timeout(4_000),
  })
  return { status: response.status, text: await response.text() }
}

/** The parts that the scheduler's health names, and its status. */
const healthOf = async ({ stack }: Ground) => {
  const { json } = await stack.call("scheduler", "GET", "/api/v1/scheduler/health", { as: "operator:olga" })
  return { status: json.status as string, parts: json.problems.map(({ part }: { part: string }) => part) as string[] }
}

/** Waits until a part that is away is named: by the health or, of the scheduler itself, by hiring; by an alert. */
const named = async (ground: Ground, part: ServiceName, came: ReadonlyArray<Came>) => {
  if (part === "scheduler") {
    await until(
      "hiring says that the scheduler is away",
      async () => /"part":"scheduler"/.test((await readyz(ground, "hiring")).text),
      NAMED,
      250,
    )
  } else {
    await until(
      `the scheduler's health names ${part}`,
      async () => {
        const { parts, status } = await healthOf(ground)
        return parts.includes(part) && status !== "healthy"
      },
      NAMED,
      250,
    )
    await until(
      `the scheduler's readiness names ${part}`,
      async () => {
        const { text } = await readyz(ground, "scheduler")
        return text.includes(`"part":"${part}"`)
      },
      NAMED,
      250,
    )
  }
  await until(
    `an alert says that ${part} is away`,
    () =>
      Promise.resolve(
        came.some(({ data, type }) => type === "stint.alert.begun" && data.kind === "away" && data.subject === part),
      ),
    NAMED,
  )
}

/** How many attempts of a slot were charged beyond the one that made its draft. */
const charged = async ({ superuser }: Ground, slot: string): Promise<number> =>
  (await superuser.row(
    "scheduler",
    `select count(*)::int as n from run_attempts join scheduled_goal_runs using (scheduled_run_id)
      where scheduled_time = '${slot}'`,
  )).n

/** An hour goes by in the queue. */
const anHourLater = ({ superuser }: Ground) =>
  superuser.sql(
    "scheduler",
    `update run_queue set due_at = due_at - interval '1 hour', claimable_at = claimable_at - interval '1 hour'
      where state in ('timed', 'ready')`,
  )

/**
 * Alerts that are not of the parts that were taken away, nor of their databases. A scheduler that stood still finds its work late
 * when it is back, by nobody's fault but its own.
 */
const followed = (scene: Scene, came: ReadonlyArray<Came>): ReadonlyArray<string> => {
  const parts = scene.flatMap(({ part }) => [part, `the database of ${part}`])
  const itself = scene.some(({ part }) => part === "scheduler")
  return came.filter(({ data, type }) =>
    type === "stint.alert.begun" && !(data.kind === "away" && parts.includes(data.subject)) && !itself
  ).map(({ data }) => `${data.kind} ${data.subject}`)
}

const play = async (
  attack: Attack,
  { goals, ground, receiver }: {
    readonly ground: Ground
    readonly goals: Goals
    readonly receiver: Awaited<ReturnType<typeof receive>>
  },
  scene: Scene,
  judged: ReturnType<typeof judge>,
) => {
  const { stack } = ground
  const title = scene.map(({ part, way }) => `${part} ${way.name}`).join(", ")
  const from = stack.output().length
  const slot = freshSlot()
  // a slow start, or the scene before, may have begun one: it would not begin again
  const open = openIn(receiver.came)
  if (open.length > 0) attack.say(`waits for the end of: ${open.join(", ")}`)
  await until("all alerts of before have ended", () => Promise.resolve(openIn(receiver.came).length === 0), BACK)
  receiver.came.length = 0
  const ends: Array<() => Promise<void>> = []
  const began = Date.now()
  try {
    for (const { part, way } of scene) ends.push(await way.begin(ground, part))
    await fallDue(ground, goals, slot)
    await Promise.all(scene.map(({ part }) => named(ground, part, receiver.came)))
    const took = Date.now() - began
    // what follows from it comes later: a feed is held up after a minute, and a delivery is doubted for 25 s
    if (attack.full && title === "hiring killed") await new Promise((done) => setTimeout(done, FOLLOWS))
    await anHourLater(ground)
    attack.say(`${title}: named after ${Math.round(took / 1000)} s`)
  } finally {
    for (const end of ends) await end()
  }
  await drained(ground, BACK)
  exactlyOnce(await outcomeOf(ground, [slot]), GOALS, judged)
  judged.is(`${title}: alerts of what follows from it`, followed(scene, receiver.came).join(", "), "")
  judged.is(`${title}: attempts charged`, await charged(ground, slot), 0)
  // a launcher that stands still passes no lines on
  const log = () => stack.output().slice(from)
  for (const { part } of scene) {
    for (const line of [`${part} is away: `, `${part} is back after `]) {
      await until(`${title}: the log says "${line}"`, () => Promise.resolve(log().includes(line)), BACK)
    }
  }
  for (const { part } of scene) {
    await until(`${part} is ready again`, async () => (await readyz(ground, part)).status === 200, BACK, 250)
  }
  if (!attack.full) return
  await until(
    "the scheduler is healthy again, and the alerts have ended",
    async () => {
      const { parts } = await healthOf(ground)
      return parts.length === 0 &&
        scene.every(({ part }) =>
          receiver.came.some(({ data, type }) => type === "stint.alert.ended" && data.subject === part)
        )
    },
    BACK,
    250,
  )
}

export const outage: Proof = {
  name: "outage",
  promise:
    "While a service or a database of theirs is away, in whatever way, no attempt is charged and nothing is dead-lettered.",
  attacks: "Catalog frozen, hiring killed and deliverables' database read-only at once, an hour of the queue's time; " +
    "--full: each of four services killed, frozen, with its database refusing, read-only or full.",
  seconds: { quick: 30, full: 1_500 },
  attack: async (attack) => {
    const judged = judge()
    const receiver = await receive(attack)
    const ground = await standOn(attack, {
      STINT_ALERT_WEBHOOK: receiver.url,
      STINT_ALERT_SECRET: "whsec_czNjcmV0czNjcmV0czNjcmV0",
    })
    const goals = await makeGoals(ground, "acme", GOALS)
    const before = freshSlot()
    await fallDue(ground, goals, before)
    await drained(ground)
    exactlyOnce(await outcomeOf(ground, [before]), GOALS, judged)
    const scenes = attack.full ? [together, ...each] : [together]
    for (const scene of scenes) await play(attack, { goals, ground, receiver }, scene, judged)
    return {
      figures: { scenes: scenes.length, runs: (scenes.length + 1) * GOALS },
      violations: judged.violations,
    }
  },
}

/**
 * kill -9 of deliverables and of the mail server while people are told of 500 drafts.
 *
 * Would catch: an event that is not recorded with its draft, a message that is marked before it was taken, a claim without a lease,
 * a draft told to another customer's people, a message in quiet hours.
 */
import { spawn } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { freePortBase } from "../support/Stack.ts"
import { drained, fallDue, freshSlot, type Ground, makeGoals, standOn } from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

const customers = ["acme", "globex"] as const

/** A message that the mail server took, and when. */
interface Mailed {
  readonly at: number
  readonly to: ReadonlyArray<string>
  readonly raw: string
}

/** The mail server's process, which starts again when it was killed. */
const keepMail = async (port: number, { defer }: Attack) => {
  const folder = await mkdtemp(join(tmpdir(), "stint-mail-"))
  const file = join(folder, "mailed")
  await writeFile(file, "")
  const program = new URL("notices/mail.ts", import.meta.url).pathname
  let over = false
  const start = () => {
    const child = spawn(process.execPath, ["run", "-A", "--quiet", program, String(port), file], { stdio: "ignore" })
    child.once("exit", () => {
      if (!over) running = start()
    })
    return child
  }
  let running = start()
  defer(async () => {
    over = true
    running.kill("SIGKILL")
    await rm(folder, { recursive: true, force: true })
  })
  return {
    kill: () => running.kill("SIGKILL"),
    // from now on it says so when it has taken a message
    says: () => writeFile(`${file}.says`, ""),
    // a line that a kill cut short was not taken: its message is sent again
    mailed: async (): Promise<ReadonlyArray<Mailed>> =>
      (await readFile(file, "utf8")).split("\n").flatMap((line) => {
        try {
          return [JSON.parse(line) as Mailed]
        } catch {
          return []
        }
      }),
  }
}

/** A time of day in UTC, so many minutes from now. */
const clock = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16)

/** Each customer has one who is told at once and one who has quiet hours now. */
const setPeople = async ({ stack }: Ground) => {
  for (const customer of customers) {
    for (const [person, quiet] of [["awake", null], ["asleep", { from: clock(-120), to: clock(120) }]] as const) {
      const { json, status } = await stack.call("deliverables", "PUT", `/api/v1/reviewers/${person}`, {
        as: `customer:${customer}`,
        body: {
          channels: [{ kind: "email", address: `${person}@${customer}.example` }],
          timezone: "UTC",
          quiet_hours: quiet,
        },
      })
      if (status !== 200) throw new Error(JSON.stringify(json))
    }
  }
}

/** The backoff and leases are not what is attacked, so waits for them are cut short. */
const hasten = ({ superuser }: Ground) =>
  superuser.sql(
    "deliverables",
    "update notices set next_try_at = now() where state = 'waiting' and next_try_at > now() and person = 'awake'",
  )

/** Which drafts a customer's messages name, by the customer whose people got them. */
const namedIn = (mailed: ReadonlyArray<Mailed>, customer: string) =>
  mailed.filter(({ to }) => to.every((address) => address.endsWith(`@${customer}.example`)))
    // the link of the message, whose lines quoted-printable may have folded
    .map(({ raw }) => /\/inbox\/(DEL-[0-9a-f-]{36})/.exec(raw.replaceAll(/=\r?\n/g, ""))?.[1])

/** Judges what arrived. */
const judgeMail = async (
  ground: Ground,
  mailed: ReadonlyArray<Mailed>,
  count: number,
  { is, that }: ReturnType<typeof judge>,
) => {
  const { superuser } = ground
  for (const customer of customers) {
    const drafts = await superuser.sql<{ deliverable_id: string }>(
      "deliverables",
      `select deliverable_id from deliverables where customer_id = '${customer}'`,
    )
    const own = new Set(drafts.map((row) => row.deliverable_id))
    is(`drafts of ${customer}`, own.size, count)
    const named = namedIn(mailed, customer)
    const told = new Set(named)
    is(`drafts that ${customer} was not told of`, [...own].filter((id) => !told.has(id)).length, 0)
    is(
      `messages to ${customer} of no draft of its own`,
      named.filter((id) => id === undefined || !own.has(id)).length,
      0,
    )
  }
  is(
    "messages in quiet hours",
    mailed.filter(({ to }) => to.some((address) => address.startsWith("asleep@"))).length,
    0,
  )
  const held = await superuser.row(
    "deliverables",
    "select count(*)::int as n from notice_items where held and made_at is null and person = 'asleep'",
  )
  is("events that wait for the end of quiet hours", Number(held.n), 2 * count)
  const ids = mailed.map(({ raw }) => /^Message-ID: <(NTC-[^@>]+)@/mi.exec(raw)?.[1])
  that(ids.every((id) => id !== undefined), "a message without its id arrived")
  is("messages by their ids", new Set(ids).size, 2 * count)
  const unsent = await superuser.row("deliverables", "select count(*)::int as n from notices where state <> 'sent'")
  is("messages that are not sent", Number(unsent.n), 0)
  const tried = await superuser.row("deliverables", "select count(*) filter (where tries > 1)::int as n from notices")
  that(Number(tried.n) > 0, "no message was tried twice: nothing was attacked")
  return { arrived: mailed.length, distinct: new Set(ids).size, tried_again: Number(tried.n) }
}

export const notices: Proof = {
  name: "notices",
  promise:
    "People are told of what waits for them at least once, never of another customer's drafts, never in quiet hours.",
  attacks: "Deliverables and the mail server killed in turn during 500 events (quick: 60), of two customers.",
  seconds: { quick: 60, full: 140 },
  attack: async (attack) => {
    const random = randomOf(attack.seed)
    const judged = judge()
    const count = attack.full ? 250 : 30
    const kills = attack.full ? 24 : 4
    // the server listens on it again after each kill
    const port = await freePortBase()
    const mail = await keepMail(port, attack)
    const ground = await standOn(attack, {
      STINT_SMTP_URL: `smtp://localhost:${port}`,
      STINT_MAIL_FROM: "Stint <stint@example.com>",
      STINT_CONSOLE_URL: "https://console.example",
    })
    await setPeople(ground)
    const all = [await makeGoals(ground, "acme", count), await makeGoals(ground, "globex", count)]
    for (const goals of all) await fallDue(ground, goals, freshSlot())
    await until("the first messages are taken", async () => (await mail.mailed()).length > 0)
    // whoever sent them does not know: they are sent again
    await ground.stack.kill("deliverables")
    await mail.says()
    for (let n = 1; n < kills; n++) {
      await sleep(200 + random() * 800)
      if (n % 2 === 0) await ground.stack.kill("deliverables")
      else mail.kill()
      await hasten(ground).catch(() => undefined)
    }
    await ground.stack.isReady("deliverables")
    await drained(ground)
    await until(
      "every message of those who are awake is sent",
      async () => {
        await hasten(ground)
        const { n } = await ground.superuser.row(
          "deliverables",
          "select count(*)::int as n from notices where person = 'awake' and state = 'sent'",
        )
        return Number(n) >= 2 * count
      },
      150_000,
      250,
    )
    const found = await judgeMail(ground, await mail.mailed(), count, judged)
    attack.say(`${2 * count} events, ${found.arrived} messages arrived, ${found.distinct} by their ids`)
    return { figures: { events: 2 * count, kills, ...found }, violations: judged.violations }
  },
}

/** The sample customer, so that a newcomer sees runs and drafts at once: made as anyone would, over HTTP with tokens. */
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { DevKey } from "./DevKey.ts"
import { type SampleAgent, sampleAgents, type SampleGoal, sampleRecord, zone } from "./Sample/Agents.ts"
import { call } from "./Sample/Client.ts"
import type { ServiceName } from "./Stack/Settings.ts"

/** The customer of the sample. */
export const sampleCustomer = "sample-customer"

/** What `sample.json` of the home says: the cron rule, which stays the same when a later start finishes the sample. */
interface SampleRecord {
  readonly state: "begun" | "done"
  readonly cron: string
}

const pathOf = (home: string): string => join(home, "sample.json")

const read = (home: string): Promise<SampleRecord | undefined> =>
  readTextFile(pathOf(home)).then((text) => JSON.parse(text) as SampleRecord).catch(() => undefined)

const write = async (home: string, record: SampleRecord): Promise<void> => {
  await writeFile(`${pathOf(home)}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  await rename(`${pathOf(home)}.new`, pathOf(home))
}

/** Once an hour, at the next full minute that is at least five seconds away. */
const soon = (): string => `${Temporal.Now.zonedDateTimeISO(zone).add({ seconds: 65 }).minute} * * * *`

interface Thing {
  readonly [key: string]: unknown
}

/** What the sample works with. */
export interface SampleSite {
  readonly home: string
  readonly urls: Readonly<Record<ServiceName, string>>
  readonly key: DevKey
}

interface Hands {
  readonly customer: string
  readonly operator: string
  readonly hiring: string
  readonly signal: AbortSignal
}

/** Its record, by which operators find it in the list of customers. */
const signUp = async ({ customer: token, hiring, signal }: Hands): Promise<void> => {
  const url = `${hiring}/customers`
  const { items } = await call<{ items: ReadonlyArray<Thing> }>({ method: "GET", url, token }, signal)
  if (items.length > 0) return
  await call({ method: "POST", url, token, key: "sample-record", body: sampleRecord }, signal)
}

const subscribe = async ({ customer, hiring, operator, signal }: Hands, { agentId, name }: SampleAgent) => {
  const url = `${hiring}/subscriptions`
  const { items } = await call<{ items: ReadonlyArray<Thing> }>(
    { method: "GET", url: `${url}?customer_id=${sampleCustomer}`, token: customer },
    signal,
  )
  const found = items.find((item) => item.agent_id === agentId) ?? await call<Thing>({
    method: "POST",
    url,
    token: customer,
    key: `sample-${name}-subscription`,
    body: { agent_id: agentId, customer_id: sampleCustomer, duration: "monthly" },
  }, signal)
  if (found.status === "active") return found.subscription_id
  await call({ method: "POST", url: `${url}/${found.subscription_id}/activate`, token: operator }, signal)
  return found.subscription_id
}

const setGoal = async (
  { customer: token, hiring, signal }: Hands,
  hire: unknown,
  present: ReadonlyArray<Thing>,
  { draft, name, now }: SampleGoal,
): Promise<void> => {
  const url = `${hiring}/hired-agents/${hire}/goals`
  const goal = present.find((goal) => goal.goal_template_id === draft.goal_template_id) ??
    await call<Thing>({ method: "PUT", url, token, key: `sample-${hire}-${name}`, body: draft }, signal)
  if (!now) return
  const run = { method: "POST", url: `${url}/${goal.goal_instance_id}/run`, token, body: {} } as const
  await call({ ...run, key: `sample-${hire}-${name}-run` }, signal)
}

const hire = async (hands: Hands, agent: SampleAgent): Promise<void> => {
  const { customer: token, hiring, signal } = hands
  const subscription_id = await subscribe(hands, agent)
  const { finalized_at, hired_instance_id: id } = await call<Thing>({
    method: "PUT",
    url: `${hiring}/hired-agents/draft`,
    token,
    body: { subscription_id, agent_id: agent.agentId, config: agent.config },
  }, signal)
  const url = `${hiring}/hired-agents/${id}`
  if (finalized_at === null) await call({ method: "POST", url: `${url}/finalize`, token, body: {} }, signal)
  const { items } = await call<{ items: ReadonlyArray<Thing> }>({ method: "GET", url: `${url}/goals`, token }, signal)
  await Promise.all(agent.goals.map((goal) => setGoal(hands, id, items, goal)))
}

/**
 * Makes the sample customer when the home is new, and finishes what a former start did not; nothing in any other home.
 * Every step looks first and is sent under a fixed key, so that doing it again makes nothing twice. Answers whether it
 * made it, or found it there, or the home has none; fails with words when a service refuses.
 */
export const makeSample = async (
  site: SampleSite,
  isNew: boolean,
  signal: AbortSignal,
): Promise<"made" | "present" | "none"> => {
  const { home, key, urls } = site
  const known = await read(home)
  if (known?.state === "done") return "present"
  if (known === undefined && !isNew) return "none"
  const cron = known?.cron ?? soon()
  await write(home, { state: "begun", cron })
  const token = (role: "customer" | "operator", subject: string) => key.sign({ role, subject, ttl: 3_600 })
  const hands = {
    customer: await token("customer", sampleCustomer),
    operator: await token("operator", "sample-operator"),
    hiring: `${urls.hiring}/api/v1`,
    signal,
  }
  await Promise.all([signUp(hands), ...sampleAgents(cron).map((agent) => hire(hands, agent))])
  await write(home, { state: "done", cron })
  return "made"
}

const tokenCommand = (prefix: string): string => `${prefix}npx stint token --role customer --subject ${sampleCustomer}`

/** That a former start made it, and how to look at it. */
export const sampleReminder = ({ urls }: SampleSite, prefix: string): string =>
  `sample: ${sampleCustomer} is at work here: curl -H "Authorization: Bearer $(${tokenCommand(prefix)})" ` +
  `"${urls.deliverables}/api/v1/deliverables?customer_id=${sampleCustomer}"`

/** What was made, and how to look at it; `prefix` stands before the command that makes a token. */
export const sampleLines = ({ urls }: SampleSite, prefix: string): ReadonlyArray<string> => [
  `sample: ${sampleCustomer} has hired two agents; their first drafts are being made, and more come due within the minute. Look:`,
  `  ${prefix}npx stint open --role customer`,
  `  TOKEN=$(${tokenCommand(prefix)})`,
  `  curl -H "Authorization: Bearer $TOKEN" "${urls.deliverables}/api/v1/deliverables?customer_id=${sampleCustomer}"`,
  `  curl -H "Authorization: Bearer $TOKEN" ${urls.scheduler}/api/v1/scheduler/runs`,
]

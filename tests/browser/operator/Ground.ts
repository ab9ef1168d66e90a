/** What the tests of the operator's screens stand on: a customer's goals and runs that failed, on the stack, and a browser. */
import type { Page } from "playwright-core"
import { hireAgent, setGoal } from "../../support/Customer.ts"
import type { ReachedStack } from "../../support/Stack.ts"
import { until } from "../../support/Until.ts"
import { sharedStack } from "../support/Shared.ts"
import { enter, launch, visit } from "../support/Visitor.ts"

/** A role as which a page is signed in. */
export type PageRole = "operator" | "viewer"

/** A goal of the ground, with its hire and a run of it that is dead-lettered. */
export interface Broken {
  readonly goal: string
  readonly hire: string
  readonly run: string
  readonly entry: string
  readonly cause: string
  readonly message: string
  /** The slot of its run, RFC 3339. */
  readonly slot: string
}

/** The ground. */
export interface Ground {
  readonly stack: ReachedStack
  readonly url: string
  readonly customer: string
  readonly subscription: string
  /** Two goals whose runs failed, each of a cause of its own. */
  readonly broken: readonly [Broken, Broken]
  /** A page that is signed in. */
  page(role: PageRole): Promise<Page>
  /** What the consoles of all pages said that is an error or a warning, so far. */
  readonly complaints: ReadonlyArray<string>
  stop(): Promise<void>
}

/** What a customer says of itself; its contacts are nobody else's. */
const recordOf = (customer: string, phone: string) => ({
  full_name: "Mira Nair",
  email: `mira@${customer}.example.org`,
  phone,
  business_name: "Acme Dental",
  business_industry: "health",
  business_address: "Pune",
  preferred_contact_method: "email",
  consent: true,
})

/** Makes a run of a goal dead-lettered an hour ago, as the scheduler would have written it; the second was retried once. */
const breakRun = async (
  stack: ReachedStack,
  customer: string,
  { goal_instance_id: goal, hired_instance_id: hire }: {
    readonly goal_instance_id: string
    readonly hired_instance_id: string
  },
  nth: number,
): Promise<Broken> => {
  const slot = new Date(Math.floor(Date.now() / 1000) * 1000 - 1_800_000 - nth * 60_000).toISOString()
  const [run, entry, cause] = ["SCH", "DLQ", "cause"].map((kind) => `${kind}-${customer}-${nth}`) as [
    string,
    string,
    string,
  ]
  const message = nth === 0
    ? `DraftNotValid: a post of ${customer} is too long`
    : `MakerLate: no answer to ${customer} in time`
  const at = `timestamptz '${slot}'`
  const error = JSON.stringify({ type: "PERMANENT", message, attempt: 1 })
  await stack.sql(
    "scheduler",
    `
    insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, error_type, error_message, stack_trace, fingerprint,
        first_failed_at, last_failed_at, expires_at, retry_count, state)
      values ('${entry}', '${goal}', '${hire}', 'PERMANENT', '${message}', 'at decode', '${cause}', ${at}, ${at},
        ${at} + interval '7 days', ${nth}, 'open')`,
  )
  await stack.sql(
    "scheduler",
    `
    insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, closed_at, idempotency_key, reason_code, run_metadata, dlq_id)
      values ('${run}', '${goal}', '${hire}', '${customer}', ${at}, ${at}, 'cancelled', ${at}, '${goal}:${slot}',
        'dead_lettered', '{"reason": "dead-lettered"}', '${entry}')`,
  )
  await stack.sql(
    "scheduler",
    `
    insert into goal_runs (run_id, goal_instance_id, idempotency_key, status, started_at, completed_at, error_details,
        scheduled_run_id)
      values ('RUN-${customer}-${nth}', '${goal}', '${goal}:${slot}', 'failed', ${at}, ${at} + interval '1 second', '${error}', '${run}')`,
  )
  await stack.sql(
    "scheduler",
    `
    insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
      values ('${run}', nextval('run_fence'), 1, ${at}, ${at} + interval '1 second', '${error}')`,
  )
  return { goal, hire, run, entry, cause, message, slot }
}

/** Makes it on the stack, for a customer that no other file has, and starts the browser. */
export const openGround = async (customer: string, phone: string): Promise<Ground> => {
  const stack = await sharedStack()
  const browser = await launch()
  const url = `http://127.0.0.1:${stack.base}`
  const call = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  // its contacts are its own word until an operator verifies them
  await call("POST", "/api/v1/customers", { as: `customer:${customer}`, body: recordOf(customer, phone) })
  const hire = await hireAgent(call, customer, "marketing.healthcare.v1")
  const goals = []
  for (const goal_template_id of ["marketing.daily_micro_post.v1", "marketing.weekly_multichannel_batch.v1"]) {
    const frequency = goal_template_id.includes("daily") ? "daily" : "weekly"
    goals.push(await setGoal(call, customer, hire.hired_instance_id, { goal_template_id, frequency, settings: {} }))
  }
  for (const { goal_instance_id } of goals) {
    await until(
      "the scheduler knows the goal",
      async () =>
        (await stack.call("scheduler", "GET", `/api/v1/scheduler/goals/${goal_instance_id}/preview`, {
          as: "operator:ops.asha",
        }))
          .status === 200,
    )
  }
  const broken = await Promise.all(
    goals.map((goal, nth) => breakRun(stack, customer, goal, nth)),
  )
  const all: Array<Array<string>> = []
  return {
    stack,
    url,
    customer,
    subscription: hire.subscription_id,
    broken: [broken[0]!, broken[1]!],
    get complaints() {
      return all.flat()
    },
    page: async (role) => {
      const visitor = await visit(browser, url)
      all.push(visitor.complaints)
      // operators act under the name of a person
      await enter(visitor, url, role === "operator" ? { role, subject: "ops.asha" } : { role })
      return visitor.page
    },
    stop: () => browser.close(),
  }
}

/** The stack with customers on it, made over its services, so that a test begins where its screens do. */
import { marketingHealthcare } from "@stint/domain/agents/marketing_healthcare/Definition"
import { tradeIntentDraft, tradingDeltaFutures } from "@stint/domain/agents/trading_delta_futures/Definition"
import type { Send } from "../../support/Service.ts"
import { patiently, until } from "../../support/Until.ts"
import { sharedStack } from "./Shared.ts"

type Json = Record<string, unknown>

/** The stage. */
export interface Stage {
  /** The origin of the front door. */
  readonly url: string
  /** Calls a service as a customer or an operator; fails with the problem of what is refused. */
  call(
    as: NonNullable<Send["as"]>,
    service: "catalog" | "hiring" | "deliverables" | "scheduler",
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Json>
  /** A trading agent at work for a customer, in Asia/Kolkata unless it says. */
  trader(customer: string, timezone?: string): Promise<string>
  /** A goal of a trading agent that drafts an order when it is asked to. */
  orders(customer: string, hire: string, units: number): Promise<string>
  /** Runs a goal and waits for its draft; answers the draft's id. */
  draft(customer: string, hire: string, goal: string): Promise<string>
  /** Activates a subscription, as its operator. */
  activate(subscription: string): Promise<unknown>
}

/** A config of the trading agent that can work. */
const config = {
  nickname: "Night desk",
  theme: "dark",
  timezone: "Asia/Kolkata",
  exchange_provider: "delta_exchange_india",
  credential_ref: "vault-7",
  allowed_coins: ["BTC", "ETH"],
  default_coin: "BTC",
  risk_limits: { max_units_per_order: 5 },
}

/** The agent types that are shipped. */
export const types = { marketing: marketingHealthcare, trading: tradingDeltaFutures }

/** Opens it. */
export const openStage = async (): Promise<Stage> => {
  const stack = await sharedStack()
  const call: Stage["call"] = async (as, service, method, path, body) => {
    const send = { as, ...(body === undefined ? {} : { body }) }
    const answer = await patiently(() => stack.call(service, method, `/api/v1${path}`, send))
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.json)}`)
    return answer.json as Json
  }
  const activate = (subscription: string) =>
    call("operator:olga", "hiring", "POST", `/subscriptions/${subscription}/activate`, {})
  const draftsOf = async (customer: string, goal: string) => {
    const { items } = await call(
      `customer:${customer}`,
      "deliverables",
      "GET",
      `/deliverables?customer_id=${customer}&goal_instance_id=${goal}`,
    )
    return items as ReadonlyArray<{ readonly deliverable_id: string }>
  }
  return {
    url: `http://127.0.0.1:${stack.base}`,
    call,
    activate,
    trader: async (customer, timezone = config.timezone) => {
      const as = `customer:${customer}` as const
      const { subscription_id } = await call(as, "hiring", "POST", "/subscriptions", {
        agent_id: tradingDeltaFutures,
        customer_id: customer,
        duration: "monthly",
      })
      await activate(String(subscription_id))
      const { hired_instance_id: hire } = await call(as, "hiring", "PUT", "/hired-agents/draft", {
        subscription_id,
        agent_id: tradingDeltaFutures,
        config: { ...config, timezone },
      })
      await call(as, "hiring", "POST", `/hired-agents/${hire}/finalize`, {})
      return String(hire)
    },
    orders: async (customer, hire, units) => {
      const goal = await call(`customer:${customer}`, "hiring", "PUT", `/hired-agents/${hire}/goals`, {
        goal_template_id: tradeIntentDraft,
        frequency: "on_demand",
        settings: { coin: "BTC", side: "buy", units },
      })
      return String(goal.goal_instance_id)
    },
    draft: async (customer, hire, goal) => {
      const before = (await draftsOf(customer, goal)).length
      await call(`customer:${customer}`, "hiring", "POST", `/hired-agents/${hire}/goals/${goal}/run`, {})
      return await until("the draft is made", async () => {
        const drafts = await draftsOf(customer, goal)
        return drafts.length > before ? drafts[0]!.deliverable_id : undefined
      })
    },
  }
}

/** Asha hires an agent of each shipped type. */
import { dailyMicroPost, marketingHealthcare } from "@stint/domain/agents/marketing_healthcare/Definition"
import { tradingDeltaFutures } from "@stint/domain/agents/trading_delta_futures/Definition"
import { Hire } from "@stint/domain/hiring/Hires"
import { Subscription } from "@stint/domain/hiring/Subscriptions"
import { DateTime } from "effect"
import { faultsIn, sayRefusal } from "../People.ts"
import type { Agents, Play } from "../Play.ts"
import { setGoal } from "../Work.ts"

/** The zone of the clinic, and of both agents. */
const timezone = "Asia/Kolkata"

/** A credential that someone pasted where only its reference belongs. */
const pasted = "EAAB-9f2c-this-is-the-secret-itself"

const marketingConfig = {
  nickname: "Mia",
  theme: "light",
  primary_language: "en",
  timezone,
  brand_name: "Smile Dental",
  offerings_services: ["teeth cleaning", "implants", "aligners"],
  location: "Pune",
  platforms_enabled: ["instagram", "x"],
  platform_credentials: { instagram: "cred-instagram-1", x: "cred-x-1" },
}

const tradingConfig = {
  nickname: "Rook",
  theme: "dark",
  timezone,
  exchange_provider: "delta_exchange_india",
  credential_ref: "cred-delta-1",
  allowed_coins: ["BTC", "ETH"],
  default_coin: "BTC",
  risk_limits: { max_units_per_order: 2 },
}

/** Subscribes, and has the operator confirm that it is paid. */
const subscribe = async ({ asha, olga, show }: Play, agent_id: string): Promise<Subscription> => {
  const made = await asha.asks(Subscription.json, {
    to: "hiring",
    method: "POST",
    path: "/subscriptions",
    body: { agent_id, customer_id: asha.subject, duration: "monthly" },
  })
  await show.says(asha.who, `subscribes to ${agent_id} for a month`)
  const active = await olga.asks(Subscription.json, {
    to: "hiring",
    method: "POST",
    path: `/subscriptions/${made.subscription_id}/activate`,
    body: {},
  })
  await show.says(olga.who, `sees the payment; the subscription is ${active.status}`)
  return active as Subscription
}

/** The scene. */
export const hiring = async (play: Play): Promise<Agents> => {
  const { asha, checks, receiver, show, stage } = play

  const draft = (subscription: Subscription, config: unknown, settings: unknown) => ({
    to: "hiring" as const,
    method: "PUT" as const,
    path: "/hired-agents/draft",
    body: { subscription_id: subscription.subscription_id, agent_id: subscription.agent_id, config, settings },
  })
  const finalize = (hire: Hire) => ({
    to: "hiring" as const,
    method: "POST" as const,
    path: `/hired-agents/${hire.hired_instance_id}/finalize`,
    body: {},
  })

  const posts = await subscribe(play, marketingHealthcare)
  const webhook = { execution: { target: "webhook", url: receiver.url, secret_ref: stage.secret.ref } }

  await show.says(asha.who, "configures Mia, and pastes an access token into the config")
  const secret = await asha.sends(draft(posts, { ...marketingConfig, instagram_access_token: pasted }, webhook))
  await show.refused("hiring", sayRefusal(secret))
  await checks.equal("secret_refused", { status: 400, path: "$.config.instagram_access_token", told: false }, {
    status: secret.status,
    path: (secret.body as { errors?: ReadonlyArray<{ path: string }> })?.errors?.[0]?.path,
    told: secret.text.includes(pasted),
  })

  await show.says(asha.who, `sends references instead, and a platform that is none: "myspace"`)
  const wrong = await asha.asks(
    Hire,
    draft(posts, { ...marketingConfig, platforms_enabled: ["instagram", "myspace"] }, webhook),
  )
  const early = await asha.sends(finalize(wrong))
  await show.refused("hiring", sayRefusal(early))
  await checks.equal("unconfigured_not_finalized", { configured: false, status: 409, at: true }, {
    configured: wrong.configured,
    status: early.status,
    at: faultsIn(early.body).some(({ path }) => path === "$.config.platforms_enabled[1]"),
  })

  await asha.asks(Hire, draft(posts, marketingConfig, webhook))
  const marketing = await asha.asks(Hire, finalize(wrong))
  await show.says(asha.who, `mends it and finalizes: Mia writes for Smile Dental, on instagram and x`)
  await show.says(asha.who, "and publishes through the clinic's own server, by signed webhook")

  const everyMinute = await setGoal(asha, marketing, dailyMicroPost, "cron", {
    topic: "flossing",
    schedule: { cron: "* * * * *" },
  })
  const slot = firstSlot(everyMinute.created_at)
  const local = DateTime.toDateUtc(slot).toLocaleTimeString("en-GB", { timeZone: timezone, timeStyle: "short" })
  const away = Math.ceil((DateTime.toEpochMillis(slot) - Date.now()) / 1000)
  await show.says(
    asha.who,
    `sets a goal, cron "* * * * *": first due at ${local} in Pune, ${away > 1 ? `in ${away} s` : "now"}`,
  )

  const orders = await subscribe(play, tradingDeltaFutures)
  const drafted = await asha.asks(Hire, draft(orders, tradingConfig, { execution: { target: "journal" } }))
  const trading = await asha.asks(Hire, finalize(drafted))
  await show.says(asha.who, "hires Rook to trade BTC and ETH, at most 2 units an order; into the journal")

  const atWork = ({ active, agent_id, configured, finalized_at, subscription_status }: Hire) => ({
    agent_id,
    configured,
    active,
    finalized: finalized_at !== null,
    subscription_status,
  })
  const wanted = { configured: true, active: true, finalized: true, subscription_status: "active" }
  await checks.equal(
    "hires_at_work",
    [{ agent_id: marketingHealthcare, ...wanted }, { agent_id: tradingDeltaFutures, ...wanted }],
    [atWork(marketing), atWork(trading)],
  )
  return { marketing, trading, everyMinute }
}

/** The first minute after an instant. */
export const firstSlot = (after: DateTime.Utc): DateTime.Utc =>
  DateTime.makeUnsafe((Math.floor(DateTime.toEpochMillis(after) / 60_000) + 1) * 60_000)

/** `stint hires new`: an agent from nothing to finalized, in the steps that the API has. */
import { HiringApi } from "@stint/domain/hiring/Api"
import { Hire } from "@stint/domain/hiring/Hires"
import { Subscription } from "@stint/domain/hiring/Subscriptions"
import { AgentTypeId, CustomerId, NamedVersion, SubscriptionId } from "@stint/domain/Ids"
import { Schema } from "effect"
import { UsageError } from "../../Command.ts"
import { EXIT, Failed } from "../../Remote/Failed.ts"
import { objectIn } from "../../Remote/Files.ts"
import { showThing } from "../../Remote/Lists.ts"
import { given, keyed, only, required, type Session, sessionOf, whole } from "../../Remote/Session.ts"

// what is made comes with its Location, and is read as it was sent
const decodeSubscription = Schema.decodeUnknownSync(Subscription.json)
const decodeHire = Schema.decodeUnknownSync(Hire)

/** As the operator of the local stack: who may take a subscription for paid. */
const asOperator = async ({ context, flags, io, operands }: Session): Promise<Session> => {
  if (!context.isLocal) {
    throw new UsageError("--activate is for the local stack; elsewhere an operator says stint subs activate SUB.")
  }
  const { token: _, ...others } = flags
  return await sessionOf({ ...others, as: "operator" }, io, operands)
}

/** The subscription that it is hired under: the one that is named, or a new one. */
const subscribed = async (session: Session, agent_id: AgentTypeId): Promise<Subscription> => {
  const { context, flags } = session
  const id = given(SubscriptionId, "--subscription", flags.subscription)
  if (id !== undefined) {
    return (await session.ask(
      HiringApi,
      "hiring",
      ({ subscriptions }) => subscriptions.get({ params: { id }, ...whole }),
    )).value
  }
  if (context.customer === undefined) {
    throw new UsageError("Hires are their customer's: say --as customer:ID, or give its token.")
  }
  const payload = {
    agent_id,
    customer_id: CustomerId.make(context.customer),
    duration: String(flags.duration) as Subscription["duration"],
  }
  const { body } = await session.ask(
    HiringApi,
    "hiring",
    ({ subscriptions }) => subscriptions.create({ payload, ...keyed() }),
  )
  return decodeSubscription(body)
}

/** Subscribes, configures and finalizes. What is missing in the config is told, and the draft of the hire stays. */
export const hire = async (session: Session): Promise<void> => {
  const { flags, operands } = session
  const agent_id = required(AgentTypeId, "TYPE", operands[0])
  const definition_version = given(NamedVersion, "--version", flags.version)
  if (flags.config === undefined) {
    throw new UsageError("Say --config FILE: the fields that stint types show TYPE names.")
  }
  const config = await objectIn(session, "--config", flags.config)
  const settings = flags.settings === undefined ? undefined : await objectIn(session, "--settings", flags.settings)
  const operator = flags.activate === true ? await asOperator(session) : undefined
  let { status, subscription_id } = await subscribed(session, agent_id)
  if (status === "pending_payment" && operator !== undefined) {
    const params = { id: subscription_id }
    ;({ status } = (await operator.ask(
      HiringApi,
      "hiring",
      ({ subscriptions }) => subscriptions.activate({ params, payload: {}, ...keyed() }),
    )).value)
  }
  if (status === "pending_payment") {
    throw new Failed(`${subscription_id} waits for its payment.`, EXIT.conflict, {
      next:
        `An operator says stint subs activate ${subscription_id}; then go on with --subscription ${subscription_id}.`,
    })
  }
  const payload = { subscription_id, agent_id, config, ...only({ definition_version, settings }) }
  const { body } = await session.ask(
    HiringApi,
    "hiring",
    ({ hires }) => hires.draft({ payload, headers: {}, ...whole }),
  )
  const { hired_instance_id: id } = decodeHire(body)
  showThing(
    session,
    await session.ask(HiringApi, "hiring", ({ hires }) => hires.finalize({ params: { id }, payload: {}, ...keyed() })),
  )
}

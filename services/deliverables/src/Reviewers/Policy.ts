/** Pure: which channels a person's settings may have, and to which of them links that decide may go. */
import type { Channel, ReviewerSettings } from "@stint/domain/deliverables/Reviewers"
import { webhookFault } from "@stint/domain/Definition/HireSettingsFaults"
import type { AllowedHost } from "@stint/domain/HostList"
import type { FieldIssue } from "@stint/domain/Problem"
import type { StoredChannel } from "./Row.ts"

/** What stands for the secret part of an incoming webhook where it is shown; its last four characters follow. */
const HIDDEN = "/…"

/** Where a channel's messages go. */
export const targetOf = (channel: Channel | StoredChannel): string =>
  channel.kind === "email" ? channel.address : channel.url

/** The same as it may be shown and kept in a log: an incoming webhook's url is a secret but for its first part. */
export const shownTarget = (channel: Channel | StoredChannel): string => {
  if (channel.kind !== "slack") return targetOf(channel)
  const url = URL.parse(channel.url)
  return url === null ? HIDDEN : `${url.origin}${HIDDEN}${channel.url.slice(-4)}`
}

/** Where channels may go. */
export interface Places {
  /** STINT_WEBHOOK_HOSTS. */
  readonly webhooks: ReadonlyArray<AllowedHost>
  /** STINT_SLACK_HOSTS. */
  readonly slack: ReadonlyArray<AllowedHost>
}

/** The channels as they were asked for: a url that was shown without its end is the one that is stored. */
export const whole = (
  asked: ReadonlyArray<Channel>,
  stored: ReadonlyArray<StoredChannel>,
): ReadonlyArray<Channel> =>
  asked.map((channel) => {
    if (channel.kind !== "slack" || !channel.url.includes(HIDDEN)) return channel
    const known = stored.filter((one) => one.kind === "slack" && shownTarget(one) === channel.url)
    return known.length === 1 ? { kind: "slack", url: targetOf(known[0]!) } : channel
  })

/** Why a channel's url may not be called; undefined when it may. */
export const hostFault = (channel: Channel | StoredChannel, places: Places, customer: string): string | undefined => {
  switch (channel.kind) {
    case "email":
      return undefined
    case "webhook":
      return webhookFault(channel.url, places.webhooks, customer)
    case "slack":
      return channel.url.includes(HIDDEN)
        ? "is no url that is stored: give the whole of it"
        : webhookFault(channel.url, places.slack, customer, "STINT_SLACK_HOSTS")
  }
}

/** Every fault of the channels but for what their secrets are. */
export const channelIssues = (
  channels: ReadonlyArray<Channel>,
  places: Places,
  customer: string,
): ReadonlyArray<FieldIssue> => {
  const seen = new Set<string>()
  return channels.flatMap((channel, i) => {
    const part = channel.kind === "email" ? "address" : "url"
    const same = `${channel.kind} ${targetOf(channel)}`
    const message = seen.has(same) ? "is there twice" : hostFault(channel, places, customer)
    seen.add(same)
    return message === undefined ? [] : [{ path: `$.channels[${i}].${part}`, message }]
  })
}

/** The fault of an escalation to oneself. */
export const escalationIssue = ({ escalation }: ReviewerSettings, person: string): ReadonlyArray<FieldIssue> =>
  escalation?.to === person ? [{ path: "$.escalation.to", message: "must be another person" }] : []

/** A channel with its id. */
export type Identified = Channel & { readonly channel_id: string }

/**
 * The channels to keep. Links that decide go only where the person itself set a channel, with the duty reviewer: who sets
 * another's channel could else decide in its name. A channel that another leaves as it was stays what it is.
 */
export const kept = (
  channels: ReadonlyArray<Identified>,
  before: ReadonlyArray<StoredChannel>,
  by: { readonly itself: boolean; readonly reviews: boolean },
): ReadonlyArray<StoredChannel> =>
  channels.map((channel) => {
    const was = before.find(({ channel_id }) => channel_id === channel.channel_id)
    return { ...channel, decides: by.itself ? by.reviews : was?.decides ?? false }
  })

/** What the form of a person's settings holds, and the words of events. */
import {
  type Channel,
  defaultChoices,
  DIGEST_AT,
  type NoticeChoice,
  type NoticeEvent,
  type Reviewer,
  type ReviewerSettings,
  type ShownChannel,
} from "@stint/domain/deliverables/Reviewers"

/** What happened, as a person says it. */
export const eventWords: Readonly<Record<NoticeEvent, string>> = {
  draft_waiting: "A draft waits for a decision",
  changes_made: "A draft was changed",
  expires_soon: "A draft expires within the hour",
  expired: "A draft expired",
  executed: "A draft was delivered",
  delivery_failed: "A delivery failed",
  mandate_used_up: "A mandate is used up",
  mandate_ended: "A mandate ended",
  goal_dead_lettered: "A goal's run failed for good",
}

/** When one is told, in words. */
export const choiceWords: Readonly<Record<NoticeChoice, string>> = {
  now: "At once",
  digest: "In the digest",
  off: "Not",
}

/** What the form holds. */
export interface Form {
  readonly channels: ReadonlyArray<Channel>
  readonly events: Readonly<Record<NoticeEvent, NoticeChoice>>
  readonly digest_at: string
  readonly quiet: boolean
  readonly from: string
  readonly to: string
  readonly timezone: string
  readonly escalate_to: string
  readonly escalate_minutes: string
}

const asked = (channel: ShownChannel): Channel => {
  switch (channel.kind) {
    case "email":
      return { kind: "email", address: channel.address }
    case "webhook":
      return { kind: "webhook", url: channel.url, secret_ref: channel.secret_ref }
    case "slack":
      return { kind: "slack", url: channel.url }
  }
}

/** The form of what is stored; of a person that has no settings yet, an empty one in the zone of this browser. */
export const formOf = (reviewer: Reviewer | null, zone: string): Form => ({
  channels: reviewer?.channels.map(asked) ?? [],
  events: reviewer?.events ?? defaultChoices,
  digest_at: reviewer?.digest_at ?? DIGEST_AT,
  quiet: reviewer?.quiet_hours != null,
  from: reviewer?.quiet_hours?.from ?? "21:00",
  to: reviewer?.quiet_hours?.to ?? "07:00",
  timezone: reviewer?.timezone ?? zone,
  escalate_to: reviewer?.escalation?.to ?? "",
  escalate_minutes: String((reviewer?.escalation?.after_seconds ?? 3600) / 60),
})

/** The settings that a form stands for. What it holds wrong the service refuses, at its field. */
export const settingsOf = (form: Form): ReviewerSettings => ({
  channels: form.channels,
  events: form.events,
  digest_at: form.digest_at,
  quiet_hours: form.quiet ? { from: form.from, to: form.to } : null,
  timezone: form.timezone,
  escalation: form.escalate_to.trim() === ""
    ? null
    : { after_seconds: Math.round(Number(form.escalate_minutes) * 60), to: form.escalate_to.trim() },
})

/** An empty channel of a kind. */
export const emptyChannel = (kind: Channel["kind"]): Channel =>
  kind === "email" ? { kind, address: "" } : kind === "webhook" ? { kind, url: "", secret_ref: "" } : { kind, url: "" }

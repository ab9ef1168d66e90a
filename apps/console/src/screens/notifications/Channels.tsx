/** The channels of a person: where they go, how they stand, and a test. */
import { Button, TextInput } from "@mantine/core"
import { type Channel, ChannelKind, MOST_CHANNELS, type ShownChannel } from "@stint/domain/deliverables/Reviewers"
import type { FieldIssue } from "@stint/domain/Problem"
import type { ReactNode } from "react"
import { failureOf } from "../../api/Client.ts"
import { sendTest } from "../../api/Notices.ts"
import { faultAt } from "../../form/Values.ts"
import { type Kind, Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./notifications.module.css"
import { emptyChannel } from "./Settings.ts"

const kinds: Readonly<Record<Channel["kind"], string>> = {
  email: "E-mail",
  webhook: "Signed webhook",
  slack: "Incoming webhook (Slack)",
}

/** What the button that adds one says. */
const additions: Readonly<Record<Channel["kind"], string>> = {
  email: "Add e-mail",
  webhook: "Add signed webhook",
  slack: "Add incoming webhook (Slack)",
}

const states: Readonly<Record<ShownChannel["state"], { readonly kind: Kind; readonly words: string }>> = {
  unused: { kind: "plain", words: "not used yet" },
  ok: { kind: "ok", words: "works" },
  failing: { kind: "wait", words: "fails, is tried again" },
  dead: { kind: "bad", words: "dead" },
}

const placeOf = (channel: Channel | ShownChannel): string => channel.kind === "email" ? channel.address : channel.url

const test = (channel_id: string) =>
  void sendTest(channel_id).then(
    () => toast("ok", "A test message is on its way; the log below says what came of it."),
    (error: unknown) => toast("bad", failureOf(error).message),
  )

/** How a stored channel stands. */
const Standing = ({ channel }: { readonly channel: ShownChannel }): ReactNode => (
  <div className={styles.standing}>
    <Tag kind={states[channel.state].kind}>{states[channel.state].words}</Tag>
    {channel.decides ? null : <span className="dim">Links there ask for a sign-in</span>}
    <button type="button" className="link-button" onClick={() => test(channel.channel_id)}>Send a test</button>
    {channel.last_error === null ? null : <p className={styles.error}>{channel.last_error}</p>}
  </div>
)

/** The fields of the channels. */
export const Channels = ({ change, channels, faults, stored }: {
  readonly channels: ReadonlyArray<Channel>
  readonly stored: ReadonlyArray<ShownChannel>
  readonly faults: ReadonlyArray<FieldIssue>
  readonly change: (channels: ReadonlyArray<Channel>) => void
}): ReactNode => {
  const set = (nth: number, channel: Channel) => change(channels.map((one, i) => i === nth ? channel : one))
  return (
    <div className={styles.channels}>
      {channels.map((channel, nth) => {
        const known = stored.find((one) => one.kind === channel.kind && placeOf(one) === placeOf(channel))
        const at = (key: string) => `$.channels[${nth}].${key}`
        const fault = (key: string) => faultAt(faults, at(key), true)
        return (
          // channels have no other name than their place in the list
          <fieldset key={nth} className={styles.channel}>
            <legend>{kinds[channel.kind]}</legend>
            {channel.kind === "email"
              ? (
                <TextInput
                  id={at("address")}
                  label="Address"
                  type="email"
                  value={channel.address}
                  error={fault("address")}
                  onChange={(event) => set(nth, { ...channel, address: event.currentTarget.value })}
                />
              )
              : (
                <TextInput
                  id={at("url")}
                  label="Address"
                  description="Its host must be one that the operator has allowed"
                  type="url"
                  value={channel.url}
                  error={fault("url")}
                  onChange={(event) => set(nth, { ...channel, url: event.currentTarget.value })}
                />
              )}
            {channel.kind === "webhook"
              ? (
                <TextInput
                  id={at("secret_ref")}
                  label="Signing secret"
                  description="The name of the secret, never the secret itself"
                  value={channel.secret_ref}
                  error={fault("secret_ref")}
                  onChange={(event) => set(nth, { ...channel, secret_ref: event.currentTarget.value })}
                />
              )
              : null}
            {known === undefined ? null : <Standing channel={known} />}
            <div>
              <button
                type="button"
                className="link-button bad"
                onClick={() => change(channels.filter((_, i) => i !== nth))}
              >
                Remove
              </button>
            </div>
          </fieldset>
        )
      })}
      {channels.length >= MOST_CHANNELS ? null : (
        <div className={styles.add}>
          {ChannelKind.literals.map((kind) => (
            <Button
              key={kind}
              size="xs"
              variant="default"
              onClick={() => change([...channels, emptyChannel(kind)])}
            >
              {additions[kind]}
            </Button>
          ))}
        </div>
      )}
    </div>
  )
}

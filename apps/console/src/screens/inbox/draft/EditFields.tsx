/** What of a draft can be edited, as fields; the id of an input is its JSON path, where the service's faults stand. */
import { NativeSelect, NumberInput, TagsInput, Textarea, TextInput } from "@mantine/core"
import type { Field } from "@stint/domain/Definition"
import type { MarketingVariant } from "@stint/domain/agents/marketing_healthcare/Payload"
import { titleLimit } from "@stint/domain/agents/marketing_healthcare/Payload"
import { jsonPath } from "@stint/domain/JsonPath"
import type { FieldIssue } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import type { ReactNode } from "react"
import { FieldInput } from "../../../form/Fields.tsx"
import { faultAt, listOf, objectOf, textOf, type Value, type Values, withValue } from "../../../form/Values.ts"
import { count, titled } from "../../../format/Words.ts"
import styles from "./draft.module.css"
import { lengthOf, limitOf, platformNames } from "./Platforms.ts"

/** The path of the payload in the request. */
export const ROOT = "$.payload"

interface Props {
  readonly payload: JsonObject
  readonly faults: ReadonlyArray<FieldIssue>
  readonly set: (payload: JsonObject) => void
}

/** How long a text is, of how much it may be: said in words too where it is too much. */
const Counter = ({ length, most }: { readonly length: number; readonly most: number }): ReactNode => (
  <span className={length > most ? styles.over : "faint"}>
    {count(length)} of {count(most)}
    {length > most ? ", too long" : ""}
  </span>
)

const Post = ({ faults, path, post, set }: {
  readonly post: Values
  readonly path: string
  readonly faults: ReadonlyArray<FieldIssue>
  readonly set: (post: Values) => void
}): ReactNode => {
  const platform = post.platform as MarketingVariant["platform"]
  const at = (key: string) => ({ id: jsonPath([key], path), error: faultAt(faults, jsonPath([key], path), true) })
  const hashtags = listOf(post.hashtags).map(textOf)
  return (
    <fieldset className={`${styles.post} ${styles.editing}`} id={path} tabIndex={-1}>
      <legend className="visually-hidden">{platformNames[platform]}</legend>
      <header>
        <span aria-hidden="true">{platformNames[platform]}</span>
        <Counter length={lengthOf({ text: textOf(post.text), hashtags })} most={limitOf(platform)} />
      </header>
      <div className={styles.fields}>
        {platform !== "youtube" && post.title === undefined ? null : (
          <TextInput
            {...at("title")}
            label="Title"
            description={<Counter length={[...textOf(post.title)].length} most={titleLimit} />}
            value={textOf(post.title)}
            onChange={(event) => set(withValue(post, "title", event.currentTarget.value || undefined))}
          />
        )}
        <Textarea
          {...at("text")}
          label="Text"
          autosize
          minRows={3}
          maxRows={16}
          value={textOf(post.text)}
          onChange={(event) => set({ ...post, text: event.currentTarget.value })}
        />
        <TagsInput
          {...at("hashtags")}
          label="Hashtags"
          value={hashtags}
          splitChars={[",", " "]}
          acceptValueOnBlur
          onChange={(hashtags) => set({ ...post, hashtags })}
        />
      </div>
    </fieldset>
  )
}

const Posts = ({ faults, payload, set }: Props): ReactNode => {
  const variants = listOf(payload.variants)
  return (
    <>
      {variants.map((post, index) => (
        <Post
          key={index}
          post={objectOf(post)}
          path={jsonPath(["variants", index], ROOT)}
          faults={faults}
          set={(now) => set({ ...payload, variants: variants.map((one, nth) => nth === index ? now : one) })}
        />
      ))}
      <TagsInput
        id={`${ROOT}.suggested_schedule_local`}
        label="Suggested times"
        description="Local times, as 09:00"
        error={faultAt(faults, `${ROOT}.suggested_schedule_local`, true)}
        value={listOf(payload.suggested_schedule_local).map(textOf)}
        splitChars={[",", " "]}
        acceptValueOnBlur
        onChange={(suggested_schedule_local) => set({ ...payload, suggested_schedule_local })}
      />
    </>
  )
}

const Order = ({ faults, payload, set }: Props): ReactNode => {
  const at = (key: string) => ({ id: `${ROOT}.${key}`, error: faultAt(faults, `${ROOT}.${key}`, true) })
  return (
    <>
      <NativeSelect
        {...at("side")}
        label="Side"
        value={textOf(payload.side)}
        data={["buy", "sell"].map((value) => ({ value, label: titled(value) }))}
        onChange={(event) => set({ ...payload, side: event.currentTarget.value })}
      />
      <NumberInput
        {...at("units")}
        label="Units"
        hideControls
        value={typeof payload.units === "number" ? payload.units : ""}
        onChange={(units) => set({ ...payload, units })}
      />
      <TextInput
        {...at("coin")}
        label="Coin"
        value={textOf(payload.coin)}
        onChange={(event) => set({ ...payload, coin: event.currentTarget.value.toUpperCase() })}
      />
      <p className="dim">Its checks are made anew from these.</p>
    </>
  )
}

const Text = ({ faults, label, mono = false, of, payload, rows = 2, set }: Props & {
  readonly of: string
  readonly label: string
  readonly rows?: number
  readonly mono?: boolean
}): ReactNode => (
  <Textarea
    id={`${ROOT}.${of}`}
    label={label}
    error={faultAt(faults, `${ROOT}.${of}`, true)}
    autosize
    minRows={rows}
    maxRows={30}
    {...(mono ? { classNames: { input: styles.markdown ?? "" } } : {})}
    value={textOf(payload[of])}
    onChange={(event) => set({ ...payload, [of]: event.currentTarget.value })}
  />
)

/** A field for a value of a maker, by what the value is: the service judges it by the template. */
const fieldFor = (key: string, value: Value): Field => {
  const field = { key, label: titled(key), required: false }
  if (typeof value === "number") return { ...field, type: "number" }
  if (typeof value === "boolean") return { ...field, type: "boolean" }
  if (Array.isArray(value)) {
    const texts = value.every((item) => typeof item === "string")
    return { ...field, type: "list", item_type: texts ? "text" : "object" }
  }
  return { ...field, type: typeof value === "object" ? "object" : "text" }
}

const Structured = ({ base, ...props }: Props & { readonly base: JsonObject }): ReactNode => {
  const { faults, payload, set } = props
  const fields = objectOf(payload.fields)
  return (
    <>
      <Text {...props} of="title" label="Title" rows={1} />
      {Object.entries(objectOf(base.fields)).map(([key, before]) => {
        const path = jsonPath([key], `${ROOT}.fields`)
        const put = (value: Value | undefined) => set({ ...payload, fields: withValue(fields, key, value) })
        return typeof before === "string"
          ? (
            <Textarea
              key={key}
              id={path}
              label={titled(key)}
              error={faultAt(faults, path, true)}
              autosize
              minRows={1}
              maxRows={16}
              value={textOf(fields[key])}
              onChange={(event) => put(event.currentTarget.value)}
            />
          )
          : (
            <FieldInput
              key={key}
              field={fieldFor(key, before)}
              path={path}
              value={fields[key]}
              beside={fields}
              labelOf={titled}
              faults={faults}
              disabled={false}
              set={put}
            />
          )
      })}
      {base.body === undefined ? null : <Text {...props} of="body" label="Text (Markdown)" rows={8} mono />}
    </>
  )
}

/** The fields of a draft, by its type. `base` is what the edit began with. */
export const EditFields = ({ base, ...props }: Props & { readonly base: JsonObject }): ReactNode => {
  switch (props.payload.type) {
    case "marketing_draft_batch_v1":
      return <Posts {...props} />
    case "trading_intent_plan_v1":
      return <Order {...props} />
    case "trading_close_position_proposal_v1":
      return (
        <TextInput
          id={`${ROOT}.window_local_time`}
          type="time"
          label="When, on the agent's clock"
          error={faultAt(props.faults, `${ROOT}.window_local_time`, true)}
          value={textOf(props.payload.window_local_time)}
          onChange={(event) => props.set({ ...props.payload, window_local_time: event.currentTarget.value })}
        />
      )
    case "structured_deliverable_v1":
      return <Structured {...props} base={base} />
    default:
      return <Text {...props} of="body" label="Text (Markdown)" rows={12} mono />
  }
}

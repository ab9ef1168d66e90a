/** Fields that hold objects: groups of fields, rows of them, and what has no fields of its own. */
import { Button, CloseButton, Input, TextInput } from "@mantine/core"
import type { Field } from "@stint/domain/Definition"
import { jsonPath } from "@stint/domain/JsonPath"
import { type ReactNode, useState } from "react"
import { titled } from "../format/Words.ts"
import { type FieldProps, Fields } from "./Fields.tsx"
import styles from "./form.module.css"
import { descriptionOf, faultAt, listOf, objectOf, textOf, type Value, type Values, withValue } from "./Values.ts"

const Frame = ({ children, deep = false, faults, field, path }: Pick<FieldProps, "faults" | "field" | "path"> & {
  readonly deep?: boolean
  readonly children: ReactNode
}): ReactNode => {
  const description = descriptionOf(field)
  return (
    <fieldset className={styles.group} id={path} tabIndex={-1}>
      <legend>
        {field.label}
        {field.required ? <span className={styles.required} aria-hidden="true">*</span> : null}
      </legend>
      {description === undefined ? null : <p className={styles.description}>{description}</p>}
      {children}
      <Input.Error>{faultAt(faults, path, deep)}</Input.Error>
    </fieldset>
  )
}

const kept = (values: Values): Values | undefined => Object.keys(values).length === 0 ? undefined : values

/** An object with fields: a group of them. */
export const Group = ({ fields, ...props }: FieldProps & { readonly fields: ReadonlyArray<Field> }): ReactNode => (
  <Frame {...props}>
    <Fields
      fields={fields}
      root={props.path}
      values={objectOf(props.value)}
      faults={props.faults}
      disabled={props.disabled}
      set={(values) => props.set(kept(values))}
    />
  </Frame>
)

/** A list of objects: a group for each. */
export const Rows = (props: FieldProps): ReactNode => {
  const items = listOf(props.value)
  const put = (index: number, value: Value) => props.set(items.map((item, nth) => nth === index ? value : item))
  return (
    <Frame {...props}>
      {items.map((item, index) => (
        <div key={index} className={styles.row}>
          <Fields
            fields={props.field.fields ?? []}
            root={jsonPath([index], props.path)}
            values={objectOf(item)}
            faults={props.faults}
            disabled={props.disabled}
            set={(values) => put(index, values)}
          />
          <CloseButton
            aria-label={`Remove ${props.field.label} ${index + 1}`}
            onClick={() => props.set(items.filter((_, nth) => nth !== index))}
          />
        </div>
      ))}
      <div>
        <Button size="xs" variant="default" disabled={props.disabled} onClick={() => props.set([...items, {}])}>
          Add
        </Button>
      </div>
    </Frame>
  )
}

/** An object with a key for each item of a list beside it. */
export const Keys = (props: FieldProps): ReactNode => {
  const keys = listOf(props.beside[props.field.keys_of_field ?? ""]).map(textOf)
  const values = objectOf(props.value)
  return (
    <Frame {...props}>
      {keys.length === 0
        ? <p className="dim">Choose “{props.labelOf(props.field.keys_of_field ?? "")}” first.</p>
        : null}
      {keys.map((key) => (
        <TextInput
          key={key}
          id={jsonPath([key], props.path)}
          label={titled(key)}
          required
          disabled={props.disabled}
          value={textOf(values[key])}
          error={faultAt(props.faults, jsonPath([key], props.path), true)}
          onChange={(event) => {
            const text = event.currentTarget.value
            const now = withValue(values, key, text === "" ? undefined : text)
            // a key of an item that has left the list would be a fault that nobody sees
            props.set(Object.fromEntries(Object.entries(now).filter(([one]) => keys.includes(one))))
          }}
        />
      ))}
    </Frame>
  )
}

/** An object without fields: names and texts. */
export const Pairs = (props: FieldProps): ReactNode => {
  const [rows, setRows] = useState<ReadonlyArray<readonly [string, Value]>>(() =>
    Object.entries(objectOf(props.value)) as Array<[string, Value]>
  )
  const put = (now: ReadonlyArray<readonly [string, Value]>) => {
    setRows(now)
    props.set(kept(Object.fromEntries(now.filter(([name]) => name.trim() !== ""))))
  }
  const change = (index: number, row: readonly [string, Value]) =>
    put(rows.map((was, nth) => nth === index ? row : was))
  return (
    <Frame {...props} deep>
      {rows.map(([name, value], index) => (
        <div key={index} className={styles.pair}>
          <TextInput
            aria-label="Name"
            placeholder="Name"
            disabled={props.disabled}
            value={name}
            onChange={(event) => change(index, [event.currentTarget.value, value])}
          />
          <TextInput
            aria-label={`Value of ${name || "the name"}`}
            placeholder="Value"
            disabled={props.disabled}
            value={textOf(value)}
            onChange={(event) => change(index, [name, event.currentTarget.value])}
          />
          <CloseButton
            aria-label={`Remove ${name || "the row"}`}
            onClick={() => put(rows.filter((_, nth) => nth !== index))}
          />
        </div>
      ))}
      <div>
        <Button size="xs" variant="default" disabled={props.disabled} onClick={() => setRows([...rows, ["", ""]])}>
          Add
        </Button>
      </div>
    </Frame>
  )
}

/** Any other value: JSON. What is none yet is not kept, and says so. */
export const Raw = (props: FieldProps): ReactNode => {
  const [text, setText] = useState(() => props.value === undefined ? "" : JSON.stringify(props.value, null, 2))
  const [broken, setBroken] = useState(false)
  const change = (now: string) => {
    setText(now)
    try {
      props.set(now.trim() === "" ? undefined : JSON.parse(now) as Value)
      setBroken(false)
    } catch {
      setBroken(true)
    }
  }
  return (
    <Frame {...props} deep>
      <textarea
        aria-label={`${props.field.label}, as JSON`}
        className={styles.raw}
        rows={4}
        spellCheck={false}
        disabled={props.disabled}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
      {broken ? <Input.Error>is not JSON yet</Input.Error> : null}
    </Frame>
  )
}

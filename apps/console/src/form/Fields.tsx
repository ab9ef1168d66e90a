/**
 * Fields of a definition as a form: each by its type, with its label and description, and the service's own faults at their
 * JSON path. The id of an input is its path.
 */
import { Checkbox, NativeSelect, NumberInput, Switch, TagsInput, TextInput } from "@mantine/core"
import type { Field } from "@stint/domain/Definition"
import { jsonPath } from "@stint/domain/JsonPath"
import type { FieldIssue } from "@stint/domain/Problem"
import type { ReactNode } from "react"
import { titled } from "../format/Words.ts"
import "./Inputs.ts"
import { Group, Keys, Pairs, Raw, Rows } from "./Objects.tsx"
import { descriptionOf, faultAt, listOf, textOf, type Value, type Values, withValue } from "./Values.ts"
import { ZoneInput } from "./ZoneInput.tsx"

/** What each field has. */
export interface FieldProps {
  readonly field: Field
  /** Its JSON path. */
  readonly path: string
  readonly value: Value | undefined
  /** The fields beside it, for those that name another one. */
  readonly beside: Values
  /** What the form calls a field beside it. */
  readonly labelOf: (key: string) => string
  readonly faults: ReadonlyArray<FieldIssue>
  readonly disabled: boolean
  readonly set: (value: Value | undefined) => void
}

const filled = (text: string): string | undefined => text === "" ? undefined : text

/** What all inputs of Mantine take of a field. */
export const inputProps = ({ disabled, faults, field, path }: FieldProps, deep = true) => ({
  id: path,
  label: field.label,
  description: descriptionOf(field),
  required: field.required,
  error: faultAt(faults, path, deep),
  disabled,
})

const Text = (props: FieldProps): ReactNode => {
  const { beside, field, set, value } = props
  const common = { ...inputProps(props), value: textOf(value) }
  if (field.format === "iana_timezone" || field.key === "timezone") {
    return <ZoneInput {...common} set={(zone) => set(filled(zone))} />
  }
  if (field.one_of_field !== undefined) {
    const options = listOf(beside[field.one_of_field]).map(textOf)
    return <Choice {...common} options={options} named={(option) => option} set={set} />
  }
  const type = field.format === "local_time" ? "time" : "text"
  return <TextInput {...common} type={type} onChange={(event) => set(filled(event.currentTarget.value))} />
}

const Choice = ({ named, options, set, value, ...common }: Omit<ReturnType<typeof inputProps>, never> & {
  readonly value: string
  readonly options: ReadonlyArray<string>
  readonly named: (option: string) => string
  readonly set: (value: Value | undefined) => void
}): ReactNode => (
  <NativeSelect
    {...common}
    value={value}
    onChange={(event) => set(filled(event.currentTarget.value))}
    data={[
      { value: "", label: "Choose…" },
      ...options.map((option) => ({ value: option, label: named(option) })),
      // what is stored and is no option any more is shown, with its fault
      ...(value === "" || options.includes(value) ? [] : [{ value, label: value }]),
    ]}
  />
)

const Several = (props: FieldProps): ReactNode => {
  const { field, path, set, value } = props
  const chosen = listOf(value).map(textOf)
  const { id: _, ...common } = inputProps(props)
  return (
    <Checkbox.Group
      {...common}
      value={chosen}
      // in the order of the options, whatever was clicked first
      onChange={(now) => set((field.options ?? []).filter((option) => now.includes(option)))}
    >
      <div className="options" id={path} tabIndex={-1}>
        {(field.options ?? []).map((option) => <Checkbox key={option} value={option} label={titled(option)} />)}
      </div>
    </Checkbox.Group>
  )
}

const List = (props: FieldProps): ReactNode => {
  const { field, set, value } = props
  switch (field.item_type) {
    case "enum":
      return <Several {...props} />
    case "text":
    case "number": {
      const isNumber = field.item_type === "number"
      return (
        <TagsInput
          {...inputProps(props)}
          value={listOf(value).map(textOf)}
          placeholder="Type, then Enter"
          splitChars={[","]}
          acceptValueOnBlur
          allowDuplicates={isNumber}
          onChange={(items) =>
            set(
              items.map((item) =>
                isNumber && item.trim() !== "" && Number.isFinite(Number(item)) ? Number(item) : item
              ),
            )}
        />
      )
    }
    default:
      return field.item_type === "object" && field.fields !== undefined ? <Rows {...props} /> : <Raw {...props} />
  }
}

const OneObject = (props: FieldProps): ReactNode => {
  const { field } = props
  if (field.fields !== undefined) return <Group {...props} fields={field.fields} />
  return field.keys_of_field === undefined ? <Pairs {...props} /> : <Keys {...props} />
}

/** One field. */
export const FieldInput = (props: FieldProps): ReactNode => {
  const { field, set, value } = props
  switch (field.type) {
    case "text":
      return <Text {...props} />
    case "enum":
      return (
        <Choice {...inputProps(props)} value={textOf(value)} options={field.options ?? []} named={titled} set={set} />
      )
    case "number":
      return (
        <NumberInput
          {...inputProps(props)}
          value={typeof value === "number" || typeof value === "string" ? value : ""}
          hideControls
          onChange={(now) => set(now === "" ? undefined : now)}
        />
      )
    case "boolean": {
      const { required: _, ...common } = inputProps(props)
      return <Switch {...common} checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />
    }
    case "list":
      return <List {...props} />
    case "object":
      return <OneObject {...props} />
  }
}

/** The fields of a config, of a goal's settings, or of an object in them. `root` is the JSON path of `values`. */
export const Fields = ({ disabled = false, faults, fields, root, set, values }: {
  readonly fields: ReadonlyArray<Field>
  readonly root: string
  readonly values: Values
  readonly faults: ReadonlyArray<FieldIssue>
  readonly disabled?: boolean
  readonly set: (values: Values) => void
}): ReactNode =>
  fields.map((field) => (
    <FieldInput
      key={field.key}
      field={field}
      path={jsonPath([field.key], root)}
      value={values[field.key]}
      beside={values}
      labelOf={(key) => fields.find((one) => one.key === key)?.label ?? key}
      faults={faults}
      disabled={disabled}
      set={(value) => set(withValue(values, field.key, value))}
    />
  ))

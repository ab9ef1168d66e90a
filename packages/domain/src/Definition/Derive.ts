/** Derives a Schema from the fields of a definition, which validates a config or a goal's settings. It refuses unknown keys. */
import { Schema } from "effect"
import type { Field } from "../Definition.ts"
import { LocalTime } from "../Formats.ts"
import { Timezone } from "../Schedule.ts"
import { referenceFaults } from "./References.ts"

type Fields = ReadonlyArray<Field>

/** A derived schema: of a JSON object with the keys of the fields. */
export type Derived = Schema.Codec<{ readonly [key: string]: unknown }>

const notBlank = Schema.isPattern(/\S/, { message: "must not be blank" })

const text = Schema.String.annotate({ message: "must be text" })

const number = Schema.Number.annotate({ message: "must be a number" }).check(
  Schema.isFinite({ message: "must be a finite number" }),
)

const boolean = Schema.Boolean.annotate({ message: "must be true or false" })

const object = Schema.Record(Schema.String, Schema.Json).annotate({ message: "must be an object" })

const oneOf = (options: ReadonlyArray<string>) =>
  Schema.Literals(options).annotate({ message: `must be one of: ${options.join(", ")}` })

const formats = { iana_timezone: Timezone, local_time: LocalTime }

/** At most so many characters, counted in code points. */
const atMost = (max: number) =>
  Schema.makeFilter((value: string) =>
    value.length <= max || [...value].length <= max || `must have at most ${max} characters`
  )

const textOf = ({ format, max_length, required }: Field): Schema.Codec<unknown> => {
  if (format !== undefined) return formats[format]
  const written = required ? text.check(notBlank) : text
  return max_length === undefined ? written : written.check(atMost(max_length))
}

const numberOf = ({ min_exclusive }: Field): Schema.Codec<unknown> =>
  min_exclusive === undefined
    ? number
    : number.check(Schema.isGreaterThan(min_exclusive, { message: `must be greater than ${min_exclusive}` }))

/** An item is validated as a required field of the item's type. */
const listOf = ({ item_type, min_items = 0, ...field }: Field): Schema.Codec<unknown> => {
  const item: Schema.Codec<unknown> = item_type === undefined || item_type === "list"
    ? Schema.Array(Schema.Json).annotate({ message: "must be a list" })
    : valueOf({ ...field, type: item_type, required: true })
  const list = Schema.Array(item).annotate({ message: "must be a list" })
  if (min_items === 0) return list
  const message = min_items === 1 ? "must have at least one item" : `must have at least ${min_items} items`
  return list.check(Schema.isMinLength(min_items, { message }))
}

const valueOf = (field: Field): Schema.Codec<unknown> => {
  switch (field.type) {
    case "text":
      return textOf(field)
    case "enum":
      return oneOf(field.options ?? [])
    case "number":
      return numberOf(field)
    case "boolean":
      return boolean
    case "list":
      return listOf(field)
    case "object":
      return field.fields === undefined ? object : structOf(field.fields)
  }
}

const unknownKey = (known: ReadonlyArray<string>) =>
  known.length === 0 ? "no such field; none is taken here" : `no such field; known fields: ${known.join(", ")}`

const structOf = (fields: Fields, more: Schema.Struct.Fields = {}) => {
  const members: Record<string, Schema.Codec<unknown>> = {}
  for (const field of fields) {
    const value = valueOf(field)
    members[field.key] = (field.required ? value : Schema.optionalKey(value)).pipe(
      Schema.annotateKey({ messageMissingKey: "is required" }),
    ) as Schema.Codec<unknown>
  }
  return Schema.Struct({ ...members, ...more }).annotate({
    message: "must be an object",
    messageUnexpectedKey: unknownKey([...fields.map((field) => field.key), ...Object.keys(more)]),
  }) as unknown as Derived
}

/** The schema of fields without `one_of_field` and `keys_of_field`. `more` are further keys, as `schedule` of a goal. */
export const deriveShape = structOf

/** The schema of fields, with `one_of_field` and `keys_of_field`. */
export const derive = (fields: Fields, more: Schema.Struct.Fields = {}): Derived =>
  structOf(fields, more).check(Schema.makeFilter((value) => referenceFaults(fields, value)))

/**
 * The definition of an agent type: the config of a hire, the goals that it can pursue, whether its work needs an approval
 * (domain.md, "Agent types that ship as seed data"). A definition that decodes can be hired.
 */
import { Order, Result, Schema, SemVer } from "effect"
import { ApprovalRules } from "./Definition/Approval.ts"
import {
  approvalFaults,
  definitionFaults,
  fieldFaults,
  fieldListFaults,
  keyFault,
  makerFaults,
} from "./Definition/Faults.ts"
import { TemplateMaker } from "./Definition/Maker.ts"
import { AgentTypeId } from "./Ids.ts"

/** How often a goal runs. `on_demand` has no slots; `cron` has its rule in `settings.schedule.cron`. */
export const Frequency = Schema.Literals(["daily", "weekly", "monthly", "on_demand", "cron"])
export type Frequency = typeof Frequency.Type

/** The type of a field. `text` is a string, `enum` one of its `options`. */
export const FieldType = Schema.Literals(["text", "enum", "list", "object", "boolean", "number"])
export type FieldType = typeof FieldType.Type

/** The format of a text: a zone that Intl accepts, or a time of day HH:MM. */
export const FieldFormat = Schema.Literals(["iana_timezone", "local_time"])
export type FieldFormat = typeof FieldFormat.Type

const text = (max: number) =>
  Schema.String.check(
    Schema.isPattern(/\S/, { message: "must not be blank" }),
    Schema.isMaxLength(max, { message: `must have at most ${max} characters` }),
  )

const name = (description: string, example: string) =>
  Schema.String.check(
    Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
      message: "must be 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter or digit",
    }),
  ).annotate({ description, examples: [example] })

const FieldKey = Schema.String.check(
  Schema.isPattern(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
    message: "must be 1 to 64 of A-Z a-z 0-9 _ -, beginning with a letter",
  }).abort(),
  Schema.makeFilter(keyFault),
)

/** One field of a config or of a goal's settings. `one_of_field` and `keys_of_field` name a list beside it. */
export interface Field {
  readonly key: string
  /** The name that people see. */
  readonly label: string
  readonly type: FieldType
  readonly required: boolean
  readonly description?: string
  /** Of an enum or a list of enum: the values, in the order in which people see them. */
  readonly options?: ReadonlyArray<string>
  /** Of a list: the type of each item. */
  readonly item_type?: FieldType
  /** Of a list. */
  readonly min_items?: number
  /** Of a number: it must be greater than this. */
  readonly min_exclusive?: number
  /** Of text or a list of text: the most characters, in code points. */
  readonly max_length?: number
  /** Of text. */
  readonly format?: FieldFormat
  /** The value is an item of that list; text is compared trimmed and in upper case. */
  readonly one_of_field?: string
  /** Of an object: it has a key with a value for each item of that list. */
  readonly keys_of_field?: string
  /** Of an object or a list of objects: its fields. Without them any JSON object is valid. */
  readonly fields?: ReadonlyArray<Field>
}

/** The schema of a field. It refuses properties that do not apply to the field's type. */
export const Field: Schema.Codec<Field> = Schema.suspend(() =>
  Schema.Struct({
    key: FieldKey,
    label: text(200),
    type: FieldType,
    required: Schema.Boolean,
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    options: Schema.optionalKey(Schema.Array(text(200))),
    item_type: Schema.optionalKey(FieldType),
    min_items: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))),
    min_exclusive: Schema.optionalKey(Schema.Finite),
    max_length: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }))),
    format: Schema.optionalKey(FieldFormat),
    one_of_field: Schema.optionalKey(Schema.String),
    keys_of_field: Schema.optionalKey(Schema.String),
    fields: Schema.optionalKey(FieldList),
  }).check(Schema.makeFilter(fieldFaults))
).annotate({ identifier: "Field" })

const FieldList = Schema.Array(Field).check(Schema.makeFilter(fieldListFaults))

/** The fields of a hire's config. */
export const ConfigSchema = Schema.Struct({ fields: FieldList }).annotate({ identifier: "ConfigSchema" })
export type ConfigSchema = typeof ConfigSchema.Type

/** What a model or a program of the provider's own must return: the `fields` of a structured_deliverable_v1. */
export const OutputSchema = Schema.Struct({ fields: FieldList }).annotate({ identifier: "OutputSchema" })
export type OutputSchema = typeof OutputSchema.Type

/** A goal that a hire can pursue, and the fields of its settings (`schedule` aside, which every goal has). */
export const GoalTemplate = Schema.Struct({
  goal_template_id: name("The template's id, unique in its definition", "marketing.daily_micro_post.v1"),
  name: text(200),
  default_frequency: Frequency,
  settings_schema: Schema.Struct({ fields: FieldList }),
  skill_binding: text(128),
  /** Who makes its drafts; absent: a builtin. */
  maker: Schema.optionalKey(TemplateMaker),
  /** Of a model or http maker. Without it its drafts are the type's own payload where it has one, else a document. */
  output: Schema.optionalKey(OutputSchema),
  /** What the approvals of its drafts must fulfil; absent: one person's, which never gets old. */
  approval: Schema.optionalKey(ApprovalRules),
}).annotate({ identifier: "GoalTemplate" })
export type GoalTemplate = typeof GoalTemplate.Type

/** Rules for the work of every hire of the type. */
export const EnforcementDefaults = Schema.Struct({
  approval_required: Schema.Boolean.annotate({
    description: "false lets only drafts that do not act on the world go unreviewed",
  }),
  deterministic: Schema.Boolean.annotate({ description: "true: no language model may take part in the work" }),
}).annotate({ identifier: "EnforcementDefaults" })
export type EnforcementDefaults = typeof EnforcementDefaults.Type

/** A semantic version 2.0.0, with or without pre-release and build. */
export const Version = Schema.String.annotate({ examples: ["1.0.0"] }).check(
  Schema.isMaxLength(128, { message: "must have at most 128 characters" }),
  Schema.makeFilter((version: string) =>
    Result.isSuccess(SemVer.parse(version)) || "must be a semantic version such as 1.0.0 or 2.1.0-rc.1"
  ),
)

const definition = Schema.Struct({
  agent_type_id: name("The agent type", "marketing.healthcare.v1").pipe(Schema.decodeTo(AgentTypeId)),
  version: Version,
  config_schema: ConfigSchema,
  goal_templates: Schema.Array(GoalTemplate),
  enforcement_defaults: EnforcementDefaults,
})

/** An agent type's definition, as a provider publishes it. */
export const AgentTypeDefinition = definition.check(
  Schema.makeFilter(definitionFaults),
  Schema.makeFilter(makerFaults),
  Schema.makeFilter(approvalFaults),
).annotate({ identifier: "AgentTypeDefinition" })
export type AgentTypeDefinition = typeof AgentTypeDefinition.Type

/**
 * A definition as it is stored. One whose makers break a rule is read all the same: the run that asks for such a draft is refused
 * and says why, where an unreadable definition would only be missing.
 */
export const StoredDefinition = definition.check(Schema.makeFilter(definitionFaults)).annotate({
  identifier: "StoredDefinition",
})

/** The id of one version of a type: `{agent_type_id}@{version}`. */
export const definitionId = (
  { agent_type_id, version }: { readonly agent_type_id: string; readonly version: string },
): string => `${agent_type_id}@${version}`

/**
 * The precedence of two valid versions by semver 2.0.0: build metadata does not count, so two versions that differ in
 * it alone are equal (0).
 */
export const compareVersions: Order.Order<string> = Order.mapInput(SemVer.Order, SemVer.parseUnsafe)

/** The template with that id; undefined if the definition has none. */
export const findTemplate = (definition: AgentTypeDefinition, goal_template_id: string): GoalTemplate | undefined =>
  definition.goal_templates.find((template) => template.goal_template_id === goal_template_id)

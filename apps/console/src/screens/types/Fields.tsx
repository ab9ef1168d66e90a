/** A version in words: the fields of a hire's config, the goals with their settings, the rules of its work. */
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import type { Field } from "@stint/domain/Definition"
import type { ReactNode } from "react"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./types.module.css"

/** Who makes the drafts of a template. */
const makerWords = ({ maker, skill_binding }: AgentType["goal_templates"][number]): string =>
  maker?.kind === "model"
    ? `Made by the model ${maker.model}`
    : maker?.kind === "http"
    ? `Made by the program at ${maker.url}`
    : `Skill: ${skill_binding}`

const typeWords = ({ format, item_type, type }: Field): string => {
  if (format === "iana_timezone") return "time zone"
  if (format === "local_time") return "time of day"
  return type === "list" ? `list of ${item_type}` : type
}

const ruleWords = (field: Field): ReadonlyArray<string> => [
  ...(field.options === undefined ? [] : [field.options.join(", ")]),
  ...(field.min_items === undefined || field.min_items === 0 ? [] : [`at least ${field.min_items}`]),
  ...(field.min_exclusive === undefined ? [] : [`over ${field.min_exclusive}`]),
  ...(field.one_of_field === undefined ? [] : [`one of ${field.one_of_field}`]),
  ...(field.keys_of_field === undefined ? [] : [`one for each of ${field.keys_of_field}`]),
  ...(field.fields === undefined ? [] : [`with ${field.fields.map(({ key }) => key).join(", ")}`]),
]

const FieldTable = (
  { fields, label }: { readonly fields: ReadonlyArray<Field>; readonly label: string },
): ReactNode => (
  <Table
    label={label}
    columns={[{ label: "Field" }, { label: "Type" }, { label: "Rule", wide: true }]}
    rows={fields.map((field) => ({
      key: field.key,
      cells: [
        <span key="field" className={styles.field}>
          <span>{field.label} {field.required ? <span className="faint">required</span> : null}</span>
          <span className="mono dim">{field.key}</span>
          {field.description === undefined ? null : <span className="dim">{field.description}</span>}
        </span>,
        typeWords(field),
        <span key="rule" className="dim">{ruleWords(field).join("; ")}</span>,
      ],
    }))}
  />
)

/** The version. */
export const Fields = ({ type }: { readonly type: AgentType }): ReactNode => {
  const { approval_required, deterministic } = type.enforcement_defaults
  return (
    <>
      <section>
        <div className="section-head">
          <h2>Rules of its work</h2>
        </div>
        <p className={styles.rules}>
          <Tag kind={approval_required ? "wait" : "plain"}>
            {approval_required ? "approval required" : "approval for what acts"}
          </Tag>
          <Tag>{deterministic ? "no language model" : "language model allowed"}</Tag>
        </p>
      </section>
      <section>
        <div className="section-head">
          <h2>Config of a hire</h2>
        </div>
        <FieldTable label="Config of a hire" fields={type.config_schema.fields} />
      </section>
      {type.goal_templates.map((template) => (
        <section key={template.goal_template_id}>
          <div className="section-head">
            <h2>Goal: {template.name}</h2>
            <Tag>{template.default_frequency.replaceAll("_", " ")}</Tag>
            <span className="mono dim">{template.goal_template_id}</span>
          </div>
          <p className="dim" style={{ marginBottom: 8 }}>{makerWords(template)}</p>
          {template.settings_schema.fields.length === 0
            ? <p className="dim">It has no settings but its schedule.</p>
            : <FieldTable label={`Settings of ${template.name}`} fields={template.settings_schema.fields} />}
        </section>
      ))}
    </>
  )
}

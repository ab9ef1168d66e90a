/** The generic draft: settings and config as a page of markdown, for a person to decide on. */
import type { Field } from "@stint/domain/Definition"
import type { JsonObject } from "@stint/domain/Protocol"
import { isSecretKey } from "@stint/domain/Secrets"
import { fitLine } from "../Fit.ts"
import { commonFields, type Maker, templateOf } from "../Maker.ts"
import { textAt } from "../Values.ts"

const MAX_LENGTH = 500
const MAX_ITEMS = 50
const MAX_LEVELS = 4

const hidden = new Set(["ref", "refs", "credential", "credentials", "secret", "secrets", "token", "tokens"])

/** Whether the key names a credential or a reference to one, which are left out of documents. */
const isHidden = (key: string): boolean => {
  const words = key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[^a-z0-9]+/)
  return words.some((word) => hidden.has(word)) || isSecretKey(key.replace(/[_-]?id$/i, ""))
}

/** A value in a line of markdown, escaped so that it is shown as it was written. */
const inline = (text: string): string => fitLine(text, MAX_LENGTH).replace(/[\\`*_{}[\]<>#|~]/g, "\\$&")

const scalar = (value: unknown): string => {
  if (typeof value === "string") return value.trim() === "" ? "(empty)" : inline(value)
  if (typeof value === "boolean") return value ? "yes" : "no"
  return value === null ? "(none)" : String(value)
}

const isNested = (value: unknown) => typeof value === "object" && value !== null

const more = (count: number, indent: string) => count > MAX_ITEMS ? [`${indent}- and ${count - MAX_ITEMS} more`] : []

const lines = (label: string, value: unknown, fields: ReadonlyArray<Field>, level: number): Array<string> => {
  const indent = "  ".repeat(level)
  if (!isNested(value)) return [`${indent}- ${label}: ${scalar(value)}`]
  if (level >= MAX_LEVELS) return [`${indent}- ${label}: …`]
  if (!Array.isArray(value)) {
    const members = section(value as JsonObject, fields, level + 1)
    return members.length === 0 ? [] : [`${indent}- ${label}:`, ...members]
  }
  if (value.length === 0) return [`${indent}- ${label}: (none)`]
  const items = value.slice(0, MAX_ITEMS).flatMap((item, index) =>
    isNested(item) ? lines(String(index + 1), item, fields, level + 1) : [`${indent}  - ${scalar(item)}`]
  )
  return [`${indent}- ${label}:`, ...items, ...more(value.length, `${indent}  `)]
}

/** The values as a list: the fields in their order and under their labels, then the other keys in alphabetical order. */
const section = (values: JsonObject, fields: ReadonlyArray<Field>, level = 0): Array<string> => {
  const named = fields.filter((field) => Object.hasOwn(values, field.key))
  const others = Object.keys(values).filter((key) => !fields.some((field) => field.key === key)).sort()
  const members = [
    ...named.map((field) => ({ key: field.key, label: field.label, fields: field.fields ?? [] })),
    ...others.map((key) => ({ key, label: key, fields: [] })),
  ].filter(({ key }) => !isHidden(key))
  return [
    ...members.slice(0, MAX_ITEMS).flatMap(({ key, label, fields }) =>
      lines(`**${inline(label)}**`, values[key], fields, level)
    ),
    ...more(members.length, "  ".repeat(level)),
  ]
}

const orElse = (found: ReadonlyArray<string>, sentence: string) => found.length === 0 ? [sentence] : found

/** Makes a page of markdown from the template, the settings and the config, without references to credentials. */
export const makeGeneric: Maker = (input) => {
  const { definition, goal, hire, slot } = input
  const template = templateOf(input)
  const { schedule: _, ...settings } = goal.settings
  const agent = textAt(hire.config, "nickname").trim() || definition.agent_type_id
  const when = `${new Date(slot).toISOString().slice(0, 16).replace("T", " ")} UTC`
  const body = [
    `# ${inline(template.name)}`,
    "",
    `**${inline(agent)}** drafted this for ${when}. Nothing happens until you approve it.`,
    "",
    "## What was asked",
    "",
    ...orElse(
      section(settings, template.settings_schema.fields),
      "The goal as it stands; it has no settings of its own.",
    ),
    "",
    "## What the agent works with",
    "",
    ...orElse(section(hire.config, definition.config_schema.fields), "It has no configuration."),
    "",
    "## Before you approve",
    "",
    "- [ ] This is what you want done, and now.",
    "- [ ] Names, figures and dates are right.",
    "- [ ] It may go out in your name.",
    "",
  ].join("\n")
  return {
    title: fitLine(`${fitLine(template.name, 120)} for ${when}`, 200),
    payload: { ...commonFields("generic_deliverable_v1", input), intent_action: "publish", body },
  }
}

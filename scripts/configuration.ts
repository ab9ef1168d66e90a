/**
 * Writes docs/configuration.md: every setting, from `.env.example` (what it is, its default), from the sources (its values and
 * unit) and from the manifests of the processes (who reads it); and every bound, from its table. Run it after a change of
 * one of these; a test fails when it was not run.
 */
import { manifestOf } from "@stint/cli/Stack/Launch"
import { type ProcessName, serviceNames } from "@stint/cli/Stack/Settings"
import { boundNames, defaults, meaningOf } from "@stint/domain/Bounds"
import { LONGEST_LIFETIME } from "@stint/domain/Tokens"
import { readdir, readFile, writeFile } from "node:fs/promises"

const root = new URL("../", import.meta.url)

/** A setting as `.env.example` has it. */
export interface Setting {
  readonly section: string
  readonly name: string
  readonly value: string
  /** Empty where the line before says nothing. */
  readonly about: string
}

/** The settings of `.env.example`, in its order. */
export const readSettings = async (): Promise<ReadonlyArray<Setting>> => {
  const lines = (await readFile(new URL(".env.example", root), "utf8")).split("\n")
  let section = ""
  return lines.flatMap((line, i) => {
    section = /^# -- (.*) --$/.exec(line)?.[1] ?? section
    const [, name, value] = /^([A-Z][A-Z0-9_]*)="?(.*?)"?$/.exec(line) ?? []
    if (name === undefined) return []
    return [{ section, name, value: value!, about: /^# (?!--)(.*)$/.exec(lines[i - 1]!)?.[1] ?? "" }]
  })
}

/** The texts of the sources below some folders. */
const textsOf = async (...folders: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
  (await Promise.all(folders.map(async (folder) => {
    const names = (await readdir(new URL(folder, root), { recursive: true })).filter((name) => /\.tsx?$/.test(name))
    return await Promise.all(names.map((name) => readFile(new URL(`${folder}${name}`, root), "utf8")))
  }))).flat()

const services = serviceNames.map((service) => `services/${service}/src/`)
const sources = await textsOf(...services, "packages/edge/src/", "apps/gateway/src/")
const command = await textsOf("apps/cli/src/")

/** The settings that a source names: what is read from an environment, and constants of these shapes. */
const namedIn = (text: string): ReadonlyArray<string> => [
  ...[...text.matchAll(/\b(?:env|mine)\.([A-Z][A-Z0-9_]+)\b/g)].map(([, name]) => name!),
  ...[...text.matchAll(/\benv\.get\("([A-Z0-9_]+)"\)/g)].map(([, name]) => name!),
  ...[...text.matchAll(/\bConfig\.\w+\("([A-Z0-9_]+)"/g)].map(([, name]) => name!),
  ...[...text.matchAll(/\bwhole\("([A-Z0-9_]+)"/g)].map(([, name]) => name!),
  ...[...text.matchAll(/\bSTINT_[A-Z0-9_]*[A-Z0-9]\b/g)].map(([name]) => name),
]

/** No settings: what the supervisor says to a service, what the runtime finds itself, and npm's own. */
const others = new Set([
  "STINT_SUPERVISED",
  "STINT_INSTANCE",
  "STINT_PARENT",
  "STINT_PROGRAMS",
  "STINT_CONSOLE_STATE",
  "PATH",
  "HOME",
  "XDG_CACHE_HOME",
  "DENO_DIR",
  "NO_COLOR",
  "TERM",
])

const processes: ReadonlyArray<ProcessName> = [...serviceNames, "gateway"]
const manifests = await Promise.all(processes.map(async (name) => ({ name, ...await manifestOf(name) })))

/** Every setting that something reads. */
export const namesRead: ReadonlySet<string> = new Set([
  ...manifests.flatMap(({ env }) => env),
  ...[...sources, ...command].flatMap(namedIn),
  ...serviceNames.map((service) => `${service.toUpperCase()}_MIGRATE_URL`),
  ...serviceNames.map((service) => `${service.toUpperCase()}_TOKEN_FILE`),
  "STINT_TEST_DATABASE_URL",
].filter((name) => !others.has(name)))

/** Variables whose name the command line makes of a service's. */
const OF_A_SERVICE = /^[A-Z]+_(DATABASE_URL|MIGRATE_URL|TOKEN_FILE)$/
const byCommand = new Set(command.flatMap(namedIn))

/** Who reads a setting. */
const readersOf = (name: string): string => {
  if (name.startsWith("DENO_")) return "the runtime of each process"
  if (name.startsWith("STINT_TEST_")) return "tests"
  const readers = manifests.filter(({ env }) => env.includes(name)).map(({ name }) => name)
  const all = serviceNames.every((service) => readers.includes(service))
  return [
    ...(all ? ["services"] : readers.filter((reader) => reader !== "gateway")),
    ...(readers.includes("gateway") ? ["front door"] : []),
    ...(byCommand.has(name) || OF_A_SERVICE.test(name) ? ["`stint`"] : []),
  ].join(", ")
}

/** A whole number as a source declares it (`whole`, edge's Refusal.ts). */
export interface Whole {
  readonly name: string
  readonly least: number
  readonly most: number
  readonly otherwise: number
  readonly unit: string
}

/** Numbers that sources name instead of writing them. */
const constants: Readonly<Record<string, number>> = { LONGEST_LIFETIME }

/** All of them; one that is read in two places is there twice. */
export const wholes: ReadonlyArray<Whole> = sources.flatMap((text) =>
  [...text.matchAll(/\bwhole\("(\w+)", ([\d_]+), ([\d_]+), (\w+), "([^"]+)"\)/g)].map(
    ([, name, least, most, otherwise, unit]) => {
      const number = (digits: string) => constants[digits] ?? Number(digits.replaceAll("_", ""))
      return { name: name!, least: number(least!), most: number(most!), otherwise: number(otherwise!), unit: unit! }
    },
  )
)

/** What a setting may be, where that is few words. */
const valuesOf = (name: string): string => {
  const whole = wholes.find((it) => it.name === name)
  if (whole !== undefined) return `${number(whole.least)} to ${number(whole.most)} ${whole.unit}`
  const flag = manifests.find(({ inMemory }) => inMemory?.variable === name)?.inMemory
  if (flag !== undefined) return flag.value === "false" ? "`true`, `false`" : "`db`, `memory`"
  const literals = sources.flatMap((text) => [...text.matchAll(/Config\.Literals\(\[([^\]]+)\], "(\w+)"\)/g)])
    .find(([, , of]) => of === name)?.[1]
  return literals === undefined ? "" : literals.replaceAll('"', "`")
}

const number = (value: number): string => value.toLocaleString("en-US")

/** A table as `deno fmt` writes it. */
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")))
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i]!.length)))
  const line = (row: ReadonlyArray<string>) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`
  const [first, ...more] = cells
  return [line(first!), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...more.map(line)].join("\n")
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** With links in place of names of pages. */
const linked = (text: string): string => text.replace(/docs\/([\w-]+\.md)/g, "[$1]($1)")

const sectionsOf = (settings: ReadonlyArray<Setting>): ReadonlyArray<string> =>
  [...Map.groupBy(settings, ({ section }) => section)].map(([section, of]) => {
    const [title, rest] = section.split(/: (.*)/)
    return [
      `## ${capitalized(title!)}`,
      ...(rest === undefined ? [] : [`${linked(capitalized(rest))}.`]),
      table(
        ["setting", "default", "values", "what it is", "read by"],
        of.map(({ about, name, value }) => [
          `\`${name}\``,
          value === "" ? "" : `\`${value}\``,
          valuesOf(name),
          linked(about),
          readersOf(name),
        ]),
      ),
    ].join("\n\n")
  })

/** The page. */
export const configurationPage = async (): Promise<string> =>
  [
    "# Configuration",
    "<!-- written by scripts/configuration.ts -->",
    `Every setting is a variable of the environment. None has to be set for a local stack. A wrong one ends the start with a
sentence that names it. A process sees only those that it reads: the launcher gives it no others, and its permissions
allow no others.`,
    `[\`.env.example\`](../.env.example) has the same settings as a file to copy: \`set -a; . ./.env; set +a\`, then start.
\`stint\` is the command line and the launcher (\`npm start\`), the front door is \`apps/gateway\`.`,
    ...sectionsOf(await readSettings()),
    "## Bounds",
    `\`STINT_BOUNDS=name=value,name=value\` changes any of them: how much one caller may send, have and ask for. Values are
whole numbers from 1 to 1,000,000,000. [bounds.md](bounds.md) and [limits.md](limits.md) say what happens past each.`,
    table(
      ["bound", "default", "of"],
      boundNames.map((name) => [
        `\`${name}\``,
        number(defaults[name]),
        meaningOf(name),
      ]),
    ),
  ].join("\n\n") + "\n"

if (import.meta.main) await writeFile(new URL("docs/configuration.md", root), await configurationPage())

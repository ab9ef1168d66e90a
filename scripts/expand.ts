/**
 * What an up script may do (CONTRIBUTING.md, "Changing a schema"): the program of before goes on running on the schema of
 * after, so a script adds and takes nothing away, unless it says which version it needs.
 */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { lineOf, type Source, type Violation } from "./sources.ts"

/** The row that a script writes into the ledger; `needs` follows the name where it contracts. */
const row = (name: string, needs: string) =>
  new RegExp(
    `insert into schema_scripts \\(name${needs === "" ? "" : ", needs"}\\)\\s*values \\('${name}'${needs}\\)`,
    "i",
  )

/** Blanks comments and the bodies of functions, line by line, so that positions stay. */
const statementsOf = (text: string): string =>
  text.replaceAll(/--[^\n]*|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/g, (found) => found.replaceAll(/[^\n]/g, " "))

interface Rule {
  readonly found: RegExp
  readonly says: string
  /** Whether the rest of the script makes the thing again, so that it is only replaced. */
  readonly again?: (name: string) => RegExp
}

const called = (what: string) => (name: string) => new RegExp(`${what}\\s+${name.replaceAll(/[.$]/g, "\\$&")}\\b`, "i")

const name = String.raw`(?:if exists\s+)?([\w.]+)`

const rules: ReadonlyArray<Rule> = [
  {
    found: new RegExp(`drop\\s+(?:table|sequence|type|schema)\\s+${name}`, "gi"),
    says: "drops a thing that the program of before uses",
  },
  {
    found: new RegExp(`drop\\s+view\\s+${name}`, "gi"),
    says: "drops a view",
    again: called("create\\s+(?:or replace\\s+)?view"),
  },
  {
    found: new RegExp(`drop\\s+function\\s+${name}`, "gi"),
    says: "drops a function",
    again: called("create\\s+(?:or replace\\s+)?function"),
  },
  { found: new RegExp(`drop\\s+trigger\\s+${name}`, "gi"), says: "drops a trigger", again: called("trigger") },
  { found: new RegExp(`drop\\s+column\\s+${name}`, "gi"), says: "drops a column" },
  { found: /drop\s+default/gi, says: "drops a default, so the inserts of the program of before fail" },
  { found: /\brename\s+(?:to|column|constraint)?/gi, says: "renames" },
  { found: /alter\s+(?:column\s+)?\w+\s+(?:set\s+data\s+)?type\b/gi, says: "changes the type of a column" },
  { found: /set\s+not\s+null/gi, says: "forbids null in a column that the program of before may leave empty" },
  { found: /(?:^|;)\s*truncate\b/gi, says: "empties a table" },
  { found: /\brevoke\b/gi, says: "takes a right away" },
  {
    found:
      /add\s+column\s+(?:if not exists\s+)?\w+\s+(?=[^,;]*\bnot\s+null\b)(?![^,;]*\b(?:default|generated)\b)[^,;]*/gi,
    says: "adds a column that must not be null and has no default",
  },
]

/**
 * What may stand in a table becomes less, or more: a restriction on a table that the script itself makes binds nobody of
 * before, and one that is dropped harms nobody whose statements do not count on it.
 */
const restrictions: ReadonlyArray<RegExp> = [
  /alter\s+table\s+(?:only\s+)?(?:if exists\s+)?([\w.]+)[^;]*?\bdrop\s+constraint\b/gi,
  /alter\s+table\s+(?:only\s+)?(?:if exists\s+)?([\w.]+)[^;]*?\badd\s+(?:constraint\b|check\b|unique\b|foreign\b|primary\b|exclude\b)/gi,
  /create\s+unique\s+index\s+(?:concurrently\s+)?(?:if not exists\s+)?[\w.]+\s+on\s+([\w.]+)/gi,
  /create\s+(?:or replace\s+)?(?:constraint\s+)?trigger\s+\w+\s[^;]*?\son\s+([\w.]+)/gi,
]

/** The rules that an up script breaks. */
export const expandViolations = ({ file, text }: Source): ReadonlyArray<Violation> => {
  const script = file.split("/").at(-1)!.replace(/(\.up)?\.sql$/, "")
  const at = (position: number, rule: string): Violation => ({ file, line: lineOf(text, position), rule })
  if (row(script, ", '\\d+\\.\\d+\\.\\d+'").test(text)) {
    return /insert into schema_ledger /i.test(text) ? [] : [
      at(0, "contracts, so it writes a row in schema_ledger too, for 0.2.0, which reads no other"),
    ]
  }
  if (!row(script, "").test(text)) {
    return [at(0, `writes no row of its own into the ledger: insert into schema_scripts (name) values ('${script}')`)]
  }
  const statements = statementsOf(text)
  const broken = rules.flatMap(({ again, found, says }) =>
    [...statements.matchAll(found)].filter((match) =>
      again === undefined || !again(match[1]!).test(statements.slice(match.index + match[0].length))
    ).map((match) => at(match.index, `${says}: declare what it needs, or leave it to a later version`))
  )
  const isMade = (table: string) =>
    new RegExp(`create\\s+table\\s+(?:if not exists\\s+)?${table}\\b`, "i").test(statements)
  const isExplained = /^--\s*Before: \S/m.test(text)
  const restricted = isExplained
    ? []
    : restrictions.flatMap((found) =>
      [...statements.matchAll(found)].filter(([, table]) => !isMade(table!)).map((match) =>
        at(
          match.index,
          `changes what may stand in ${match[1]}, so a comment "-- Before: ..." says why the program of before passes`,
        )
      )
    )
  return [...broken, ...restricted]
}

/** The last scripts of 0.2.0: they, and those before them, wrote rows into schema_ledger and may do what they do. */
const landed = await readFile(new URL("./landed.json", import.meta.url), "utf8").then(
  (text) => new Set(JSON.parse(text) as ReadonlyArray<string>),
)

/** The up scripts since 0.2.0, by their path from the root. */
export const readUpScripts = async (root: string): Promise<ReadonlyArray<Source>> => {
  const all = await readdir(join(root, "sql"), { recursive: true })
  const files = all.map((path) => `sql/${path}`).filter((file) => file.endsWith(".up.sql") && !landed.has(file))
  return await Promise.all(files.map(async (file) => ({ file, text: await readFile(join(root, file), "utf8") })))
}

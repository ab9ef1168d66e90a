/** The help of a command, from its table. */
import type { Action, Command, Flag } from "../Command.ts"

/** The widest line of a help. */
const WIDTH = 118

/** Breaks a text at its spaces; lines that are indented stay as they are. */
const wrapped = (text: string, width: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((paragraph) => {
    if (paragraph.length <= width || paragraph.startsWith(" ")) return [paragraph]
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line)
        line = word
      } else line = line === "" ? word : `${line} ${word}`
    }
    return [...lines, line]
  })

/** Two columns, the second one wrapped. */
const columns = (rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> => {
  const first = Math.max(...rows.map(([name]) => name.length))
  return rows.flatMap(([name, about]) =>
    wrapped(about, WIDTH - first - 4).map((line, nth) => `  ${(nth === 0 ? name : "").padEnd(first)}  ${line}`)
  )
}

/** A flag as a person writes it. */
export const flagWords = (name: string, { value }: Flag): string =>
  value === undefined ? `--${name}` : `--${name} ${value}`

/** What a flag does, with its values and its default. */
export const flagAbout = ({ about, default: otherwise, of }: Flag): string =>
  `${about}${of === undefined ? "" : `: ${of.join(", ")}`}${
    otherwise === undefined ? "" : ` (${otherwise} unless given)`
  }`

const flagRows = (flags: Readonly<Record<string, Flag>>): ReadonlyArray<readonly [string, string]> =>
  Object.entries(flags).map(([name, flag]) => [flagWords(name, flag), flagAbout(flag)])

/** An action as a person writes it. */
export const actionWords = (name: string, { operands = [] }: Action): string => [name, ...operands].join(" ")

const actionHelp = (command: string, name: string, action: Action, shared: Command["flags"]): string => {
  const own = flagRows(action.flags ?? {})
  const others = flagRows(shared)
  return [
    `Usage: stint ${command} ${actionWords(name, action)}${own.length + others.length === 0 ? "" : " [flags]"}`,
    "",
    ...wrapped(`${action.about[0]!.toUpperCase()}${action.about.slice(1)}.`, WIDTH),
    ...(own.length === 0 ? [] : ["", ...columns(own)]),
    ...(others.length === 0 ? [] : ["", ...columns(others)]),
  ].join("\n")
}

/** The help of a command, or of the action that `args` name. */
export const helpOf = (name: string, command: Command, args: ReadonlyArray<string> = []): string => {
  const { about, actions = {}, flags, needsNoAction = false, notes } = command
  const asked = args.find((word) => Object.hasOwn(actions, word))
  if (asked !== undefined && args[0] === asked) return actionHelp(name, asked, actions[asked]!, flags)
  const entries = Object.entries(actions)
  const word = entries.length === 0 ? "" : needsNoAction ? " [action]" : " <action>"
  const hasOwn = entries.some(([, { flags = {} }]) => Object.keys(flags).length > 0)
  return [
    `Usage: stint ${name}${word}${Object.keys(flags).length === 0 && !hasOwn ? "" : " [flags]"}`,
    "",
    ...wrapped(about, WIDTH),
    ...(entries.length === 0 ? [] : [
      "",
      ...columns(entries.map(([word, action]) => [
        actionWords(word, action),
        action.about,
      ])),
    ]),
    ...(Object.keys(flags).length === 0 ? [] : ["", ...columns(flagRows(flags))]),
    ...(hasOwn ? ["", `stint ${name} <action> --help has the flags of an action.`] : []),
    ...(notes === undefined ? [] : ["", ...wrapped(notes, WIDTH)]),
  ].join("\n")
}

/** The part of docs/cli.md that follows from the table of commands; `scripts/cli.ts` writes it, a test compares it. */
import { helpOf } from "./Command/Help.ts"
import type { Loaded } from "./Completions.ts"

/** What stands before and after it. */
export const [BEGIN, END] = ["<!-- begin: written by scripts/cli.ts -->", "<!-- end -->"] as const

const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``

/** Every command with its help, and that of each action which has flags of its own. */
export const manualOf = (loaded: Loaded): string =>
  Object.entries(loaded).map(([name, { command }]) => {
    const actions = Object.entries(command.actions ?? {}).filter(([, { flags = {} }]) => Object.keys(flags).length > 0)
    const own = actions.map(([action]) =>
      // The flags that all actions share stand in the help of the command
      helpOf(name, { ...command, flags: {} }, [action])
    )
    return [`### stint ${name}`, fenced([helpOf(name, command), ...own].join("\n\n"))].join("\n\n")
  }).join("\n\n")

/** The text with that part replaced. */
export const withManual = (text: string, manual: string): string => {
  const [before = "", rest = ""] = text.split(BEGIN)
  return `${before}${BEGIN}\n\n${manual}\n\n${END}${rest.split(END)[1] ?? "\n"}`
}

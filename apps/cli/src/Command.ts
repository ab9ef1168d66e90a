import { parseArgs, type ParseArgsConfig } from "node:util"

/** A subcommand of `stint`; each stands in a module of its own, which is loaded when it is called. */
export interface Command {
  /** What `--help` prints. */
  readonly usage: string
  /** The flags, as `util.parseArgs` takes them. */
  readonly options: NonNullable<ParseArgsConfig["options"]>
  /** The words that may follow the command's name; one comes as the flag `action`. */
  readonly actions?: ReadonlyArray<string>
  /** Whether it does something without an action as well. */
  readonly needsNoAction?: boolean
  /** The actions that are followed by one word more, and what it is; it comes as the flag `operand`. */
  readonly operands?: Readonly<Record<string, string>>
  /** Does the work and answers with the exit status. */
  run(flags: Flags): Promise<number>
}

/** The flags that were given. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** The command line can't be understood: one sentence, and exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** Reads the flags of a command. Fails with a UsageError on what it does not know. */
export const flagsOf = (command: Command, args: ReadonlyArray<string>): Flags => {
  const { actions, needsNoAction = false, operands = {}, options } = command
  let read: { values: object; positionals: ReadonlyArray<string> }
  try {
    read = parseArgs({ args: [...args], options, strict: true, allowPositionals: actions !== undefined })
  } catch (error) {
    const sentence = (error as Error).message.split(/\.(?: |\n|$)|\n/)[0]!
    throw new UsageError(`${sentence}.`)
  }
  const { positionals: [action, ...others], values } = read
  if (actions === undefined || (action === undefined && needsNoAction)) return values as Flags
  if (action === undefined || !actions.includes(action)) throw new UsageError(`Say one of ${actions.join(", ")}.`)
  const wanted = Object.hasOwn(operands, action) ? operands[action] : undefined
  if (wanted !== undefined && others.length !== 1) throw new UsageError(`Say ${action} ${wanted}.`)
  if (wanted === undefined && others.length > 0) throw new UsageError(`Say one of ${actions.join(", ")}.`)
  return { ...values, action, ...(wanted === undefined ? {} : { operand: others[0]! }) }
}

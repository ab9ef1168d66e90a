import { parseArgs } from "node:util"
import type { Io } from "./Io.ts"

/** A flag. */
export interface Flag {
  /** What stands for its value in the help, such as `GOAL`; a flag without one is a switch. */
  readonly value?: string
  readonly about: string
  /** The values that it takes, where they are few: completions offer them, and others are refused. */
  readonly of?: ReadonlyArray<string>
  readonly default?: string
}

/** What a command does when its name is followed by a word. */
export interface Action {
  readonly about: string
  /** The words that follow it, such as `GOAL`; `ID...` is one or more, `[FILE]` none or one. */
  readonly operands?: ReadonlyArray<string>
  /** The flags that it alone takes. */
  readonly flags?: Readonly<Record<string, Flag>>
}

/** A subcommand of `stint`. It is light: what does the work is loaded when it runs. Help, completions and docs/cli.md come of it. */
export interface Command {
  /** What it is for, in a paragraph or two. */
  readonly about: string
  /** The flags that it takes, whatever the action. */
  readonly flags: Readonly<Record<string, Flag>>
  /** The words that may follow its name; the one that does comes as the flag `action`. */
  readonly actions?: Readonly<Record<string, Action>>
  /** Whether it does something without an action as well. */
  readonly needsNoAction?: boolean
  /** Variables and exit statuses of its own, after its flags in the help. */
  readonly notes?: string
  /**
   * Does the work and answers with the exit status. The words after the action come as `operands`, the first one as the flag
   * `operand` too.
   */
  run(flags: Flags, io: Io, operands: ReadonlyArray<string>): Promise<number>
}

/** The flags that were given. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** What a command line says. */
export interface Parsed {
  readonly flags: Flags
  readonly operands: ReadonlyArray<string>
}

/** The command line can't be understood: one sentence, and exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** All flags of a command, those of its actions among them: one name is one kind of value, whatever the action. */
export const allFlags = ({ actions = {}, flags }: Command): Readonly<Record<string, Flag>> =>
  Object.assign({}, flags, ...Object.values(actions).map(({ flags = {} }) => flags))

const optionsOf = (flags: Readonly<Record<string, Flag>>) =>
  Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      flag.value === undefined
        ? { type: "boolean" as const }
        : { type: "string" as const, ...(flag.default === undefined ? {} : { default: flag.default }) },
    ]),
  )

const isOptional = (operand: string): boolean => operand.startsWith("[")
const isMany = (operand: string): boolean => operand.endsWith("...")

/** Fails with a UsageError unless the words are those that the action takes. */
const requireOperands = (name: string, wanted: ReadonlyArray<string>, given: ReadonlyArray<string>): void => {
  const least = wanted.filter((operand) => !isOptional(operand)).length
  if (given.length < least || (given.length > wanted.length && !wanted.some(isMany)) || given.includes("")) {
    throw new UsageError(`Say ${[name, ...wanted].join(" ")}.`)
  }
}

const requireKnownValues = (flags: Readonly<Record<string, Flag>>, values: Flags): void => {
  for (const [name, { of }] of Object.entries(flags)) {
    const value = values[name]
    if (of !== undefined && value !== undefined && !of.includes(String(value))) {
      throw new UsageError(`--${name} ${JSON.stringify(value)} is none of ${of.join(", ")}.`)
    }
  }
}

/** Reads the words after a command's name. Fails with a UsageError on what it does not know. */
export const parse = (command: Command, args: ReadonlyArray<string>): Parsed => {
  const { actions, needsNoAction = false } = command
  const flags = allFlags(command)
  let read: { values: object; positionals: ReadonlyArray<string> }
  try {
    const options = optionsOf(flags)
    read = parseArgs({ args: [...args], options, strict: true, allowPositionals: actions !== undefined })
  } catch (error) {
    const sentence = (error as Error).message.split(/\.(?: |\n|$)|\n/)[0]!
    throw new UsageError(`${sentence}.`)
  }
  const { positionals: [name, ...operands], values } = read as { values: Flags; positionals: ReadonlyArray<string> }
  requireKnownValues(flags, values)
  if (actions === undefined || (name === undefined && needsNoAction)) return { flags: values, operands: [] }
  if (name === undefined || !Object.hasOwn(actions, name)) {
    throw new UsageError(`Say one of ${Object.keys(actions).join(", ")}.`)
  }
  const action = actions[name]!
  const misplaced = Object.keys(values).find((flag) =>
    !Object.hasOwn(command.flags, flag) && !Object.hasOwn(action.flags ?? {}, flag) &&
    values[flag] !== flags[flag]!.default
  )
  if (misplaced !== undefined) throw new UsageError(`--${misplaced} is not for ${name}.`)
  requireOperands(name, action.operands ?? [], operands)
  return {
    flags: { ...values, action: name, ...(operands[0] === undefined ? {} : { operand: operands[0] }) },
    operands,
  }
}

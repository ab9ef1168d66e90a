import { parseArgs, type ParseArgsConfig } from "node:util"

/** A subcommand of `stint`; each stands in a module of its own, which is loaded when it is called. */
export interface Command {
  /** What `--help` prints. */
  readonly usage: string
  /** The flags, as `util.parseArgs` takes them. */
  readonly options: NonNullable<ParseArgsConfig["options"]>
  /** Does the work and answers with the exit status. */
  run(flags: Flags): Promise<number>
}

/** The flags that were given. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** The command line can't be understood: one sentence, and exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** Reads the flags of a command. Fails with a UsageError on one that it does not know, and on anything but flags. */
export const flagsOf = (command: Command, args: ReadonlyArray<string>): Flags => {
  try {
    return parseArgs({ args: [...args], options: command.options, strict: true }).values as Flags
  } catch (error) {
    const sentence = (error as Error).message.split(/\. |\n/)[0]!
    throw new UsageError(`${sentence}.`)
  }
}

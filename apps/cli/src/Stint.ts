/** `stint`: runs the subcommand that the first argument names, and turns what it throws into a sentence and an exit status. */
import manifest from "../../../package.json" with { type: "json" }
import { parse, UsageError } from "./Command.ts"
import { helpOf } from "./Command/Help.ts"
import { alsoNamed, commands } from "./commands/All.ts"
import type { Io } from "./Io.ts"
import { LauncherError } from "./Postgres/LauncherError.ts"
import { Failed } from "./Remote/Failed.ts"

const run = async ([said, ...args]: ReadonlyArray<string>, io: Io, usage: string): Promise<number> => {
  const name = said !== undefined && Object.hasOwn(alsoNamed, said) ? alsoNamed[said] : said
  if (name === "--help" || name === "-h" || (name === "help" && args.length === 0)) {
    usage.split("\n").forEach(io.out)
    return 0
  }
  if (name === "--version" || name === "-v") {
    io.out(manifest.version)
    return 0
  }
  if (name === "help") return await run([...args, "--help"], io, usage)
  const entry = name === undefined ? undefined : Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) {
    throw new UsageError(name === undefined ? "Say which command." : `There is no command ${JSON.stringify(name)}.`)
  }
  const command = await entry.load()
  if (args.includes("--help") || args.includes("-h")) {
    helpOf(name!, command, args).split("\n").forEach(io.out)
    return 0
  }
  const { flags, operands } = parse(command, args)
  return await command.run(flags, io, operands)
}

/** The exit status of a command line. What a person has to know of a failure is on standard error; a bug is thrown on. */
export const stint = async (args: ReadonlyArray<string>, io: Io, usage: string): Promise<number> => {
  try {
    return await run(args, io, usage)
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`stint: ${error.message} stint --help says more.`)
      return 2
    }
    if (error instanceof LauncherError) {
      io.err(`stint: ${error.message}`)
      return 1
    }
    if (!(error instanceof Failed)) throw error
    if (args.includes("--json") && error.problem !== undefined) io.err(JSON.stringify(error.problem))
    else io.err(`stint: ${error.next === undefined ? error.message : `${error.message} ${error.next}`}`)
    return error.exit
  }
}

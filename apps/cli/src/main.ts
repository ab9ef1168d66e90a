/** `stint`: runs the subcommand that the first argument names. */
import process from "node:process"
import { type Command, flagsOf, UsageError } from "./Command.ts"
import manifest from "../../../package.json" with { type: "json" }
import { complain } from "./Output.ts"
import { LauncherError } from "./Postgres/LauncherError.ts"

const commands: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Command> }>> = {
  start: {
    about: "start the four services, with a Postgres of their own unless *_DATABASE_URL names one",
    load: () => import("./commands/start.ts").then(({ start }) => start),
  },
  demo: {
    about: "tell the whole story on a stack of its own, and verify it",
    load: () => import("./commands/demo.ts").then(({ demo }) => demo),
  },
  db: {
    about: "migrate, verify, take back, seed or ping the databases",
    load: () => import("./commands/db.ts").then(({ db }) => db),
  },
  explain: {
    about: "why a goal ran, will run, or did not",
    load: () => import("./commands/explain.ts").then(({ explain }) => explain),
  },
  retention: {
    about: "remove what is past its time, or say what would go",
    load: () => import("./commands/retention.ts").then(({ retention }) => retention),
  },
  secrets: {
    about: "list or check the secrets that webhooks are signed with",
    load: () => import("./commands/secrets.ts").then(({ secrets }) => secrets),
  },
  simulate: {
    about: "say what the days to come look like: the load, how late, what a spread would change",
    load: () => import("./commands/simulate.ts").then(({ simulate }) => simulate),
  },
  compose: {
    about: "what docker-compose.yml runs beside the services",
    load: () => import("./commands/compose.ts").then(({ compose }) => compose),
  },
  open: {
    about: "open the console in a browser, signed in on the local stack",
    load: () => import("./commands/open.ts").then(({ open }) => open),
  },
  token: {
    about: "print a token for the local stack, or revoke some",
    load: () => import("./commands/token.ts").then(({ token }) => token),
  },
  keys: {
    about: "list, rotate or revoke the keys that tokens are signed with",
    load: () => import("./commands/keys.ts").then(({ keys }) => keys),
  },
}

const usage = `Usage: stint <command> [flags]

${Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(11)}${about}`).join("\n")}

stint <command> --help says what a command takes; stint --version says which stint this is.`

const run = async ([name, ...args]: ReadonlyArray<string>): Promise<number> => {
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(usage)
    return 0
  }
  if (name === "--version" || name === "-v") {
    console.log(manifest.version)
    return 0
  }
  const entry = name === undefined ? undefined : Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) {
    throw new UsageError(name === undefined ? "Say which command." : `There is no command ${JSON.stringify(name)}.`)
  }
  const command = await entry.load()
  if (args.includes("--help") || args.includes("-h")) {
    console.log(command.usage)
    return 0
  }
  return await command.run(flagsOf(command, args))
}

/** How soon the death of the program that started this one is noticed, in milliseconds. */
const ORPHAN_MS = 500

/** Tells this process to end once bin/stint.js is gone, as a signal would: nobody could end it in order any more. */
const endWithParent = (): void => {
  const parent = Number(Deno.env.get("STINT_PARENT"))
  Deno.env.delete("STINT_PARENT")
  if (!Number.isInteger(parent) || parent === 0) return
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return
    clearInterval(timer)
    process.kill(Deno.pid, "SIGTERM")
  }, ORPHAN_MS)
}

endWithParent()
try {
  Deno.exit(await run(Deno.args))
} catch (error) {
  if (error instanceof UsageError) {
    complain(`stint: ${error.message} stint --help says more.`)
    Deno.exit(2)
  }
  if (error instanceof LauncherError) {
    complain(`stint: ${error.message}`)
    Deno.exit(1)
  }
  throw error
}

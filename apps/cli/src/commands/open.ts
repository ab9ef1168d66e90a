import { DEFAULT_LIFETIME } from "@stint/domain/Tokens"
import process from "node:process"
import { type Command, type Flags, UsageError } from "../Command.ts"
import { openDevKey } from "../DevKey.ts"
import { longestLifetime } from "../Duration.ts"
import type { Io } from "../Io.ts"
import { requireStack } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { document } from "../Show/Fields.ts"
import { settingsOf, urlOf } from "../Stack/Settings.ts"
import { personOf, subjectOf } from "./token.ts"

/** The roles of people, and whom one is by default. */
const people = { customer: "sample-customer", operator: "operator", viewer: "viewer" } as const

const roleOf = (text: unknown): keyof typeof people => {
  if (typeof text === "string" && Object.hasOwn(people, text)) return text as keyof typeof people
  throw new UsageError("Say --role customer, operator or viewer.")
}

/** The program that opens an address in a browser, and its arguments. */
const browser = (url: string): readonly [string, ...ReadonlyArray<string>] => {
  switch (process.platform) {
    case "darwin":
      return ["open", url]
    case "win32":
      return ["rundll32", "url.dll,FileProtocolHandler", url]
    default:
      return ["xdg-open", url]
  }
}

/** Asks the front door for a code: the address has no token in it. */
const codeAt = async (io: Io, console: string, token: string, returnTo: unknown): Promise<string> => {
  const response = await io.fetch(`${console}/session/codes`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(returnTo === undefined ? {} : { return_to: returnTo }),
    signal: AbortSignal.timeout(10_000),
  }).catch(() => {
    throw new LauncherError(`Nothing answers at ${console}: start the stack with npm start.`)
  })
  const answer = await response.json().catch(() => ({})) as { readonly url?: string; readonly detail?: string }
  if (answer.url !== undefined) return answer.url
  throw new LauncherError(`${console} gives no code: ${answer.detail ?? `it answered ${response.status}`}.`)
}

const openBrowser = async (url: string): Promise<boolean> => {
  const [program, ...args] = browser(url)
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success
  } catch {
    return false
  }
}

const signIn = async (flags: Flags, io: Io): Promise<string> => {
  const { env } = io
  const settings = settingsOf(env)
  const role = roleOf(flags.role)
  const subject = flags.subject === undefined ? people[role] : subjectOf(flags.subject)
  const console = urlOf(settings, "gateway")
  if (settings.foreignTokens) throw new LauncherError(`Tokens come from another issuer: sign in at ${console}.`)
  await requireStack(settings.home)
  const ttl = Math.min(DEFAULT_LIFETIME, longestLifetime(env))
  const token = await (await openDevKey(settings.home, env)).sign({ role, subject, ...personOf(role, flags), ttl })
  return await codeAt(io, console, token, flags.path)
}

/** `stint open`: the console in a browser, signed in; its address on standard output. */
export const open: Command = {
  about:
    "Opens the console of the local stack in a browser, signed in, and prints the address. It holds a code that works once, " +
    "within a minute.",
  flags: {
    role: { value: "ROLE", about: "customer, operator or viewer", default: "operator" },
    subject: {
      value: "NAME",
      about: "as whom; sample-customer unless given for a customer, else the role's own name",
    },
    customer: { value: "ID", about: "with --role customer: the customer that --subject, a person, acts for" },
    duties: { value: "DUTIES", about: "what that person may do: reviewer, editor, reader; all unless given" },
    path: { value: "PATH", about: "the screen: /inbox" },
    print: { about: "prints the address, and opens nothing" },
    json: { about: "prints {url}, and opens nothing" },
  },
  run: async (flags, io) => {
    const url = await signIn(flags, io)
    if (flags.json === true) document(io, { url })
    else io.out(url)
    const opens = flags.print !== true && flags.json !== true
    if (opens && !(await openBrowser(url))) io.err("stint: no browser could be opened: go there by hand.")
    return 0
  },
}

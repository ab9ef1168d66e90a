import { roles, subjectPattern, subjectRule } from "@stint/domain/Tokens"
import process from "node:process"
import { type Command, UsageError } from "../Command.ts"
import { type Claims, openDevKey } from "../DevKey.ts"
import { homeOf } from "../Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Ten years. */
const longest = 3_650 * 86_400

const ttlOf = (text: string): number => {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []
  const ttl = Number(count) * seconds[unit ?? ""]!
  if (!(ttl <= longest)) {
    throw new UsageError(`--ttl ${JSON.stringify(text)} is no duration: say 90s, 15m, 24h or 7d, at most 3650d.`)
  }
  return ttl
}

const roleOf = (text: unknown): Claims["role"] => {
  const role = roles.find((role) => role === text)
  if (role !== undefined) return role
  throw new UsageError(`Say --role ${roles.slice(0, -1).join(", ")} or ${roles.at(-1)}.`)
}

const subjectOf = (text: unknown): string => {
  if (typeof text === "string" && subjectPattern.test(text)) return text
  throw new UsageError(`Say --subject NAME: ${subjectRule}.`)
}

/** `stint token`: a token for the local stack, and nothing else, on standard output. */
export const token: Command = {
  usage: `Usage: stint token --role ROLE --subject NAME [--ttl 24h]

Prints a token for the local stack, signed with the key in STINT_HOME (made when there is none).

  --role     customer, operator, viewer or service
  --subject  who it speaks for; for a customer the customer_id
  --ttl      how long it holds: 90s, 15m, 24h (default), 7d`,
  options: { role: { type: "string" }, subject: { type: "string" }, ttl: { type: "string", default: "24h" } },
  run: async (flags) => {
    const claims = { role: roleOf(flags.role), subject: subjectOf(flags.subject), ttl: ttlOf(String(flags.ttl)) }
    const { env } = process
    if (env.STINT_JWKS_URL || env.STINT_JWKS) {
      throw new LauncherError("The services take the tokens of STINT_JWKS_URL or STINT_JWKS: get one from its issuer.")
    }
    console.log(await (await openDevKey(homeOf(env), env)).sign(claims))
    return 0
  },
}

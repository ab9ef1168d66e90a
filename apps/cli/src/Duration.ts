import { LONGEST_LIFETIME } from "@stint/domain/Tokens"
import { UsageError } from "./Command.ts"
import { LauncherError } from "./Postgres/LauncherError.ts"

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** The seconds of a flag like `90s`, `15m`, `24h` or `7d`. Fails with a UsageError, also on more than `longest`, in seconds. */
export const secondsOf = (flag: string, text: string, longest: number): number => {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * units[unit ?? ""]!
  if (seconds <= longest) return seconds
  throw new UsageError(`--${flag} ${JSON.stringify(text)} is no duration: say 90s, 15m or 12h, at most ${longest}s.`)
}

/** How long a token may hold, in seconds: `STINT_TOKEN_MAX_LIFETIME`. Fails with a LauncherError when it is no number. */
export const longestLifetime = (
  { STINT_TOKEN_MAX_LIFETIME: text }: Readonly<Record<string, string | undefined>>,
): number => {
  if (!text) return LONGEST_LIFETIME
  if (/^[1-9]\d{1,8}$/.test(text)) return Number(text)
  throw new LauncherError(`STINT_TOKEN_MAX_LIFETIME is ${JSON.stringify(text)}: it must be a number of seconds.`)
}

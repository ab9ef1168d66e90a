/** Why a service can't start, in one sentence for the person who started it. */
import { Cause, Config, Data, Effect } from "effect"

/** A setting is wrong, or the thing that it names is not usable; a retry does not help. The message holds no secret. */
export class Refusal extends Data.TaggedError("Refusal")<{ readonly message: string }> {}

/**
 * A setting that is a whole number of `unit`, from `least` to `most`. Fails with a Refusal or a ConfigError. Its calls are read by
 * scripts/configuration.ts as well, for docs/configuration.md: numbers and unit stand there as they are.
 */
export const whole = (name: string, least: number, most: number, otherwise: number, unit: string) =>
  Config.Int(name).pipe(
    Config.withDefault(otherwise),
    Effect.filterOrFail(
      (n) => n >= least && n <= most,
      (n) => new Refusal({ message: `${name} is ${n}: it must be a whole number of ${unit} from ${least} to ${most}` }),
    ),
  )

/** The name of the variable and what it must be, from the message of a schema. */
const settingWords = (error: Config.ConfigError): string => {
  const text = error.message.replace(/^\w+\((.*)\)$/s, "$1")
  const name = /at \["(\w+)"\]/.exec(text)?.[1]
  const expected = text.split("\n")[0]!
  const allowed = [...expected.matchAll(/"([^"]*)"/g)].map(([, word]) => word)
  if (name === undefined) return text.replace(/\s+/g, " ")
  if (allowed.length > 0) return `${name} must be ${allowed.join(" or ")}`
  if (/^Expected (string$|a value with a length)/.test(expected)) return `${name} is not set`
  return `${name} can't be read: ${expected.charAt(0).toLowerCase()}${expected.slice(1)}`
}

/** Why the layers failed, in one sentence. */
export const sentenceOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof Config.ConfigError) return settingWords(error)
  const text = error instanceof Error && error.message !== "" ? error.message : String(error)
  return text.split("\n")[0]!
}

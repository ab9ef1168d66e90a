/**
 * Pure: what stands for the cause of a dead letter. The same cause gives the same fingerprint whatever goal failed of it:
 * what a message names (ids, numbers, instants, quoted values, urls) is left out. Script 170 says the same in SQL, for
 * the entries from before it; a test holds the two together.
 */
import type { ErrorType } from "@stint/domain/scheduler/Runs"
import type { AttemptError } from "./Outcome.ts"

/** What is left out of a message, in this order, and what stands for it. Instants are numbers in a row. */
const left: ReadonlyArray<readonly [RegExp, string]> = [
  [/[A-Za-z][A-Za-z0-9+.-]*:\/\/[^ \t\r\n]+/g, "<url>"],
  [/"[^"]*"|`[^`]*`|(?<![A-Za-z0-9])'[^']*'(?![A-Za-z0-9])/g, "<value>"],
  // ids of ours: a prefix and what has a digit in it; then bare uuids and long hexadecimals
  [/(?<![A-Za-z0-9])[A-Z]{3}-[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*/g, "<id>"],
  [/(?<![A-Za-z0-9])[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![A-Za-z0-9])/g, "<id>"],
  [/(?<![A-Za-z0-9])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{8,}(?![A-Za-z0-9])/g, "<id>"],
  [/[0-9]+([.:,][0-9]+)*/g, "#"],
]

/** A polynomial hash of the code points modulo a prime below 2^24, so that no step leaves the exact numbers. */
const lane = (text: string, base: number, prime: number): string => {
  let hash = 1
  for (const character of text) hash = (hash * base + character.codePointAt(0)!) % prime
  return hash.toString(16).padStart(6, "0")
}

/** 12 hexadecimal digits over the error type, the stable name of the error and what its message says besides what it names. */
export const fingerprintOf = (errorType: ErrorType, error: AttemptError): string => {
  const message = left.reduce((text, [what, by]) => text.replace(what, by), error.message)
  const cause = `${errorType}\n${error.type}\n${message}`
  return lane(cause, 8191, 16_777_213) + lane(cause, 131_071, 16_777_199)
}

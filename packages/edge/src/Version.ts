/** The version of this program, and how versions compare. */
import manifest from "../../../package.json" with { type: "json" }

/** As package.json of the repository has it: `0.3.0`. */
export const version: string = manifest.version

const numbersOf = (text: string) => text.split(".", 3).map((part) => Number.parseInt(part, 10))

/** Whether a version is that one or a later one. What follows the three numbers does not count. */
export const isAtLeast = (text: string, least: string): boolean => {
  const [given, wanted] = [numbersOf(text), numbersOf(least)]
  const at = wanted.findIndex((part, i) => part !== given[i])
  return at < 0 || given[at]! > wanted[at]!
}

/** The words of `npm run prove`. */
import { parseArgs } from "node:util"

/** What is to be attacked: a proof, `all`, or nothing: then they are listed. */
export interface Asked {
  readonly name: string | undefined
  readonly full: boolean
  readonly seed: number
}

/** Reads them. Fails with a sentence for whoever typed them. */
export const askedOf = (words: ReadonlyArray<string>, names: ReadonlyArray<string>): Asked => {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { full: { type: "boolean", default: false }, seed: { type: "string", default: "1" } },
  })
  if (positionals.length > 1) throw new Error("one proof at a time, or all.")
  if (!/^\d{1,9}$/.test(values.seed)) throw new Error("--seed takes a whole number of at most nine digits.")
  const [name] = positionals
  if (name !== undefined && name !== "all" && !names.includes(name)) {
    throw new Error(`there is no proof ${JSON.stringify(name)}; npm run prove lists them.`)
  }
  return { name, full: values.full, seed: Number(values.seed) }
}

/** Runs an attack from its begin to the end of all that it began. */
import type { Attack, Figure, Proof } from "./Proof.ts"

/** The line that tells what came of an attack, as JSON. */
export interface Report {
  readonly proof: string
  /** Whether the promise held. */
  readonly held: boolean
  /** The form, the seed, how many seconds it took, the attack's own figures, and how many violations it found. */
  readonly figures: Readonly<Record<string, Figure>>
}

/** What attacks began, the last first; each is ended once, whoever asks for it. */
const ends: Array<() => Promise<unknown>> = []
let ending: Promise<void> | undefined

/** Ends what attacks of this process began. */
export const endAll = (): Promise<void> =>
  ending ??= (async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      await end().catch((error) => console.error(`prove: what was begun could not be ended: ${error}`))
    }
    ending = undefined
  })()

/** Attacks one promise, telling how far it is and every way in which it did not hold; one attack at a time in a process. */
export const run = async (
  { attack, name }: Proof,
  { tell, ...how }: Pick<Attack, "full" | "seed" | "shared"> & { readonly tell: (line: string) => void },
): Promise<Report> => {
  const began = performance.now()
  const say = (line: string) => tell(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s: ${line}`)
  const { figures, violations } = await attack({ ...how, say, defer: (end) => ends.push(end) })
    .catch((error) => ({ figures: {}, violations: [`the attack broke off: ${error?.stack ?? error}`] }))
    .finally(endAll)
  for (const violation of violations) say(`DID NOT HOLD: ${violation}`)
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return {
    proof: name,
    held: violations.length === 0,
    figures: { form: how.full ? "full" : "quick", seed: how.seed, seconds, ...figures, violations: violations.length },
  }
}

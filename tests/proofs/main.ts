/** `npm run prove`: lists the promises, or attacks one, or the quick form of all. */
import process from "node:process"
import { parseArgs } from "node:util"
import { type Attack, type Proof } from "./Proof.ts"
import { proofs } from "./proofs.ts"

const usage = "Usage: npm run prove [-- NAME | all] [--full] [--seed N]"

const refuse = (why: string): never => {
  console.error(`prove: ${why} ${usage}`)
  process.exit(2)
}

const asked = () => {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { full: { type: "boolean", default: false }, seed: { type: "string", default: "1" } },
    })
    if (positionals.length > 1) throw new Error("one proof at a time, or all.")
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error("--seed takes a whole number of at most nine digits.")
    return { name: positionals[0], full: values.full, seed: Number(values.seed) }
  } catch (error) {
    return refuse((error as Error).message.replace(/([^.])$/, "$1.").replaceAll("\n", " "))
  }
}

const list = () => {
  for (const { attacks, name, promise, seconds } of proofs) {
    console.log(`${name.padEnd(12)} ${promise}\n${" ".repeat(13)}${attacks}`)
    console.log(
      `${" ".repeat(13)}quick ${seconds.quick} s, full ${seconds.full} s`,
    )
  }
  console.log(usage)
}

/** What an attack began, the last first; each is ended once, whoever asks for it. */
const ends: Array<() => Promise<unknown>> = []
let ending: Promise<void> | undefined
const endAll = (): Promise<void> =>
  ending ??= (async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      await end().catch((error) => console.error(`prove: what was begun could not be ended: ${error}`))
    }
    ending = undefined
  })()

/** Attacks one promise and prints its line, which is the last; whether it held. */
const prove = async ({ attack, name }: Proof, options: Pick<Attack, "full" | "seed">): Promise<boolean> => {
  const began = performance.now()
  const say = (line: string) => console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s: ${line}`)
  const { figures, violations } = await attack({ ...options, say, defer: (end) => ends.push(end) })
    .catch((error) => ({ figures: {}, violations: [`the attack broke off: ${error?.stack ?? error}`] }))
    .finally(endAll)
  for (const violation of violations) say(`DID NOT HOLD: ${violation}`)
  const held = violations.length === 0
  const { full, seed } = options
  const seconds = Math.round((performance.now() - began) / 100) / 10
  console.log(JSON.stringify({
    proof: name,
    held,
    figures: { form: full ? "full" : "quick", seed, seconds, ...figures, violations: violations.length },
  }))
  return held
}

const { full, name, seed } = asked()
if (name === undefined) {
  list()
  process.exit(0)
}
const chosen = name === "all" ? proofs : proofs.filter((proof) => proof.name === name)
if (chosen.length === 0) refuse(`there is no proof ${JSON.stringify(name)}; npm run prove lists them.`)
let told = false
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // a terminal and npm each pass on the same Ctrl-C
  process.on(signal, () => {
    if (told) return
    told = true
    console.error(`prove: ${signal}: ending what was begun`)
    endAll().finally(() => process.exit(130))
  })
}
const broken: Array<string> = []
for (const proof of chosen) if (!(await prove(proof, { full, seed }))) broken.push(proof.name)
if (name === "all") {
  console.log(
    broken.length === 0
      ? `all ${chosen.length} promises held`
      : `did not hold: ${broken.join(", ")} of ${chosen.length}`,
  )
}
process.exit(broken.length === 0 ? 0 : 1)

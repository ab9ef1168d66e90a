/** `npm run prove`: lists the promises, or attacks one, or the quick form of all. */
import process from "node:process"
import { parseArgs } from "node:util"
import { proofs } from "./proofs.ts"
import { endAll, run } from "./Run.ts"

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
for (const proof of chosen) {
  const report = await run(proof, { full, seed, tell: (line) => console.log(line) })
  console.log(JSON.stringify(report))
  if (!report.held) broken.push(proof.name)
}
if (name === "all") {
  console.log(
    broken.length === 0
      ? `all ${chosen.length} promises held`
      : `did not hold: ${broken.join(", ")} of ${chosen.length}`,
  )
}
process.exit(broken.length === 0 ? 0 : 1)

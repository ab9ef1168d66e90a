/** `npm run prove`: lists the promises, or attacks one, or the quick form of all. */
import process from "node:process"
import { type Asked, askedOf } from "./Asked.ts"
import { proofs } from "./proofs.ts"
import { endAll, run } from "./Run.ts"

const usage = "Usage: npm run prove [-- NAME | all] [--full] [--seed N]"

const asked = (): Asked => {
  try {
    return askedOf(process.argv.slice(2), proofs.map(({ name }) => name))
  } catch (error) {
    console.error(`prove: ${(error as Error).message.replace(/([^.])$/, "$1.").replaceAll("\n", " ")} ${usage}`)
    process.exit(2)
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

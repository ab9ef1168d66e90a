/** Runs proofs: by the command, as a user does, and in this process. */
import { assert, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Attack, Proof } from "../proofs/Proof.ts"
import { proofs } from "../proofs/proofs.ts"
import { run } from "../proofs/Run.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs the command with these words; its exit status, and the lines that it printed. */
export const prove = (...words: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number | null; readonly lines: ReadonlyArray<string>; readonly complaint: string }>(
    (resolve, reject) => {
      const child = spawn("node", ["scripts/deno.js", "run", "-A", "tests/proofs/main.ts", ...words], { cwd: root })
      let printed = ""
      let complaint = ""
      child.stdout.on("data", (chunk) => printed += chunk)
      child.stderr.on("data", (chunk) => complaint += chunk)
      child.once("error", reject)
      child.once("close", (code) => resolve({ code, lines: printed.trimEnd().split("\n"), complaint }))
    },
  )

/** Those that CI leaves to a release (proofs.release.test.ts): they cost most, and attack what other tests hold as well. */
const AT_RELEASE = [
  "budget",
  "explain",
  "fairness",
  "freeze",
  "hostile",
  "idle",
  "notices",
  "outage",
  "poison",
  // faults.test.ts kills each process while 200 goals are due
  "recovery",
  "restore",
  "slow",
]

/** The proofs that CI runs at every change, and those of a release. */
export const [atRelease, everyTime] = [
  proofs.filter(({ name }) => AT_RELEASE.includes(name)),
  proofs.filter(({ name }) => !AT_RELEASE.includes(name)),
]

/** The proof that is run by the command: it loads mutants of modules, which a test's own loader can't. */
export const BY_COMMAND = "calendar"

/**
 * Those that kill no process of the stack they stand on (the schedulers of a fleet are their own), leave it as it was, and count
 * only what is their customer's: in tests they share one, each start of which costs some seconds of CPU.
 */
const SHARING = ["replicas", "pause", "audit", "isolation"]
export const sharing = everyTime.filter(({ name }) => SHARING.includes(name))
/** Two halves of the others of a change. */
const alone = everyTime.filter(({ name }) => !SHARING.includes(name))
export const [oneHalf, otherHalf] = [
  alone.filter((_, nth) => nth % 2 === 0),
  alone.filter((_, nth) => nth % 2 === 1),
]

/** A test for the quick form of each of these proofs, in this process: a command imports the whole program anew each time. */
export const holds = (some: ReadonlyArray<Proof>, shared: () => Attack["shared"] = () => undefined): void => {
  for (const proof of some) {
    if (proof.name === BY_COMMAND) continue
    it(`${proof.name}: ${proof.promise}`, async () => {
      const lines: Array<string> = []
      const stack = shared()
      const { held } = await run(proof, {
        full: false,
        seed: 7,
        tell: (line) => lines.push(line),
        ...(stack === undefined ? {} : { shared: stack }),
      })
      assert.isTrue(held, lines.join("\n"))
    })
  }
}

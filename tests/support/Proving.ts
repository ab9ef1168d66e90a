/** Runs proofs as a user does, and judges what they print. */
import { assert, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Proof } from "../proofs/Proof.ts"

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

/** A test for the quick form of each of these proofs. */
export const holds = (some: ReadonlyArray<Proof>): void => {
  for (const { name, promise } of some) {
    it(`${name}: ${promise}`, async () => {
      const { code, complaint, lines } = await prove(name, "--seed", "7")
      const last = JSON.parse(lines.at(-1)!)
      assert.deepStrictEqual(Object.keys(last), ["proof", "held", "figures"])
      assert.deepStrictEqual(
        [last.proof, last.held, last.figures.seed],
        [name, true, 7],
        `${lines.join("\n")}${complaint}`,
      )
      assert.strictEqual(code, 0)
    })
  }
}

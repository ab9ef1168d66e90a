/** The quick form of every proof, as `npm run prove -- NAME` runs it: what the README promises is attacked on every change. */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { proofs } from "../proofs/proofs.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs the command with these words; its exit status, and the lines that it printed. */
const prove = (...words: ReadonlyArray<string>) =>
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

describe("npm run prove", () => {
  it("lists every promise with what it costs", async () => {
    const { code, lines } = await prove()
    assert.strictEqual(code, 0)
    for (const { name, promise } of proofs) assert.include(lines.join("\n"), `${name.padEnd(12)} ${promise}`)
  })

  it("refuses what it does not know, in a sentence", async () => {
    for (const words of [["nothing"], ["calendar", "--fast"], ["calendar", "--seed", "x"], ["calendar", "idle"]]) {
      const { code, complaint } = await prove(...words)
      assert.strictEqual(code, 2, words.join(" "))
      assert.match(complaint, /^prove: .+\. Usage: npm run prove/s, words.join(" "))
    }
  })

  for (const { name, promise } of proofs) {
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
})

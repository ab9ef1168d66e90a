/** The command that runs proofs, and the quick form of half of those that CI runs: what the README promises is attacked on every change. */
import { assert, describe, it } from "@effect/vitest"
import { proofs } from "../proofs/proofs.ts"
import { BY_COMMAND, everyTime, holds, prove } from "../support/Proving.ts"

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

  it("attacks one, and its last line tells what came of it", async () => {
    const { code, complaint, lines } = await prove(BY_COMMAND, "--seed", "7")
    const last = JSON.parse(lines.at(-1)!)
    assert.deepStrictEqual(Object.keys(last), ["proof", "held", "figures"], complaint)
    assert.deepStrictEqual([last.proof, last.held, last.figures.seed], [BY_COMMAND, true, 7], lines.join("\n"))
    assert.strictEqual(code, 0)
  })

  holds(everyTime.filter((_, nth) => nth % 2 === 0))
})

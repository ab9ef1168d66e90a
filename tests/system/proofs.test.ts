/** The quick form of every third proof, as `npm run prove -- NAME` runs it: what the README promises is attacked on every change. */
import { assert, describe, it } from "@effect/vitest"
import { proofs } from "../proofs/proofs.ts"
import { holds, prove } from "../support/Proving.ts"

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

  holds(proofs.filter((_, nth) => nth % 3 === 0))
})

/** The command that runs proofs, and the quick form of some of those that CI runs: what the README promises is attacked on every change. */
import { assert, describe, it } from "@effect/vitest"
import { askedOf } from "../proofs/Asked.ts"
import { proofs } from "../proofs/proofs.ts"
import { BY_COMMAND, holds, otherHalf, prove } from "../support/Proving.ts"

describe("npm run prove", () => {
  it("lists every promise with what it costs", async () => {
    const { code, lines } = await prove()
    assert.strictEqual(code, 0)
    for (const { name, promise } of proofs) assert.include(lines.join("\n"), `${name.padEnd(12)} ${promise}`)
  })

  it("refuses what it does not know, in a sentence", async () => {
    const { code, complaint } = await prove("nothing")
    assert.strictEqual(code, 2)
    assert.match(complaint, /^prove: there is no proof "nothing"; npm run prove lists them\. Usage: npm run prove/)
    const names = proofs.map(({ name }) => name)
    for (
      const [words, says] of [
        ["calendar --fast", /'--fast'/],
        ["calendar --seed x", /--seed takes a whole number/],
        ["calendar idle", /one proof at a time/],
      ] as const
    ) assert.throws(() => askedOf(words.split(" "), names), says)
  })

  it("attacks one, and its last line tells what came of it", async () => {
    const { code, complaint, lines } = await prove(BY_COMMAND, "--seed", "7")
    const last = JSON.parse(lines.at(-1)!)
    assert.deepStrictEqual(Object.keys(last), ["proof", "held", "figures"], complaint)
    assert.deepStrictEqual([last.proof, last.held, last.figures.seed], [BY_COMMAND, true, 7], lines.join("\n"))
    assert.strictEqual(code, 0)
  })

  holds(otherHalf)
})

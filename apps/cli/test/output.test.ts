import { assert, describe, it } from "vitest"
import { standardOutput } from "../src/Output.ts"

describe("standard output", () => {
  it("keeps no line back, however soon it comes after the ones before", async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      let text = ""
      const output = standardOutput(async (bytes) => {
        await Promise.resolve()
        text += new TextDecoder().decode(bytes)
        return bytes.length
      })
      output.line("one")
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
      output.line("two")
      await output.flush()
      assert.strictEqual(text, "one\ntwo\n", `${ticks} ticks later`)
    }
  })

  it("goes on when nobody reads any more", async () => {
    const output = standardOutput(() => Promise.reject(new Error("broken pipe")))
    output.line("one")
    await output.flush()
    output.line("two")
    await output.flush()
  })
})

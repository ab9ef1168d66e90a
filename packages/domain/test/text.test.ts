import { assert, it } from "@effect/vitest"
import { clipped } from "../src/Text.ts"

it("text is clipped to so many code units, with an end that says so, and never within a surrogate pair", () => {
  assert.deepStrictEqual([clipped("abc", 3), clipped("abcd", 3), clipped("abc", 1), clipped("abc", 0)], [
    "abc",
    "ab…",
    "…",
    "…",
  ])
  assert.strictEqual(clipped("a😀bc", 3), "a\ufffd…")
})

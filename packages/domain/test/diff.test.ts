/** How two contents differ. */
import { assert, describe, it } from "@effect/vitest"
import { canonicalJson } from "@stint/domain/Canonical"
import { differences, wordChanges } from "@stint/domain/deliverables/Diff"
import type { Schema } from "effect"

type Json = Schema.Json

/** Numbers that are the same in each run (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const pick = <A>(next: () => number, items: ReadonlyArray<A>): A => items[Math.floor(next() * items.length)]!
const words = ["sun", "rise", "dental", "care", "don't", "प्रकाश", "🦷", "a", "\n", "—"]

const textOf = (next: () => number) =>
  Array.from({ length: Math.floor(next() * 12) }, () => pick(next, words)).join(pick(next, [" ", "", ", "]))
const jsonOf = (next: () => number, depth = 0): Json => {
  const kind = Math.floor(next() * (depth > 3 ? 4 : 6))
  if (kind < 2) return textOf(next)
  if (kind === 2) return Math.round(next() * 3)
  if (kind === 3) return pick(next, [true, false, null])
  const size = Math.floor(next() * 5)
  return kind === 4 ? Array.from({ length: size }, () => jsonOf(next, depth + 1)) : Object.fromEntries(
    Array.from({ length: size }, () => [pick(next, ["a", "b", "c", "d"]), jsonOf(next, depth + 1)]),
  )
}
/** The same with a few things changed. */
const changed = (next: () => number, value: Json): Json => {
  if (next() < 0.15) return jsonOf(next, 3)
  if (typeof value === "string") return next() < 0.4 ? value.replace(pick(next, words), pick(next, words)) : value
  if (Array.isArray(value)) {
    return value.flatMap((item) => next() < 0.15 ? [] : next() < 0.15 ? [item, jsonOf(next, 3)] : [changed(next, item)])
  }
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(next, item as Json)]))
}
const at = (value: Json, path: ReadonlyArray<string | number>): unknown =>
  // deno-lint-ignore no-explicit-any
  path.reduce<any>((now, key) => now?.[key], value)
const joined = (changes: ReturnType<typeof wordChanges>, kind: "removed" | "added") =>
  changes.filter((one) => one.kind === "same" || one.kind === kind).map(({ text }) => text).join("")

describe("the words of two texts", () => {
  it("are told apart", () => {
    assert.deepStrictEqual(wordChanges("Brush twice a day.", "Brush thrice a day!"), [
      { kind: "same", text: "Brush " },
      { kind: "removed", text: "twice" },
      { kind: "added", text: "thrice" },
      { kind: "same", text: " a day" },
      { kind: "removed", text: "." },
      { kind: "added", text: "!" },
    ])
    assert.deepStrictEqual(wordChanges("", "new"), [{ kind: "added", text: "new" }])
    assert.deepStrictEqual(wordChanges("old", ""), [{ kind: "removed", text: "old" }])
    assert.deepStrictEqual(wordChanges("don't", "don't"), [{ kind: "same", text: "don't" }])
  })

  it("make up both texts, whatever these are", () => {
    for (let seed = 0; seed < 2_000; seed++) {
      const next = random(seed)
      const [before, after] = [textOf(next), textOf(next)]
      const changes = wordChanges(before, after)
      assert.strictEqual(joined(changes, "removed"), before, `seed ${seed}`)
      assert.strictEqual(joined(changes, "added"), after, `seed ${seed}`)
      assert.isTrue(changes.every(({ text }, i) => text !== "" && changes[i - 1]?.kind !== changes[i]!.kind))
    }
  })

  it("of long texts that have nothing in common cost little", () => {
    const next = random(7)
    const long = (from: number) =>
      Array.from({ length: 16_000 }, () => `${from + Math.floor(next() * 3)} `).join("").slice(0, 64 * 1024)
    const [before, after] = [long(0), long(1)]
    // some 10 ms; without its budget it would be minutes, which no test has
    const changes = wordChanges(before, after)
    assert.strictEqual(joined(changes, "removed"), before)
    assert.strictEqual(joined(changes, "added"), after)
  })

  it("that differ in little are found in long texts as well", () => {
    const lines = Array.from({ length: 4_000 }, (_, i) => `line ${i} says something`).join("\n")
    const changes = wordChanges(lines, lines.replace("line 2000 says", "line 2000 tells"))
    assert.deepStrictEqual(changes.filter(({ kind }) => kind !== "same"), [
      { kind: "removed", text: "says" },
      { kind: "added", text: "tells" },
    ])
  })
})

describe("the differences of two contents", () => {
  it("are by path", () => {
    const { changes, omitted } = differences(
      { title: "a", gone: 1, list: [{ n: 1 }, { n: 2 }, { n: 3 }] },
      { title: "b", list: [{ n: 0 }, { n: 1 }, { n: 3 }], new: [true] },
    )
    assert.strictEqual(omitted, 0)
    assert.deepStrictEqual(changes.map(({ words: _, ...change }) => change), [
      { path: ["title"], before: "a", after: "b" },
      { path: ["gone"], before: 1 },
      { path: ["list", 0], after: { n: 0 } },
      { path: ["list", 1], before: { n: 2 } },
      { path: ["new"], after: [true] },
    ])
    assert.deepStrictEqual(changes[0]!.words, [{ kind: "removed", text: "a" }, { kind: "added", text: "b" }])
  })

  it("are none exactly where the contents are the same, and each is what stands at its path", () => {
    for (let seed = 0; seed < 3_000; seed++) {
      const next = random(seed)
      const from = jsonOf(next)
      const to = next() < 0.1 ? structuredClone(from) : changed(next, from)
      const { changes } = differences(from, to)
      assert.strictEqual(changes.length === 0, canonicalJson(from) === canonicalJson(to), `seed ${seed}`)
      for (const change of changes) {
        const { after, path } = change
        // of what was removed, what stood around it is still there
        if (after === undefined) assert.isTrue(typeof at(to, path.slice(0, -1)) === "object", `seed ${seed}`)
        else assert.deepStrictEqual(after, at(to, path), `seed ${seed}`)
        if (change.words === undefined) continue
        assert.strictEqual(joined(change.words, "removed"), change.before, `seed ${seed}`)
        assert.strictEqual(joined(change.words, "added"), change.after, `seed ${seed}`)
      }
    }
  })

  it("are at most 500, and the others are counted", () => {
    const { changes, omitted } = differences(
      Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`k${i}`, i])),
      Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`k${i}`, i + 1])),
    )
    assert.deepStrictEqual([changes.length, omitted], [500, 200])
  })
})

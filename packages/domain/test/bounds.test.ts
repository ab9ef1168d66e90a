/** The one setting of all bounds: what it changes, and what it says of a wrong one (domain.md, "Bounds"). */
import { boundNames, Bounds, defaults, meaningOf, parseBounds } from "@stint/domain/Bounds"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"

describe("STINT_BOUNDS", () => {
  it("changes what it names and leaves the rest", () => {
    assert.deepStrictEqual(Result.getOrThrow(parseBounds("")), defaults)
    const changed = Result.getOrThrow(parseBounds(" list_items=7, goals_per_hire = 3 ,"))
    assert.deepStrictEqual(changed, { ...defaults, list_items: 7, goals_per_hire: 3 })
  })

  it("has the defaults of domain.md", () => {
    const { document_bytes, document_keys, faults, fault_chars, list_items, text_bytes } = defaults
    assert.deepStrictEqual(
      { document_bytes, document_keys, faults, fault_chars, list_items, text_bytes },
      {
        document_bytes: 65_536,
        document_keys: 1_000,
        faults: 50,
        fault_chars: 300,
        list_items: 1_000,
        text_bytes: 16_384,
      },
    )
    assert.strictEqual(defaults.answer_bytes, 2 * 1024 * 1024)
    for (const name of boundNames) assert.isNotEmpty(meaningOf(name), name)
  })

  it("is refused in a sentence that names it", () => {
    const wrong = {
      "list_item=5": /^STINT_BOUNDS names list_item, which is no bound; bounds are body_bytes, /,
      "toString=5": /^STINT_BOUNDS names toString, which is no bound/,
      "list_items": /^STINT_BOUNDS has "list_items": it is a list of name=value/,
      "list_items=ten": /^STINT_BOUNDS has "list_items=ten"/,
      "list_items=1.5": /^STINT_BOUNDS has "list_items=1.5"/,
      "list_items=-1": /^STINT_BOUNDS has "list_items=-1"/,
      "list_items=0": /^STINT_BOUNDS sets list_items to 0: it must be a whole number from 1 to 1000000000$/,
      "list_items=2000000000": /^STINT_BOUNDS sets list_items to 2000000000/,
      "list_items=5,list_items=6": /^STINT_BOUNDS names list_items twice$/,
    }
    for (const [setting, says] of Object.entries(wrong)) {
      const parsed = parseBounds(setting)
      assert.isTrue(Result.isFailure(parsed), setting)
      if (Result.isFailure(parsed)) assert.match(parsed.failure, says)
    }
  })

  it.effect("is a reference: the defaults hold where nothing fills it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Bounds, defaults)
    }))
})

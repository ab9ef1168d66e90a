/** Whatever keeps a service from starting is one sentence that a person can act on. */
import { Refusal, sentenceOf } from "@stint/edge/Refusal"
import { assert, it } from "@effect/vitest"
import { Cause, Config, ConfigProvider, Effect, Schema } from "effect"

const modes = Config.schema(Schema.Literals(["memory", "db"]), "STINT_MODE")
const url = Config.schema(Schema.NonEmptyString, "STINT_URL")

/** The sentence for what reading a setting from this environment fails with. */
const sentence = <A>(config: Config.Config<A>, env: Record<string, string>) =>
  Effect.gen(function* () {
    const cause = yield* Effect.flip(Effect.sandbox(config.parse(ConfigProvider.fromEnvRecord(env))))
    return sentenceOf(cause)
  })

it.effect("a setting is named, with what it may be", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* sentence(modes, { STINT_MODE: "disk" }), "STINT_MODE must be memory or db")
    assert.strictEqual(yield* sentence(modes, { STINT_MODE: "" }), "STINT_MODE must be memory or db")
    assert.strictEqual(yield* sentence(Config.String("STINT_URL"), {}), "STINT_URL is not set")
    assert.strictEqual(yield* sentence(url, { STINT_URL: "" }), "STINT_URL is not set")
    assert.match(yield* sentence(Config.Int("STINT_POOL"), { STINT_POOL: "many" }), /^STINT_POOL can't be read: \S.*$/)
    assert.match(yield* sentence(Config.Boolean("STINT_FLAG"), { STINT_FLAG: "maybe" }), /^STINT_FLAG must be true or/)
  }))

it("anything else is its own words, one line of them", () => {
  assert.strictEqual(sentenceOf(Cause.fail(new Refusal({ message: "the port is taken" }))), "the port is taken")
  assert.strictEqual(sentenceOf(Cause.die(new Error("first\nsecond"))), "first")
  assert.strictEqual(sentenceOf(Cause.fail("a word")), "a word")
  assert.match(sentenceOf(Cause.die(new TypeError(""))), /^TypeError/)
})

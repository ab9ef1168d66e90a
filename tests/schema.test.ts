/** Every service's own scripts: up, all the way down and up again, with rows in the tables, beside another migrator. */
import { assert, describe, it } from "@effect/vitest"
import { services } from "@stint/cli/Provision"
import { down, migrate, status } from "@stint/edge/Migrator"
import { Effect } from "effect"
import { fill, isEmpty, isWhole, targetOf } from "./support/Schema.ts"

describe("sql", () => {
  for (const service of services) {
    it.live(`the scripts of ${service} go up, down and up, with rows in the tables`, () =>
      Effect.gen(function* () {
        const target = yield* targetOf(service)
        const { applied } = yield* migrate(target)
        yield* fill(service, target)
        assert.deepStrictEqual((yield* migrate(target)).applied, [])
        const { undone } = yield* down(target)
        assert.deepStrictEqual(undone.toReversed(), applied)
        yield* isEmpty(target)
        assert.deepStrictEqual((yield* migrate(target)).applied, applied)
        yield* fill(service, target)
        yield* isWhole(target)
      }).pipe(Effect.scoped))

    it.live(`the scripts of ${service} go down and up one by one`, () =>
      Effect.gen(function* () {
        const target = yield* targetOf(service)
        const { applied } = yield* migrate(target)
        yield* fill(service, target)
        const stops = applied.filter((name) => !/^phase2_0[1-4]/.test(name)).toReversed().slice(1)
        for (const to of stops) {
          assert.strictEqual((yield* down({ ...target, to })).undone.length, 1)
          assert.strictEqual((yield* status(target)).applied.at(-1), to)
        }
        yield* migrate(target)
        yield* isWhole(target)
      }).pipe(Effect.scoped))

    it.live(`two migrators of ${service} at the same instant, up and down: one does it, the other waits`, () =>
      Effect.gen(function* () {
        const target = yield* targetOf(service)
        const both = <A, E>(effect: Effect.Effect<A, E>) => Effect.all([effect, effect], { concurrency: "unbounded" })
        const up = yield* both(migrate(target))
        const all = up.map(({ applied }) => applied.length).toSorted((a, b) => a - b)
        assert.strictEqual(all[0], 0)
        assert.isAbove(all[1]!, 0)
        yield* fill(service, target)
        const undone = yield* both(down(target))
        assert.deepStrictEqual(undone.map(({ undone }) => undone.length).toSorted((a, b) => a - b), all)
        yield* isEmpty(target)
        // One of each: whichever comes second finds a schema that is whole or gone
        yield* migrate(target)
        yield* Effect.all([migrate(target), down(target)], { concurrency: "unbounded" })
        const { applied } = yield* status(target)
        if (applied.length > 0) yield* isWhole(target)
        else yield* isEmpty(target)
      }).pipe(Effect.scoped))
  }
})

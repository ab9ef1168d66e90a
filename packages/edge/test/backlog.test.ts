import { Backlog } from "@stint/edge/Audit/Backlog"
import { assert, it } from "@effect/vitest"
import { Schema } from "effect"

const Step = Schema.Literals(["push", "unshift", "shift", "pop"])
/** More is added than taken, so that it grows past its first slots. */
const Steps = Schema.Array(Step).check(Schema.isMinLength(50))

it.prop("a backlog is a list, whatever is added and taken at both ends", [Steps], ([steps]) => {
  const [backlog, list] = [new Backlog<number>(), [] as Array<number>]
  for (const [n, step] of steps.flatMap((step) => ["push" as const, step]).entries()) {
    if (step === "push" || step === "unshift") {
      backlog[step](n)
      list[step](n)
    } else assert.strictEqual(backlog[step](), list[step]())
    assert.deepStrictEqual([backlog.length, backlog.first], [list.length, list[0]])
  }
  assert.deepStrictEqual(list.map(() => backlog.shift()), list)
})

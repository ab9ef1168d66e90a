/** The plan of a migration: the order of the scripts, up and down. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { planOf } from "../src/Migrator/Plan.ts"

describe("Plan", () => {
  const names = (files: ReadonlyArray<string>) =>
    Result.map(planOf(files.map((name) => ({ name, sql: "" }))), (plan) => ({
      up: plan.up.map(({ name }) => name),
      down: plan.down.map(({ file }) => file),
    }))

  it("phase 2 goes first and comes back as one", () => {
    const plan = Result.getOrThrow(names([
      "020_b.up.sql",
      "010_a.up.sql",
      "phase2_99_rollback.sql",
      "phase2_02_dlq.sql",
      "phase2_06_verify.sql",
      "010_a.down.sql",
      "020_b.down.sql",
      "phase2_01_state.sql",
      "grants.sql",
      "verify.sql",
      "rollback.sql",
    ]))
    assert.deepStrictEqual(plan.up, ["phase2_01_state", "phase2_02_dlq", "010_a", "020_b"])
    assert.deepStrictEqual(plan.down, ["020_b.down.sql", "010_a.down.sql", "phase2_99_rollback.sql"])
  })

  it("refuses a name without a rule, and a script without its way back", () => {
    assert.isTrue(Result.isFailure(names(["10_a.up.sql"])))
    assert.isTrue(Result.isFailure(names(["010_a.up.sql"])))
    assert.isTrue(Result.isFailure(names(["phase2_01_a.sql"])))
  })
})

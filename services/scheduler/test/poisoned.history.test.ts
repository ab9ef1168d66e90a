/** A3: a version of a goal that can't be read stops no other goal, and the goal's other versions hold. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { even, every, explain, goalRow, MINUTE, minutes, pause, slots, stored, told } from "./EditsHarness.ts"
import { change, materialise } from "./EngineHarness.ts"

layer(stored, { excludeTestServices: true })("a poisoned version of a goal", (it) => {
  /** A goal of every minute, of even minutes and of every minute again, paused so that all of it is decided at once. */
  const edited = Effect.gen(function* () {
    const now = Math.floor(Date.now() / MINUTE) * MINUTE + 30_000 - MINUTE
    const goal = told()
    const [start, first, second] = [now - 9 * MINUTE, now - 6 * MINUTE, now - 3 * MINUTE]
    yield* change([goal.rehire(start, {}), goal.edit(start, every)])
    yield* pause(goal.hire, "paused")
    yield* change([goal.edit(first, even)])
    yield* change([goal.edit(second, every)])
    yield* pause(goal.hire, "running")
    return { ...goal, start, first, second, now }
  })
  const poison = (id: string, valid_from: number) =>
    Effect.flatMap(PgClient.PgClient, (sql) =>
      // versions are written and removed, never changed
      sql`with gone as (
          delete from goal_history where goal_instance_id = ${id} and valid_from = ${new Date(valid_from)} returning *)
        insert into goal_history
          select (jsonb_populate_record(null::goal_history, to_jsonb(gone) || '{"schedule": []}')).* from gone`)
  const missed = (id: string) =>
    Effect.flatMap(
      PgClient.PgClient,
      (sql) =>
        sql<{ from: Date; to: Date; reason_code: string }>`select from_slot as from, to_slot as to, reason_code
        from missed_slots where goal_instance_id = ${id}`,
    )

  it.effect("A3: in the middle: its slots are recorded as not known, and all others are made", () =>
    Effect.gen(function* () {
      const bad = yield* edited
      const good = yield* edited
      yield* poison(bad.id, bad.first)
      yield* materialise
      const all = yield* slots(good.id)
      const evens = minutes(good.first, good.second).filter((slot) => slot / MINUTE % 2 === 0)
      assert.includeMembers(all, [...minutes(good.start, good.first), ...evens, ...minutes(good.second, good.now)])
      assert.deepStrictEqual(
        (yield* slots(bad.id)).filter((slot) => slot <= bad.now),
        [...minutes(bad.start, bad.first), ...minutes(bad.second, bad.now)],
      )
      const [range, ...others] = yield* missed(bad.id)
      assert.deepStrictEqual([range!.reason_code, range!.from.getTime(), range!.to.getTime(), others.length], [
        "schedule_invalid",
        bad.first + 1,
        bad.second,
        0,
      ])
      assert.deepStrictEqual(yield* missed(good.id), [])
      assert.isNotNull((yield* goalRow(bad.id))?.next)
      // odd ones and even ones: which of them were slots is not known
      for (const lost of minutes(bad.first, bad.second)) {
        const { because, reason_code, sentence, verdict } = yield* explain(bad.id, lost)
        assert.strictEqual(reason_code, "schedule_invalid")
        assert.include(["missed", "not_known"], verdict)
        assert.include([sentence, ...because].join(" "), "can't be read")
      }
    }))

  it.effect("A3: the present one: the goal's row says what holds", () =>
    Effect.gen(function* () {
      const goal = yield* edited
      yield* poison(goal.id, goal.second)
      yield* materialise
      assert.includeMembers(yield* slots(goal.id), minutes(goal.second, goal.now))
      assert.isNotNull((yield* goalRow(goal.id))?.next)
      assert.deepStrictEqual(yield* missed(goal.id), [])
    }))

  it.effect("A3: a goal that has one can be edited and deleted, with others on the same page of the feed", () =>
    Effect.gen(function* () {
      const goal = yield* edited
      const other = yield* edited
      yield* poison(goal.id, goal.second)
      yield* change([goal.edit(Date.now(), even), other.edit(Date.now(), even)])
      assert.isNotNull((yield* goalRow(goal.id))?.next)
      yield* change([goal.edit(Date.now(), { deleted: true }), other.edit(Date.now(), { deleted: true })])
      assert.isUndefined(yield* goalRow(goal.id))
      assert.isUndefined(yield* goalRow(other.id))
    }))
})

/** Cron expressions as people write them (domain.md, "Rules: when it runs"). */
import { parseCron } from "@stint/domain/Cron"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

const patternOf = (expression: string) => Result.getOrThrow(parseCron(expression)).pattern
const timesOf = (expression: string) => Result.getOrThrow(parseCron(expression)).times
const same = (one: string, other: string) =>
  assert.deepStrictEqual(patternOf(one), patternOf(other), `${one} is ${other}`)

describe("a cron expression", () => {
  it("D13: a range by name may go over the end of the week or the year", () => {
    same("0 9 * * fri-sun", "0 9 * * 5-7")
    same("0 9 * * FRI-Sun", "0 9 * * 5-7")
    same("0 9 * * 5-sun", "0 9 * * 5-7")
    same("0 9 * * sat-mon", "0 9 * * 6,0,1")
    same("0 9 * * sun-tue", "0 9 * * 0-2")
    same("0 9 * * mon-sun", "0 9 * * 1-7")
    same("0 9 * * wed,fri-sun", "0 9 * * 3,5-7")
    same("0 9 * * fri-tue/2", "0 9 * * 5,0,2")
    same("0 9 * * fri-sun/3", "0 9 * * 5")
    same("0 9 1 nov-feb *", "0 9 1 11,12,1,2 *")
    same("0 9 1 nov-mar/2 *", "0 9 1 11,1,3 *")
    same("0 9 1 dec-jan,jun *", "0 9 1 12,1,6 *")
    same("0 9 1 jan-dec *", "0 9 1 1-12 *")
  })

  it("D13: a range by number that ends before it begins is the same as by name, in every field", () => {
    same("0 9 * * 5-1", "0 9 * * fri-mon")
    same("0 9 * * 5-0", "0 9 * * 5-7")
    same("0 9 * * 6-1", "0 9 * * sat-mon")
    same("0 9 * * 7-1", "0 9 * * 0,1")
    same("0 9 * * 7-sat", "0 9 * * *")
    same("0 9 * * 7-7", "0 9 * * 0")
    same("0 9 * * sun-7/3", "0 9 * * 0,3,6")
    same("0 9 * * 5-2/2", "0 9 * * fri-tue/2")
    same("0 9 1 11-2 *", "0 9 1 nov-feb *")
    same("0 9 28-3 * *", "0 9 28,29,30,31,1,2,3 * *")
    assert.deepStrictEqual(timesOf("0 22-2 * * *"), timesOf("0 22,23,0,1,2 * * *"))
    assert.deepStrictEqual(timesOf("50-10/15 3 * * *"), timesOf("50,5 3 * * *"))
  })

  it("D13: what is no range is refused", () => {
    const refused = [
      "0 24-2 * * *",
      "60-1 9 * * *",
      "0 9 0-31 * *",
      "0 9 31-0 * *",
      "0 9 1 12-0 *",
      "0 22-2/0 * * *",
      "0 9 * * 8-1",
      "0 9 * * fri-",
      "0 9 * * -sun",
      "0 9 * * fri-sun-mon",
      "0 9 * * fri-sun/0",
      "0 9 * * fri-xyz",
      "0 9 * * jan-feb",
      "0 9 1 mon-fri *",
      "0 9 * * fri-8",
      "0 9 * * friday-sunday",
    ]
    for (const expression of refused) assert.isTrue(Result.isFailure(parseCron(expression)), expression)
  })
})

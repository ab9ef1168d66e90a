/**
 * The calendar against an independent one, and mutants of the evaluator, each of which that comparison must catch.
 *
 * Would catch: any rule, zone or clock change that the evaluator gets wrong; and, by its mutants, an oracle too small to
 * see a fold that fires twice, a gap that is skipped, a month end, a zone or a week that is wrong.
 */
import { root } from "@stint/cli/Home"
import type { Rule } from "@stint/domain/Schedule"
import { between } from "@stint/scheduler/Calendar"
import { createHash } from "node:crypto"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Proof } from "./Proof.ts"

const MINUTE = 60_000
const scheduler = join(root, "services/scheduler")
const domain = join(root, "packages/domain/src")

interface Zone {
  readonly zone: string
  readonly from: number
  readonly to: number
  /** For each rule: how many slots, and the digest of all of them. */
  readonly slots: ReadonlyArray<readonly [count: number, sha256: string, near: ReadonlyArray<number>]>
}
interface Oracle {
  readonly rules: ReadonlyArray<Record<string, unknown>>
  readonly zones: ReadonlyArray<Zone>
}

const readOracle = async (): Promise<Oracle> => {
  const lines = (await readFile(join(scheduler, "test/oracle/oracle.jsonl"), "utf8")).trim().split("\n")
  const [head, ...zones] = lines.map((line) => JSON.parse(line))
  return { rules: head.rules, zones }
}

/** The rule and zone pairs on which an evaluator differs from the oracle; it stops at the first if told so. */
const differences = ({ rules, zones }: Oracle, evaluate: typeof between, first = false) => {
  const found: Array<string> = []
  let slots = 0
  for (const { from, slots: wanted, to, zone } of zones) {
    for (const [nth, fields] of rules.entries()) {
      const [count, sha256] = wanted[nth]!
      const rule = { ...fields, timezone: zone } as Rule
      // one more than there are is enough to differ, and a mutant that never ends does end
      const ours = evaluate(rule, from * MINUTE, to * MINUTE, count + 1).map((slot) => slot / MINUTE)
      slots += ours.length
      if (createHash("sha256").update(ours.join(",")).digest("hex").slice(0, 32) === sha256) continue
      found.push(`${JSON.stringify(fields)} in ${zone}`)
      if (first) return { found, slots }
    }
  }
  return { found, slots }
}

/** A mistake in the evaluator: the text of a file of it, and what stands there instead. */
interface Mutant {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly instead: string
}

const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a repeated time fires twice",
    file: "Calendar.ts",
    text: "before > offset && !plan.elapsed ? stretch.from + before : -Infinity",
    instead: "-Infinity",
  },
  {
    name: "a time in a gap is skipped",
    file: "Calendar.ts",
    text: "if (plan.elapsed || Math.max(from, stretch.from) + before >= gapEnd) return undefined",
    instead: "if (gapEnd > 0) return undefined",
  },
  {
    name: "a time in a gap runs at the end of the gap",
    file: "Calendar.ts",
    text: "local >= gapEnd ? undefined : local - before",
    instead: "local >= gapEnd ? undefined : gapEnd - offset",
  },
  {
    name: "the repeated hour fires once for a cron with * in its hours",
    file: "Calendar.ts",
    text: "before > offset && !plan.elapsed",
    instead: "before > offset",
  },
  {
    name: "a month without the day is passed over",
    file: "domain/DayPattern.ts",
    text: "if (pattern.clamp && (pattern.days & ~exists) !== 0)",
    instead: "if (length < 0)",
  },
  {
    name: "a month without the day runs on its 28th",
    file: "domain/DayPattern.ts",
    text: "days |= 1 << length",
    instead: "days |= 1 << 28",
  },
  {
    name: "leap days are forgotten",
    file: "domain/DayPattern.ts",
    text: "month === 2 && isLeap(year) ? 29",
    instead: "month === 2 && isLeap(-1) ? 29",
  },
  {
    name: "the zone is ignored",
    file: "Calendar.ts",
    text: "stretchAt(rule.timezone, from)",
    instead: 'stretchAt("UTC", from)',
  },
  {
    name: "the week starts on Sunday",
    file: "Calendar/Plan.ts",
    text: "(weekdays.indexOf(rule.weekday) + 1) % 7",
    instead: "weekdays.indexOf(rule.weekday)",
  },
  {
    name: "both day fields of a cron must match",
    file: "domain/Cron.ts",
    text: '? "both" : "either"',
    instead: '? "both" : "both"',
  },
]

/** The evaluator's files, by where they stand in a copy, as text whose imports lead into that copy. */
const readEvaluator = async (): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>()
  const take = async (from: string, to: string) => {
    for (const name of await readdir(from, { recursive: true })) {
      if (name.endsWith(".ts")) files.set(join(to, name), await readFile(join(from, name), "utf8"))
    }
  }
  files.set("Calendar.ts", await readFile(join(scheduler, "src/Calendar.ts"), "utf8"))
  await take(join(scheduler, "src/Calendar"), "Calendar")
  await take(domain, "domain")
  return files
}

/** Writes a mutated copy and imports it. Fails when the mistake can't be made: the evaluator no longer has that text. */
const evaluatorOf = async (
  folder: string,
  files: ReadonlyMap<string, string>,
  { file, instead, name, text }: Mutant,
) => {
  const source = files.get(file)
  if (source?.split(text).length !== 2) throw new Error(`the mutant "${name}" does not fit ${file} any more`)
  const copy = await mkdtemp(join(folder, "mutant-"))
  for (const [path, original] of files) {
    const mutated = path === file ? original.replace(text, () => instead) : original
    const moved = mutated.replace(
      /^((?:import|export) (?:[^"\n]* from )?|\} from )"([^".][^"\n]*)"/gm,
      (_, word, specifier) => {
        const own = /^@stint\/domain\/(.+)$/.exec(specifier)?.[1]
        const to = own === undefined ? import.meta.resolve(specifier) : pathToFileURL(join(copy, "domain", `${own}.ts`))
        return `${word}"${to}"`
      },
    )
    await mkdir(dirname(join(copy, path)), { recursive: true })
    await writeFile(join(copy, path), moved)
  }
  const module = await import(pathToFileURL(join(copy, "Calendar.ts")).href)
  return module.between as typeof between
}

export const calendar: Proof = {
  name: "calendar",
  promise: "Slots are right in every zone, across daylight saving, month ends and leap days.",
  attacks:
    "20 zones, 5 years, 56 rules against Python's zoneinfo; and mutants of the evaluator that must all be caught.",
  seconds: { quick: 19, full: 23 },
  attack: async ({ defer, say }) => {
    const oracle = await readOracle()
    const { found, slots } = differences(oracle, between)
    const pairs = oracle.rules.length * oracle.zones.length
    say(`${pairs - found.length} of ${pairs} rule and zone pairs equal, ${slots} slots`)
    const violations = found.map((pair) => `other slots than the oracle's: ${pair}`)
    if (oracle.zones.length < 20 || oracle.rules.length < 50) violations.push("the oracle has lost zones or rules")

    const folder = await mkdtemp(join(tmpdir(), "stint-mutants-"))
    defer(() => rm(folder, { recursive: true, force: true }))
    const files = await readEvaluator()
    let caught = 0
    for (const mutant of mutants) {
      const mutated = await evaluatorOf(folder, files, mutant)
      const [pair] = differences(oracle, mutated, true).found
      if (pair === undefined) violations.push(`a mutant is not caught: ${mutant.name}`)
      else {
        caught++
        say(`caught: ${mutant.name} (${pair})`)
      }
    }
    return {
      figures: {
        zones: oracle.zones.length,
        rules: oracle.rules.length,
        slots,
        pairs,
        equal: pairs - found.length,
        mutants: mutants.length,
        caught,
      },
      violations,
    }
  },
}

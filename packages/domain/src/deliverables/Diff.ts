/** How two contents differ: by JSON path, and by words within a text. Pure, and bounded in time whatever the contents are. */
import type { Schema } from "effect"
import { canonicalJson } from "../Canonical.ts"
import { aligned, Budget, interned } from "./Diff/Alignment.ts"
import type { Change, WordChange } from "./Revisions.ts"

type Json = Schema.Json
type Path = ReadonlyArray<string | number>

/** The most changes that are named; the others are counted. */
const MOST_CHANGES = 500

/** Words with the marks within them, runs of blanks, and every other character by itself. */
const WORDS = /[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}_]+)*|\s+|[^]/gu
const LINES = /[^\n]*\n|[^\n]+$/g

/** The pieces of both texts in their order, neighbours of a kind as one; undefined where it would take too long. */
const pieces = (before: string, after: string, by: RegExp, budget: Budget): Array<WordChange> | undefined => {
  const [old, young] = [before.match(by) ?? [], after.match(by) ?? []]
  const ids = interned()
  const steps = aligned(old.map(ids), young.map(ids), budget)
  if (steps === undefined) return undefined
  const changes: Array<{ kind: WordChange["kind"]; text: string }> = []
  const say = (kind: WordChange["kind"], text: string) => {
    if (text === "") return
    const last = changes.at(-1)
    if (last?.kind === kind) last.text += text
    else changes.push({ kind, text })
  }
  for (const { added, removed, same } of steps) {
    say("same", old.slice(same.from, same.to).join(""))
    say("removed", old.slice(removed.from, removed.to).join(""))
    say("added", young.slice(added.from, added.to).join(""))
  }
  return changes
}

/**
 * The words that two texts have in common, and those that one of them has alone: what is same or removed is the text of before, what
 * is same or added that of after. Texts that differ in very much are compared by lines, and else as wholes.
 */
export const wordChanges = (before: string, after: string, budget = new Budget()): ReadonlyArray<WordChange> => {
  const changes = pieces(before, after, WORDS, budget) ?? pieces(before, after, LINES, budget.again())
  if (changes !== undefined) return changes
  const whole: ReadonlyArray<WordChange> = [{ kind: "removed", text: before }, { kind: "added", text: after }]
  return whole.filter(({ text }) => text !== "")
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)
const isRecord = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !isList(value)

/** The first changes, and how many more there are. */
export interface Differences {
  readonly changes: ReadonlyArray<Change>
  readonly omitted: number
}

/**
 * The values that differ, by their path in the later content; the last step to what was removed is that of the earlier one. Items of
 * lists are the same where they are equal in the same order, wherever they stand; what is between two such is compared one by one.
 */
export const differences = (from: Json, to: Json): Differences => {
  const changes: Array<Change> = []
  const budget = new Budget()
  let omitted = 0
  const say = (change: () => Change) => changes.length < MOST_CHANGES ? void changes.push(change()) : void omitted++

  const visit = (before: Json, after: Json, path: Path): void => {
    if (isRecord(before) && isRecord(after)) return visitRecords(before, after, path)
    if (isList(before) && isList(after)) return visitLists(before, after, path)
    if (before === after || canonicalJson(before) === canonicalJson(after)) return
    say(() => ({
      path,
      before,
      after,
      ...(typeof before === "string" && typeof after === "string" ? { words: wordChanges(before, after, budget) } : {}),
    }))
  }

  const visitRecords = (before: Readonly<Record<string, Json>>, after: Readonly<Record<string, Json>>, path: Path) => {
    for (const [key, value] of Object.entries(before)) {
      if (Object.hasOwn(after, key)) visit(value, after[key]!, [...path, key])
      else say(() => ({ path: [...path, key], before: value }))
    }
    for (const [key, value] of Object.entries(after)) {
      if (!Object.hasOwn(before, key)) say(() => ({ path: [...path, key], after: value }))
    }
  }

  const visitLists = (before: ReadonlyArray<Json>, after: ReadonlyArray<Json>, path: Path) => {
    const ids = interned()
    const idOf = (item: Json) => ids(canonicalJson(item))
    const whole = { from: 0, to: 0 }
    const steps = aligned(before.map(idOf), after.map(idOf), budget) ??
      [{ same: whole, removed: { from: 0, to: before.length }, added: { from: 0, to: after.length } }]
    for (const { added, removed } of steps) {
      const both = Math.min(removed.to - removed.from, added.to - added.from)
      for (let nth = 0; nth < both; nth++) {
        visit(before[removed.from + nth]!, after[added.from + nth]!, [...path, added.from + nth])
      }
      for (let index = removed.from + both; index < removed.to; index++) {
        say(() => ({ path: [...path, index], before: before[index]! }))
      }
      for (let index = added.from + both; index < added.to; index++) {
        say(() => ({ path: [...path, index], after: after[index]! }))
      }
    }
  }

  visit(from, to, [])
  return { changes, omitted }
}

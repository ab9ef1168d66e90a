/** `npm run demo`, played once as a program would call it. */
import { Schema } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, it } from "vitest"
import { promises } from "../src/Demo/Promises.ts"

const bin = fileURLToPath(new URL("../bin/stint.js", import.meta.url))

const decodeReport = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({
  ok: Schema.Boolean,
  seconds: Schema.Finite,
  error: Schema.optionalKey(Schema.String),
  checks: Schema.Array(Schema.Struct({
    name: Schema.String,
    held: Schema.Boolean,
    detail: Schema.String,
    expected: Schema.optionalKey(Schema.String),
    got: Schema.optionalKey(Schema.String),
  })),
  totals: Schema.NullOr(Schema.Record(Schema.String, Schema.Int)),
  steps: Schema.Array(Schema.Struct({
    name: Schema.String,
    title: Schema.String,
    at_ms: Schema.Int,
    ms: Schema.Int,
    lines: Schema.Array(Schema.Struct({ at_ms: Schema.Int, who: Schema.String, text: Schema.String })),
  })),
})))

/** Runs it, with the time that a busy machine may need; the exit status and what it printed. */
const play = () =>
  new Promise<{ readonly status: number; readonly printed: string; readonly complained: string }>((resolve) => {
    execFile(
      "node",
      [bin, "demo", "--json", "--within", "8m"],
      (error, printed, complained) =>
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), printed, complained }),
    )
  })

it("the demo tells its story, every promise holds, and it leaves nothing behind", async () => {
  const { complained, printed, status } = await play()
  const report = decodeReport(printed)
  const told = report.steps.flatMap(({ lines }) => lines.map(({ text, who }) => `${who}: ${text}`)).join("\n")
  assert.deepStrictEqual(report.checks.filter(({ held }) => !held), [], told)
  assert.deepStrictEqual(report.checks.map(({ name }) => name), Object.keys(promises))
  assert.deepStrictEqual([...report.steps.map(({ name }) => name)].sort(), [
    "audit",
    "crash",
    "end",
    "hire",
    "minute",
    "pause",
    "start",
    "trade",
  ])
  assert.isUndefined(report.error)
  assert.strictEqual(report.totals?.drafts, report.totals?.runs)
  assert.isTrue(report.ok)
  assert.strictEqual(status, 0)
  assert.strictEqual(complained, "")
}, 600_000)

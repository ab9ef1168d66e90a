/** What the edge reads of headers, and what it lets into a log. */
import { assert, describe, it } from "@effect/vitest"
import * as Logs from "@stint/edge/Logs"
import { conditionsOf, met, readStatus } from "@stint/edge/Preconditions"
import { printable } from "@stint/edge/Printable"
import { traceHeadersOf, traceOf } from "@stint/edge/RequestContext"
import { Effect, Result } from "effect"

describe("headers", () => {
  it("D6: a traceparent is taken as the recommendation says, and passed on as version 00", () => {
    const [id, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]
    const taken = (traceparent: string, tracestate?: string) =>
      traceOf(new Headers({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) }))
    assert.deepStrictEqual(taken(`00-${id}-${span}-01`), { traceId: id, spanId: span, flags: "01" })
    assert.strictEqual(taken(`00-${id}-${span}-ff`).flags, "01")
    assert.strictEqual(taken(`01-${id}-${span}-00-more`).traceId, id)
    for (
      const wrong of [
        `00-${id}-${span}-01.`,
        `00-${id}-${span}-01-`,
        `00-${id}-${span}-01-more`,
        `01-${id}-${span}-01.`,
        `ff-${id}-${span}-01`,
        `00-${id.toUpperCase()}-${span}-01`,
        `00-${"0".repeat(32)}-${span}-01`,
        `00-${id}-${"0".repeat(16)}-01`,
        `00-${id}-${span}-0`,
      ]
    ) {
      assert.notStrictEqual(taken(wrong).traceId, id, wrong)
      assert.isUndefined(taken(wrong, "a=1").state)
    }
    assert.strictEqual(traceHeadersOf(taken(`00-${id}-${span}-01`, "a=1, b@c=2")).tracestate, "a=1,b@c=2")
    for (const wrong of ["a", "A=1", "a=1,a=2", "a=1;é", Array.from({ length: 33 }, (_, i) => `a${i}=1`).join()]) {
      assert.isUndefined(taken(`00-${id}-${span}-01`, wrong).state, wrong)
    }
  })

  it("D10: conditions compare as RFC 9110 13.1 says", () => {
    const judge = (headers: Record<string, string>, current: string | undefined) =>
      Result.isSuccess(met(conditionsOf(new Headers(headers)), current))
    assert.isTrue(judge({}, undefined))
    assert.isTrue(judge({ "if-match": "*" }, '"a"'))
    assert.isFalse(judge({ "if-match": "*" }, undefined))
    assert.isTrue(judge({ "if-match": '"b,c" ,, "a"' }, '"a"'))
    assert.isFalse(judge({ "if-match": 'W/"a"' }, '"a"'))
    assert.isFalse(judge({ "if-match": "a" }, '"a"'))
    assert.isTrue(judge({ "if-none-match": "*" }, undefined))
    assert.isFalse(judge({ "if-none-match": "*" }, '"a"'))
    assert.isFalse(judge({ "if-none-match": 'W/"a"' }, '"a"'))
    assert.strictEqual(readStatus(conditionsOf(new Headers({ "if-none-match": 'W/"a", "b"' })), '"a"'), 304)
    assert.strictEqual(readStatus(conditionsOf(new Headers({ "if-match": '"b"' })), '"a"'), 412)
    assert.isUndefined(readStatus(conditionsOf(new Headers({ "if-none-match": '"b"' })), '"a"'))
  })

  it("D11: text of others is one line, and moves no cursor", async () => {
    assert.strictEqual(
      printable("x\n[00:00] ERROR\r\t\u001b[2J\u009b2J\u0085\u2028\u202e\ud800 é 😀"),
      "x\\n[00:00] ERROR\\r\\t\\u001b[2J\\u009b2J\\u0085\\u2028\\u202e\\ud800 é 😀",
    )
    const lines: Array<unknown> = []
    const log = console.log
    console.log = (...parts: ReadonlyArray<unknown>) => void lines.push(...parts)
    try {
      await Effect.runPromise(
        Effect.logError("a\nb", new Error("c\nd")).pipe(
          Effect.annotateLogs({ by: "e\nf" }),
          Effect.provide(Logs.layer),
        ),
      )
    } finally {
      console.log = log
    }
    assert.strictEqual(lines.length, 1)
    assert.notInclude(String(lines[0]), "\n")
    for (const part of ["a\\nb", "c\\nd", "by=e\\nf"]) assert.include(String(lines[0]), part)
  })
})

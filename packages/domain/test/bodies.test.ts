/** No body goes unread: every call that may have one says what it takes, and "nothing" takes nothing. */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import { Instant, NoFields, wholeNumber } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

const endpoints = [CatalogApi, HiringApi, DeliverablesApi, SchedulerApi].flatMap((api) =>
  (Object.values(api.groups) as ReadonlyArray<HttpApiGroup.Top>).flatMap((group) =>
    Object.values(group.endpoints) as ReadonlyArray<HttpApiEndpoint.Top>
  )
)
const takes = <S extends Schema.Codec<unknown, unknown>>(schema: S, value: unknown) =>
  Schema.decodeUnknownOption(schema, { onExcessProperty: "error" })(value)._tag === "Some"

describe("bodies", () => {
  for (const { method, path, payload } of endpoints.filter(({ method }) => ["POST", "PUT", "PATCH"].includes(method))) {
    it(`${method} ${path} says what it takes, and takes no list and no text`, () => {
      assert.isAbove(payload.size, 0)
      for (const { schemas } of payload.values()) {
        for (const schema of schemas) {
          for (const value of [[], "no", 1, null]) assert.isFalse(takes(schema as Schema.Codec<unknown>, value))
        }
      }
    })
  }

  it("nothing is an empty object", () => {
    assert.isTrue(takes(NoFields, {}))
    assert.isFalse(takes(NoFields, { dry_run: true }))
  })

  it("an instant is RFC 3339 in UTC, of a day that there is", () => {
    for (const good of ["2026-03-01T09:00:00Z", "2024-02-29T23:59:59.999Z", "2026-03-01T09:00:00+00:00"]) {
      assert.isTrue(takes(Instant, good), good)
    }
    for (
      const bad of [
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "+275760-09-13T00:00:00Z",
        "2026-03-01",
        "2026-03-01T09:00:00",
        "2026-03-01T24:00:00Z",
        "2026-03-01T09:00:00+05:30",
        1,
      ]
    ) assert.isFalse(takes(Instant, bad), String(bad))
  })

  it("a number in a query is plain digits, within its bounds", () => {
    const limit = wholeNumber(1, 200)
    for (const good of ["1", "200", "007"]) assert.isTrue(takes(limit, good), good)
    for (const bad of ["0", "201", "1e2", "0x10", " 5", "-1", "1.5", ""]) assert.isFalse(takes(limit, bad), bad)
  })
})

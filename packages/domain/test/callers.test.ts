/** Which service may call what: everything that a stolen token of a service can do. */
import { Access, Callers } from "@stint/domain/Caller"
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import type { ServiceSubject } from "@stint/domain/Tokens"
import { assert, it } from "@effect/vitest"
import { Context, Option } from "effect"

/** What this reads of an endpoint. */
interface Endpoint {
  readonly method: string
  readonly path: string
  readonly annotations: Context.Context<never>
}

const endpoints = [CatalogApi, HiringApi, DeliverablesApi, SchedulerApi].flatMap(({ groups }) =>
  Object.values(groups).flatMap((group) => Object.values(group.endpoints) as unknown as ReadonlyArray<Endpoint>)
).map(({ annotations, method, path }) => ({
  name: `${method} ${path}`,
  roles: Option.getOrElse(Context.getOption(annotations, Access), (): ReadonlyArray<string> => []),
  callers: Option.getOrElse(Context.getOption(annotations, Callers), (): ReadonlyArray<string> => []),
}))

it("an endpoint names its callers when the role service may call it, and only then", () => {
  for (const { callers, name, roles } of endpoints) {
    assert.strictEqual(callers.length > 0, roles.includes("service"), name)
  }
})

it("each service may do its own work alone", () => {
  const mayCall = (service: ServiceSubject) =>
    endpoints.filter(({ callers }) => callers.includes(service)).map((e) => e.name).sort()
  assert.deepStrictEqual(mayCall("catalog"), ["POST /api/v1/hired-agents/check"])
  assert.deepStrictEqual(mayCall("hiring"), ["GET /api/v1/agent-types/:type", "GET /api/v1/scheduler/status"])
  const feed = ["GET /api/v1/goal-changes", "GET /api/v1/goal-changes/snapshot", "POST /api/v1/goals/lookup"]
  assert.deepStrictEqual(mayCall("deliverables"), [
    "GET /api/v1/agent-types/:type",
    ...feed.slice(0, 2),
    "GET /api/v1/scheduler/outcomes",
    "GET /api/v1/trials/:id",
    ...feed.slice(2),
  ])
  assert.deepStrictEqual(mayCall("scheduler"), [
    ...feed.slice(0, 2),
    "GET /api/v1/makings/:key",
    "POST /api/v1/deliverables",
    "POST /api/v1/deliverables/batch",
    ...feed.slice(2),
    "POST /api/v1/makings/cancel",
    "POST /api/v1/notices/dead-letters",
  ])
})

/** Definitions in use: whom a version would break, and what a migration moves, skips and records. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { AgentTypeId } from "@stint/domain/Ids"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  base,
  customerOf,
  dailyPost,
  feedEnd,
  follow,
  type Hiring,
  loseReply,
  marketing,
  marketingConfig,
  operator,
  startHiring,
} from "./Harness.ts"

// deno-lint-ignore no-explicit-any
type Any = any

const catalog = { as: "service:catalog" } as const
const shipped = shippedDefinitions.find((one) => one.agent_type_id === marketing)!

/** A version of an agent type of a test's own: the marketing agent's definition but for what is changed. */
const versionOf = (type: string, version: string, change: Partial<AgentTypeDefinition> = {}): AgentTypeDefinition => ({
  ...shipped,
  agent_type_id: AgentTypeId.make(type),
  version,
  ...change,
})

/** With a field more, which a later version requires. */
const withClinic = (required: boolean) => ({
  config_schema: {
    fields: [...shipped.config_schema.fields, { key: "clinic", label: "Clinic", type: "text" as const, required }],
  },
})

const withoutDaily = {
  goal_templates: shipped.goal_templates.filter(({ goal_template_id }) => goal_template_id !== dailyPost),
}

describe("definitions in use", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())
  const check = (definition: AgentTypeDefinition, more: Record<string, unknown> = {}) =>
    hiring.call("POST", `${base}/hired-agents/check`, { ...catalog, body: { definition, ...more } })
  const migrate = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    hiring.call("POST", `${base}/hired-agents/migrate`, {
      ...operator,
      body: { to_version: "1.1.0", cap: 100, dry_run: false, ...body },
      headers,
    })
  const lines = async (type: string) =>
    (await hiring.call("GET", `${base}/hiring/actions?limit=200`, operator)).json.items
      .filter(({ action, action_metadata: { agent_id } }: Any) => action === "hires_migrate" && agent_id === type)
      .map(({ action_metadata, operator }: Any) => [operator, action_metadata])
  const hire = async (id: string) => (await hiring.call("GET", `${base}/hired-agents/${id}`, operator)).json
  /** A finalized hire of a type, with a daily goal. */
  const engaged = async (type: string) => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired(type)
    const goal: string = (await acme.putGoal(id)).json.goal_instance_id
    return { acme, id, subscription_id, goal }
  }

  it("a check names the config and the goals that would not hold, each with its path, of live hires alone", async () => {
    const type = "check.v1"
    hiring.definitions.push(versionOf(type, "1.0.0", withClinic(false)))
    const [one, other, ended, canceled] = [
      await engaged(type),
      await engaged(type),
      await engaged(type),
      await engaged(type),
    ]
    await ended.acme.call("POST", `/hired-agents/${ended.id}/deactivate`, {})
    await canceled.acme.call("POST", `/subscriptions/${canceled.subscription_id}/cancel`, { at_period_end: false })
    const drafted = customerOf(hiring)
    const draft = (await drafted.draft(await drafted.subscribed(type), {}, type)).json.hired_instance_id
    await other.acme.draft(other.subscription_id, { config: { ...marketingConfig, clinic: "Main" } }, type)
    const fine = (await check(versionOf(type, "1.1.0", withClinic(false)))).json
    assert.deepStrictEqual(fine, { breaks: [], holds: 3, next_cursor: null })
    const { json } = await check(versionOf(type, "2.0.0", { ...withClinic(true), ...withoutDaily }))
    assert.strictEqual(json.holds, 1)
    const found = json.breaks.map(({ errors, goal_instance_id, hired_instance_id }: Any) => [
      hired_instance_id,
      goal_instance_id,
      errors.map(({ path }: Any) => path).join(),
    ])
    assert.deepStrictEqual(found, [
      [one.id, undefined, "$.config.clinic"],
      [one.id, one.goal, "$.goal_template_id"],
      [other.id, other.goal, "$.goal_template_id"],
    ])
    assert.notInclude(JSON.stringify(found), draft)
    assert.strictEqual((await hire(one.id)).definition_version, "1.0.0")
  })

  it("a check comes in pages, which together have each live hire once", async () => {
    const type = "pages.v1"
    hiring.definitions.push(versionOf(type, "1.0.0"))
    const all = [await engaged(type), await engaged(type), await engaged(type)]
    const found: Array<string> = []
    let cursor: string | undefined
    do {
      const { json } = await check(versionOf(type, "2.0.0", withoutDaily), { limit: 1, ...cursor && { cursor } })
      assert.lengthOf(json.breaks, 1)
      found.push(json.breaks[0].hired_instance_id)
      cursor = json.next_cursor ?? undefined
    } while (cursor !== undefined)
    assert.deepStrictEqual(found, all.map(({ id }) => id))
    assert.strictEqual((await check(versionOf(type, "2.0.0"), { cursor: "x" })).status, 400)
  })

  it("a page ends before a hire whose goals were not all read, and names at most 50 faults of a hire", async () => {
    const type = "many.v1"
    hiring.definitions.push(versionOf(type, "1.0.0"))
    const [one, two] = [await engaged(type), await engaged(type)]
    await hiring.ownerSql((sql) =>
      sql`
        insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, settings, created_at, updated_at)
        select 'GOI-many-' || h || lpad(n::text, 4, '0'), h, ${dailyPost}, 'daily', '{}', now(), now()
        from unnest(${[one.id, two.id]}::text[]) h, generate_series(1, 700) n`
    )
    const first = (await check(versionOf(type, "2.0.0", withoutDaily))).json
    const count = ({ breaks }: Any) => breaks.length
    assert.deepStrictEqual([count(first), first.breaks[0].hired_instance_id], [701, one.id])
    const second = (await check(versionOf(type, "2.0.0", withoutDaily), { cursor: first.next_cursor })).json
    assert.deepStrictEqual([count(second), second.breaks[0].hired_instance_id, second.next_cursor], [701, two.id, null])
    const settings = { wrong: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, 1])) }
    await hiring.ownerSql((sql) =>
      sql`update goal_instances set settings = ${sql.json(settings.wrong)} where hired_instance_id = ${one.id}`
    )
    const faulty = (await check(versionOf(type, "1.1.0"), { limit: 1 })).json.breaks
    assert.deepStrictEqual(faulty.map(({ errors }: Any) => errors.length).slice(0, 4), [40, 10, 1, 1])
    assert.deepStrictEqual(faulty[1].errors_omitted, 30)
  })

  it("a hire that can't be read is counted apart, and the others are checked and moved", async () => {
    const type = "sick.v1"
    hiring.definitions.push(versionOf(type, "1.0.0"))
    const [large, odd, well] = [await engaged(type), await engaged(type), await engaged(type)]
    await hiring.ownerSql((sql) =>
      sql`update hired_agents set config = jsonb_build_object('a', repeat('x', 17000000)) where hired_instance_id = ${large.id}`
    )
    await hiring.ownerSql((sql) =>
      sql`update goal_instances set settings = '{"n": 1e400}' where goal_instance_id = ${odd.goal}`
    )
    hiring.definitions.push(versionOf(type, "1.1.0"))
    assert.deepStrictEqual((await check(versionOf(type, "1.1.0"))).json, {
      breaks: [],
      holds: 1,
      next_cursor: null,
      unreadable: 2,
    })
    const { json } = await migrate({ agent_id: type })
    assert.deepStrictEqual(json.hired_instance_ids, [well.id])
    assert.deepStrictEqual(json.skipped.map((one: Any) => [one.hired_instance_id, one.errors[0].path]), [
      [large.id, "$"],
      [odd.id, "$"],
    ])
  })

  it("a migration moves those that hold, tells the feed, leaves its line, and skips those that would not", async () => {
    const type = "moves.v1"
    hiring.definitions.push(versionOf(type, "1.0.0", withClinic(false)), versionOf(type, "1.1.0", withClinic(true)))
    const all = [await engaged(type), await engaged(type), await engaged(type)]
    const [one, stuck, other] = all.map(({ id }) => id) as [string, string, string]
    const drafted = customerOf(hiring)
    const draft = (await drafted.draft(await drafted.subscribed(type), {
      config: { brand_name: "Asha" },
      definition_version: "1.0.0",
    }, type)).json
    for (const { acme, id, subscription_id } of all) {
      const config = id === stuck ? marketingConfig : { ...marketingConfig, clinic: "Main" }
      await acme.draft(subscription_id, { config, definition_version: "1.0.0" }, type)
    }
    const before = await Promise.all(all.map(({ id }) => hire(id)))
    const end = await feedEnd(hiring)
    const report = {
      moved: 3,
      hired_instance_ids: [one, other, draft.hired_instance_id],
      skipped: [{ hired_instance_id: stuck, errors: [{ path: "$.config.clinic", message: "is required" }] }],
      next_cursor: null,
    }
    assert.deepStrictEqual((await migrate({ agent_id: type, dry_run: true })).json, report)
    assert.deepStrictEqual([await Promise.all(all.map(({ id }) => hire(id))), await lines(type)], [before, []])
    assert.deepStrictEqual((await migrate({ agent_id: type })).json, report)
    const versions = await Promise.all([one, stuck, other, draft.hired_instance_id].map(hire))
    assert.deepStrictEqual(
      versions.map(({ configured, definition_version }) => [definition_version, configured]),
      [["1.1.0", true], ["1.0.0", true], ["1.1.0", true], ["1.1.0", false]],
    )
    assert.include(versions[3].missing.map(({ path }: Any) => path), "$.config.clinic")
    const { items } = await follow(hiring, end)
    assert.deepStrictEqual(
      items.map((change: Any) => [change.type, change.hired_instance_id]),
      report.hired_instance_ids.map((id) => ["hire", id]),
    )
    const again = (await migrate({ agent_id: type })).json
    assert.deepStrictEqual([again.moved, again.skipped], [0, report.skipped])
    assert.deepStrictEqual(await lines(type), [
      ["olga", { agent_id: type, to_version: "1.1.0", hired_instance_ids: report.hired_instance_ids }],
    ])
  })

  it("a migration goes on from its cap, and a repeated request, which moves others, leaves a line of its own", async () => {
    const type = "capped.v1"
    hiring.definitions.push(versionOf(type, "1.0.0"))
    const all = [await engaged(type), await engaged(type), await engaged(type)].map(({ id }) => id)
    hiring.definitions.push(versionOf(type, "1.1.0"))
    const key = { "idempotency-key": "migrate-1" }
    const first = (await migrate({ agent_id: type, cap: 2 }, key)).json
    assert.deepStrictEqual(first.hired_instance_ids, all.slice(0, 2))
    assert.deepStrictEqual((await migrate({ agent_id: type, cap: 2 }, key)).json, first)
    await loseReply(hiring, "migrate-1")
    const third = (await migrate({ agent_id: type, cap: 2 }, key)).json
    assert.deepStrictEqual([third.hired_instance_ids, third.next_cursor], [all.slice(2), null])
    assert.lengthOf(await lines(type), 2)
    const rest = (await migrate({ agent_id: type, cursor: first.next_cursor })).json
    assert.deepStrictEqual([rest.moved, rest.next_cursor], [0, null])
  })

  it("a migration moves the default time of goals that a version moves", async () => {
    const type = "timed.v1"
    const timed = (local_time: boolean) => ({
      goal_templates: shipped.goal_templates.map((template) => ({
        ...template,
        settings_schema: {
          fields: [
            ...template.settings_schema.fields,
            {
              key: "window",
              label: "Window",
              type: "text" as const,
              required: false,
              ...local_time && { format: "local_time" as const },
            },
          ],
        },
      })),
    })
    hiring.definitions.push(versionOf(type, "1.0.0", timed(false)))
    const { acme, goal, id } = await engaged(type)
    await acme.putGoal(id, { goal_instance_id: goal, settings: { window: "18:00" } })
    hiring.definitions.push(versionOf(type, "1.1.0", timed(true)))
    const end = await feedEnd(hiring)
    assert.strictEqual((await migrate({ agent_id: type })).json.moved, 1)
    const { items } = await follow(hiring, end)
    assert.deepStrictEqual(items.map(({ default_at, type }: Any) => [type, default_at]), [
      ["hire", undefined],
      ["goal", "18:00"],
    ])
  })

  it("an operator alone migrates, to a version that there is; the catalog alone checks", async () => {
    const body = { agent_id: marketing, to_version: "1.0.0", cap: 1, dry_run: true }
    for (const as of ["customer:acme", "viewer:vera", "service:catalog"] as const) {
      assert.strictEqual((await hiring.call("POST", `${base}/hired-agents/migrate`, { as, body })).status, 403, as)
    }
    assert.strictEqual((await migrate({ agent_id: marketing, to_version: "9.9.9" })).json.code, "agent_type_not_found")
    assert.strictEqual((await migrate({ agent_id: marketing, to_version: "1.0.0", cap: 0 })).status, 400)
    assert.strictEqual((await migrate({ agent_id: marketing, to_version: "1.0.0", cursor: "x" })).status, 400)
    for (const as of ["operator:olga", "customer:acme", "service:scheduler"] as const) {
      const answer = await hiring.call("POST", `${base}/hired-agents/check`, { as, body: { definition: shipped } })
      assert.strictEqual(answer.status, 403, as)
    }
  })
})

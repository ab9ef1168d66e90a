/**
 * Tables that several services have, each its own: what the edge works with. A service owns its tables, so the scripts stand in
 * each; their results must be the same but for the names, so that what is mended in one is mended in all.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFile } from "node:fs/promises"

const services = ["catalog", "hiring", "deliverables", "scheduler"] as const
type Service = typeof services[number]

/** Tables of the edge, and who has them. */
const tables: ReadonlyArray<readonly [table: string, of: ReadonlyArray<Service>]> = [
  ["alerts", ["hiring", "deliverables", "scheduler"]],
  ["database_probe", services],
  ["gateway_audit_logs", services],
  ["idempotency_keys", services],
  ["rate_buckets", services],
  ["schema_ledger", services],
  ["schema_scripts", services],
  // the scheduler's is of the requirement
  ["SERVICE_action_log", ["catalog", "hiring", "deliverables"]],
]

/** A fact of `verify.sql`: its kind, of what, and what. */
const fact =
  /^ {4}\('(column|comment|constraint|grant|index|trigger|function)', '((?:[^']|'')*)', '((?:[^']|'')*)'\),?$/gm

/** What a service's `verify.sql` says, with `SERVICE` for its name. */
const factsOf = async (service: Service) => {
  const text = await readFile(new URL(`../sql/${service}/verify.sql`, import.meta.url), "utf8")
  return [...text.matchAll(fact)].map(([, kind = "", of = "", what = ""]) => ({
    kind,
    of: of.replaceAll(`${service}_action_log`, "SERVICE_action_log"),
    what: what.replaceAll(`${service}_action_log`, "SERVICE_action_log").replaceAll(
      `stint_${service}`,
      "stint_SERVICE",
    ),
  }))
}
const all = new Map(await Promise.all(services.map(async (service) => [service, await factsOf(service)] as const)))

const about = (service: Service, table: string) => {
  const named = new RegExp(`(?<![a-z_])${table}(?![a-z_])`)
  return all.get(service)!.filter(({ kind, of, what }) => kind !== "function" && named.test(`${of} ${what}`))
    .map(({ kind, of, what }) => `${kind} ${of}: ${what}`).toSorted()
}

describe("copies of the edge's tables", () => {
  it.each(tables)("%s is the same in all that have it", (table, of) => {
    const [first, ...others] = of
    const facts = about(first!, table)
    assert.isAbove(facts.length, 2, `${first} has ${table}`)
    for (const other of others) assert.deepStrictEqual(about(other, table), facts, `${other} as ${first}`)
    for (const service of services) {
      if (!of.includes(service) && table !== "SERVICE_action_log") assert.deepStrictEqual(about(service, table), [])
    }
  })

  it("a function that several services have is the same in each", () => {
    const bodies = new Map<string, Set<string>>()
    for (const facts of all.values()) {
      for (const { kind, of, what } of facts) {
        if (kind === "function") bodies.set(of, (bodies.get(of) ?? new Set()).add(what))
      }
    }
    const differing = [...bodies].filter(([, versions]) => versions.size > 1).map(([name]) => name)
    // what a refusal says of the tables of its service
    assert.deepStrictEqual(differing.filter((name) => name !== "refuse_change()"), [])
    assert.include([...bodies.keys()], "probe_database()")
  })
})

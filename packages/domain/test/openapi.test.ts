/** What a newcomer sees at /docs: every call says what it is and whom it lets in, and every example can be sent. */
import { assert, describe, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { CatalogApi } from "../src/catalog/AgentTypes.ts"
import { DeliverablesApi } from "../src/deliverables/Api.ts"
import { HiringApi } from "../src/hiring/Api.ts"
import { SchedulerApi } from "../src/scheduler/Api.ts"

const documents = {
  catalog: OpenApi.fromApi(CatalogApi),
  hiring: OpenApi.fromApi(HiringApi),
  deliverables: OpenApi.fromApi(DeliverablesApi),
  scheduler: OpenApi.fromApi(SchedulerApi),
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null

/** Names of ids, instants, versions and addresses: what nobody can guess the shape of. */
const telling =
  /(^|_)(ids?|at|start|end|date|version)$|^(email|customer_email|phone|scheduled_time|timestamp|timezone|last_(run|success|failure))$/

/** The texts of a schema, through unions and lists, that have neither an example nor a list of values. */
const bare = (schema: unknown): ReadonlyArray<unknown> => {
  if (!isObject(schema)) return []
  if (schema.type === "string") {
    const shown = [schema, ...(Array.isArray(schema.allOf) ? schema.allOf : [])]
    const says = shown.some((part: Json) =>
      "enum" in part || (Array.isArray(part.examples) && part.examples.length > 0 && !part.examples.includes("string"))
    )
    return says ? [] : [schema]
  }
  return [
    ...(Array.isArray(schema.anyOf) ? schema.anyOf : []),
    ...(Array.isArray(schema.oneOf) ? schema.oneOf : []),
    ...(schema.type === "array" ? [schema.items] : []),
  ].flatMap(bare)
}

/** Where a property of a telling name, at any depth, shows nothing but "string". */
const unshown = (value: unknown, at: string): ReadonlyArray<string> => {
  if (!isObject(value)) return []
  const here = isObject(value.properties)
    ? Object.entries(value.properties).flatMap(([name, schema]) =>
      telling.test(name) && bare(schema).length > 0 ? [`${at}.${name}`] : []
    )
    : []
  return [...here, ...Object.entries(value).flatMap(([key, below]) => unshown(below, `${at}/${key}`))]
}

/** Where an object says nothing of its keys. */
const bareObjects = (value: unknown, at: string): ReadonlyArray<string> => {
  if (!isObject(value)) return []
  const isBare = value.type === "object" && !("properties" in value) && !("additionalProperties" in value)
  return [
    ...(isBare ? [at] : []),
    ...Object.entries(value).flatMap(([key, below]) => key === "examples" ? [] : bareObjects(below, `${at}/${key}`)),
  ]
}

for (const [service, document] of Object.entries(documents)) {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation: operation as OpenApi.OpenAPISpecOperation,
    }))
  )
  const those = (fails: (operation: OpenApi.OpenAPISpecOperation) => boolean) =>
    operations.filter(({ operation }) => fails(operation)).map(({ name }) => name)

  describe(`the OpenAPI document of ${service}`, () => {
    it("says of every call what it does", () => {
      assert.isAbove(operations.length, 0)
      assert.deepStrictEqual(those(({ description, summary }) => !summary?.trim() || !description?.trim()), [])
    })

    it("gives every call an operation id and a summary of its own", () => {
      for (const key of ["operationId", "summary"] as const) {
        const given = operations.map(({ operation }) => operation[key])
        assert.deepStrictEqual(given.filter((one, at) => given.indexOf(one) !== at), [], key)
      }
    })

    it("lists what a caller without a token, and one of another role, is answered", () => {
      assert.deepStrictEqual(those(({ responses }) => !(401 in responses) || !(403 in responses)), [])
    })

    it("names its groups in words, and says what each is about", () => {
      for (const tag of document.tags) {
        assert.match(tag.name, /^[A-Z][a-z]+( [a-z]+)*$/)
        assert.isNotEmpty(tag.description, tag.name)
      }
    })

    it("D14: names a licence, a contact and a server, without which linters complain", () => {
      const { info, servers } = document as unknown as Json & { info: Json }
      assert.deepInclude(info, { license: { name: "MIT", identifier: "MIT" } })
      assert.isDefined(info.contact)
      assert.deepStrictEqual((servers as ReadonlyArray<Json>).map(({ url }) => url), ["/"])
    })

    it("D14: says of every object which keys it has, or that any may be there", () => {
      assert.deepStrictEqual(bareObjects(document, service), [])
    })

    it("D14: takes numbers of a query as numbers", () => {
      const numbers = operations.flatMap(({ name, operation }) =>
        operation.parameters
          .filter((one) => ["limit", "count", "wait_ms"].includes(one.name) && (one.schema as Json).type !== "integer")
          .map((one) => `${name} ${one.name}`)
      )
      assert.deepStrictEqual(numbers, [])
    })

    it("D14: has no two paths that one address may mean", () => {
      const paths = Object.keys(document.paths).map((path) => path.split("/"))
      const isOpen = (part: string) => part.startsWith("{")
      const ambiguous = paths.flatMap((one, at) =>
        paths.slice(at + 1).filter((other) =>
          one.length === other.length &&
          one.every((part, i) => part === other[i] || isOpen(part) || isOpen(other[i]!)) &&
          // where one is fixed wherever they differ, that one is meant: OpenAPI says so
          !one.every((part, i) => !isOpen(part) || isOpen(other[i]!)) &&
          !one.every((part, i) => !isOpen(other[i]!) || isOpen(part))
        ).map((other) => `${one.join("/")} and ${other.join("/")}`)
      )
      assert.deepStrictEqual(ambiguous, [])
    })

    it("D14: answers every refusal as a problem", () => {
      const others = operations.flatMap(({ name, operation }) =>
        Object.entries(operation.responses).filter(([status, { content = {} }]) =>
          Number(status) >= 400 && Object.keys(content).join() !== "application/problem+json"
        ).map(([status]) => `${name} ${status}`)
      )
      assert.deepStrictEqual(others, [])
    })

    it("shows of every id, instant, version and address what it looks like", () => {
      const parameters = operations.flatMap(({ name, operation }) =>
        operation.parameters
          .filter((one) => (one.in === "path" || telling.test(one.name)) && bare(one.schema).length > 0)
          .map((one) => `${name} ${one.in} ${one.name}`)
      )
      assert.deepStrictEqual([...parameters, ...unshown(document, service)], [])
    })
  })
}

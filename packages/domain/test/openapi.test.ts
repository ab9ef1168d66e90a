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

/** What the OpenAPI documents of all services have in common, and what the contract says but JSON Schema does not. */
import { OpenApi } from "effect/http-api"

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** The format of a number that a query or a path holds in digits (`wholeNumber`). */
export const digits = "int32"

/** In a query there is nothing but text, so the contract decodes numbers from it: a client sends a number all the same. */
const numbered = (parameter: Json): Json =>
  isObject(parameter.schema) && parameter.schema.type === "string" && parameter.schema.format === digits
    ? { ...parameter, schema: { ...parameter.schema, type: "integer" } }
    : parameter

/** An object whose keys the contract leaves open has any keys; a generated client takes a bare `object` for an empty one. */
const opened = (schema: Json): Json =>
  schema.type === "object" && !("properties" in schema) && !("additionalProperties" in schema)
    ? { ...schema, additionalProperties: true }
    : schema

const mend = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(mend)
  if (!isObject(value)) return value
  const mended = Object.fromEntries(
    Object.entries(value).map(([key, below]) => [
      key,
      // what an example or a default holds is no schema
      key === "examples" || key === "example" || key === "default" ? below : mend(below),
    ]),
  )
  return opened("in" in mended && "name" in mended ? numbered(mended) : mended)
}

/** The head of a service's document. The address is the service's own: that which the document was read from. */
export const documentOf = ({ description, title }: { readonly title: string; readonly description: string }) =>
  OpenApi.annotations({
    title,
    description,
    version: "1",
    license: { name: "MIT", identifier: "MIT" } as OpenApi.OpenAPISpecLicense,
    servers: [{ url: "/", description: "The service that this document was read from" }],
    transform: (document) => {
      const mended = mend(document) as Json
      return { ...mended, info: { ...mended.info as Json, contact: { name: "The maintainers of Stint" } } }
    },
  })

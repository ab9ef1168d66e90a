/** Typed reads of a config or of settings, which are validated by a definition, not by a type. */
import type { JsonObject } from "@stint/domain/Protocol"

const own = (record: JsonObject, key: string) => Object.hasOwn(record, key) ? record[key] : undefined

/** The text at the key, else an empty one. */
export const textAt = (record: JsonObject, key: string): string => {
  const value = own(record, key)
  return typeof value === "string" ? value : ""
}

/** The texts of the list at the key, without blank ones, else none. */
export const textsAt = (record: JsonObject, key: string): Array<string> => {
  const value = own(record, key)
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === "string" && item.trim() !== "")
    : []
}

/** The finite number at the key, else undefined. */
export const numberAt = (record: JsonObject, key: string): number | undefined => {
  const value = own(record, key)
  return typeof value === "number" && Number.isFinite(value) ? value : undefined
}

/** The object at the key, else an empty one. */
export const objectAt = (record: JsonObject, key: string): JsonObject => {
  const value = own(record, key)
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as JsonObject : {}
}

/** Reads values of a config or of settings, which a definition has checked but no type knows. */
import type { JsonObject } from "@stint/domain/Protocol"

const own = (record: JsonObject, key: string) => Object.hasOwn(record, key) ? record[key] : undefined

/** The text at the key; empty when there is none. */
export const textAt = (record: JsonObject, key: string): string => {
  const value = own(record, key)
  return typeof value === "string" ? value : ""
}

/** The texts of the list at the key, blank ones left out; empty when there is none. */
export const textsAt = (record: JsonObject, key: string): Array<string> => {
  const value = own(record, key)
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === "string" && item.trim() !== "")
    : []
}

/** The number at the key, or undefined. */
export const numberAt = (record: JsonObject, key: string): number | undefined => {
  const value = own(record, key)
  return typeof value === "number" && Number.isFinite(value) ? value : undefined
}

/** The object at the key; empty when there is none. */
export const objectAt = (record: JsonObject, key: string): JsonObject => {
  const value = own(record, key)
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as JsonObject : {}
}

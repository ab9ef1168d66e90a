/** Half an edit: kept in this tab while its person looks elsewhere, until it is sent or thrown away. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { editName } from "./EditName.ts"

/** An edit that is not sent: what it began with, what it has become, and why. */
export const KeptEdit = Schema.Struct({
  base_revision: Schema.Int,
  base: JsonObject,
  payload: JsonObject,
  notes: Schema.String,
})
export type KeptEdit = typeof KeptEdit.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(KeptEdit))

/** The edit of a draft that a person left; undefined where there is none. */
export const keptEdit = (person: string, id: string): KeptEdit | undefined => {
  const kept = decode(sessionStorage.getItem(editName(person, id)))
  return kept._tag === "Some" ? kept.value : undefined
}

/** Keeps an edit; undefined forgets it. What has no room is not kept: the page goes on with it. */
export const keep = (person: string, id: string, edit: KeptEdit | undefined): void => {
  try {
    if (edit === undefined) sessionStorage.removeItem(editName(person, id))
    else sessionStorage.setItem(editName(person, id), JSON.stringify(edit))
  } catch {
    // the storage of this tab is full, or the browser has none
  }
}

/** An edit of a draft as it stands, before anything is changed. */
export const begun = ({ payload, revision = 1 }: Pick<Deliverable, "payload" | "revision">): KeptEdit => {
  const base = payload as unknown as JsonObject
  return { base_revision: revision, base, payload: base, notes: "" }
}

type Json = JsonObject[string]

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const same = (one: Json | undefined, other: Json | undefined): boolean => JSON.stringify(one) === JSON.stringify(other)

/** What was changed by hand, on top of what was written meanwhile: a value that both changed is the hand's. */
export const onto = (base: Json | undefined, mine: Json | undefined, theirs: Json | undefined): Json | undefined => {
  if (same(base, mine)) return theirs
  if (isObject(base) && isObject(mine) && isObject(theirs)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(mine)])
    return Object.fromEntries(
      [...keys].flatMap((key) => {
        const value = onto(base[key], mine[key], theirs[key])
        return value === undefined ? [] : [[key, value]]
      }),
    )
  }
  if (
    Array.isArray(base) && Array.isArray(mine) && Array.isArray(theirs) &&
    base.length === mine.length && base.length === theirs.length
  ) {
    return mine.map((value: Json, index) => onto(base[index], value, theirs[index]) ?? null)
  }
  return mine
}

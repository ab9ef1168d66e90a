/** What the form of a new agent proposes: the zone of this browser, where the type asks for a zone and none is filled in. */
import type { Field } from "@stint/domain/Definition"
import { isTimezone } from "@stint/domain/Formats"
import { jsonPath } from "@stint/domain/JsonPath"
import { type RefObject, useEffect, useRef, useState } from "react"
import type { Values } from "../../form/Values.ts"
import { ownZone } from "../../format/Time.ts"

/** The zones that are proposed for a config, by their keys. */
export const proposedFor = (fields: ReadonlyArray<Field>, config: Values, zone: string): Values =>
  isTimezone(zone)
    ? Object.fromEntries(
      fields.filter(({ format, key }) => format === "iana_timezone" && config[key] === undefined)
        .map(({ key }) => [key, zone]),
    )
    : {}

/** The fields, with a word at those that hold what was proposed. */
export const withProposals = (fields: ReadonlyArray<Field>, proposed: Values, values: Values): ReadonlyArray<Field> =>
  fields.map((field) =>
    proposed[field.key] === undefined || values[field.key] !== proposed[field.key] ? field : {
      ...field,
      description: [field.description, "That of this browser is filled in: change it if it is another"]
        .filter((part) => part !== undefined).join(". "),
    }
  )

/** A config without what was proposed and has not been seen: nothing is said in a person's name that it was not shown. */
export const withoutUnseen = (values: Values, proposed: Values, seen: ReadonlySet<string>): Values =>
  Object.fromEntries(Object.entries(values).filter(([key, value]) => seen.has(key) || value !== proposed[key]))

/** The keys of the proposals whose fields have been on the screen. */
const useSeen = (root: string, proposed: Values): RefObject<Set<string>> => {
  const seen = useRef(new Set<string>())
  useEffect(() => {
    const keys = new Map(Object.keys(proposed).map((key) => [jsonPath([key], root), key]))
    const watch = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) seen.current.add(keys.get(target.id)!)
    })
    for (const id of keys.keys()) {
      const field = document.getElementById(id)
      if (field !== null) watch.observe(field)
    }
    return () => watch.disconnect()
  }, [proposed, root])
  return seen
}

/** What is proposed for a config when its form opens, and which of it has been seen. `root` is the JSON path of the config. */
export const useProposed = (fields: ReadonlyArray<Field>, config: Values, root: string) => {
  const [proposed] = useState(() => proposedFor(fields, config, ownZone))
  return { proposed, seen: useSeen(root, proposed) }
}

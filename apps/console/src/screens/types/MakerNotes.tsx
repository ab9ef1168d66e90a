/** That makers of a definition can't be called as this installation is set up: its runs would fail for good, and nothing else says so before. */
import { useDebouncedValue } from "@mantine/hooks"
import { slowMakerOf, type SlowTemplateMaker, TemplateMaker } from "@stint/domain/Definition/Maker"
import { useQuery } from "@tanstack/react-query"
import { Option, Schema } from "effect"
import { type ReactNode, useMemo } from "react"
import { makerProblemsQuery } from "../../api/Makers.ts"
import { Note } from "../../ui/Note.tsx"

/** How long nobody has to type before makers are asked about, in milliseconds. */
const REST_MS = 500

/** A template whose maker is called, by its name. */
interface Made {
  readonly name: string
  readonly slow: SlowTemplateMaker
}

/** What names a maker in a definition that is being written: the rest of it may have faults. */
const decodeTemplate = Schema.decodeUnknownOption(Schema.Struct({ name: Schema.String, maker: TemplateMaker }))
const decodeDefinition = Schema.decodeUnknownOption(Schema.Struct({ goal_templates: Schema.Array(Schema.Unknown) }))

/** The templates of a definition whose makers are called; those that have faults are left out. */
const madeBy = (definition: unknown): ReadonlyArray<Made> =>
  Option.match(decodeDefinition(definition), { onNone: () => [], onSome: ({ goal_templates }) => goal_templates })
    .flatMap((template) => {
      const { maker, name } = Option.getOrElse(decodeTemplate(template), () => ({ maker: undefined, name: "" }))
      const slow = slowMakerOf(maker === undefined ? {} : { maker })
      return slow === undefined ? [] : [{ name, slow }]
    })

/** The notes, one for each thing to mend; nothing where nothing is known to be in the way. `definition`: published, or as far as it is written. */
export const MakerNotes = ({ definition, follows }: {
  readonly definition: unknown
  /** What follows while it is not mended. */
  readonly follows: string
}): ReactNode => {
  const made = useMemo(() => madeBy(definition), [definition])
  const [asked] = useDebouncedValue(made, REST_MS)
  const problems = useQuery(makerProblemsQuery(asked.map(({ slow }) => slow))).data
  const named = new Map<string, Array<string>>()
  for (const { name, slow } of made) {
    const problem = problems?.get(JSON.stringify(slow))
    if (problem !== undefined) named.set(problem, [...named.get(problem) ?? [], name])
  }
  return (
    <div className="notes" aria-live="polite">
      {[...named].map(([problem, names]) => (
        <Note key={problem} kind="wait" word="can't be called">
          {names.join(", ")}: {problem.replace(/\.$/, "")}. <span className="dim">{follows}</span>
        </Note>
      ))}
    </div>
  )
}

/** That makers of a version can't be called as this installation is set up: its runs would fail for good, and nothing else says so before. */
import { slowMakerOf } from "@stint/domain/Definition/Maker"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { makerProblemsQuery } from "../../api/Makers.ts"
import { Note } from "../../ui/Note.tsx"

/** The notes, one for each thing to mend; nothing where nothing is known to be in the way. */
export const MakerNotes = ({ type }: { readonly type: AgentType }): ReactNode => {
  const made = type.goal_templates.flatMap(({ maker, name }) => {
    const slow = slowMakerOf(maker === undefined ? {} : { maker })
    return slow === undefined ? [] : [{ name, slow }]
  })
  const problems = useQuery(makerProblemsQuery(made.map(({ slow }) => slow))).data ?? []
  const named = new Map<string, Array<string>>()
  for (const [nth, problem] of problems.entries()) {
    if (problem !== null) named.set(problem, [...named.get(problem) ?? [], made[nth]!.name])
  }
  return (
    <div className="notes">
      {[...named].map(([problem, names]) => (
        <Note key={problem} kind="wait" word="can't be called">
          {names.join(", ")}: {problem.replace(/\.$/, "")}.{" "}
          <span className="dim">Until then each run of it fails for good, and waits under Dead letters.</span>
        </Note>
      ))}
    </div>
  )
}

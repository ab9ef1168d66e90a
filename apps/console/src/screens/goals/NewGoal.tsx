/** Setting a goal. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { hireQuery } from "../../api/Hires.ts"
import { hireName } from "../../format/Words.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Editor } from "./Editor.tsx"

const route = getRouteApi("/app/agents/$hire/goals/new")

/** A new goal. */
export const NewGoal = (): ReactNode => {
  const { hire: id } = route.useParams()
  const { template } = route.useSearch()
  const navigate = useNavigate()
  const hire = useQuery(hireQuery(id))
  const known = hire.data
  const type = useQuery({
    ...agentTypeQuery(known?.agent_id ?? "", known?.definition_version),
    enabled: known !== undefined,
  })
  return (
    <Page
      title="Set a goal"
      beside={
        <Link to="/agents/$hire" params={{ hire: id }} className="dim">
          ‹ {known === undefined ? "Agent" : hireName(known)}
        </Link>
      }
    >
      <Loaded of={hire} skeleton={<Bone height={400} />}>
        {(of) => (
          <Loaded of={type} skeleton={<Bone height={400} />}>
            {(definition) => (
              <Editor
                hire={of}
                type={definition}
                template={template}
                saved={({ goal_instance_id }) =>
                  void navigate({
                    to: "/agents/$hire/goals/$goal",
                    params: { hire: id, goal: goal_instance_id },
                    replace: true,
                  })}
              />
            )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}

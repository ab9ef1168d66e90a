/** All agent types, each with its latest version. */
import { Button } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { agentTypesQuery } from "../../api/Catalog.ts"
import { ownZone } from "../../format/Time.ts"
import { count, titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"

/** The screen. */
export const Types = (): ReactNode => {
  const query = useQuery(agentTypesQuery)
  const operator = useIsOperator()
  const navigate = useNavigate()
  const publish = () => void navigate({ to: "/types/publish" })
  useActions(operator ? [{ label: "Publish an agent type", keys: "p", run: publish }] : [])
  return (
    <Page title="Agent types" actions={operator ? <Button size="xs" onClick={publish}>Publish…</Button> : null}>
      <div className="wide-column">
        <Loaded of={query} skeleton={<Bone height={140} />}>
          {(types) =>
            types.length === 0
              ? (
                <Empty title="There is no agent type">
                  <p>Publish one, so that it can be hired.</p>
                </Empty>
              )
              : (
                <Table
                  label="Agent types"
                  columns={[
                    { label: "Type" },
                    { label: "Latest" },
                    { label: "Fields", number: true, wide: true },
                    { label: "Goals", number: true, wide: true },
                    { label: "Approval", wide: true },
                    { label: "Published", wide: true },
                  ]}
                  rows={types.map((type) => ({
                    key: type.id,
                    cells: [
                      <Link key="type" to="/types/$type" params={{ type: type.agent_type_id }}>
                        <b>{titled(type.agent_type_id)}</b> <span className="mono dim">{type.agent_type_id}</span>
                      </Link>,
                      type.version,
                      count(type.config_schema.fields.length),
                      count(type.goal_templates.length),
                      type.enforcement_defaults.approval_required ? "required" : "for what acts",
                      <Ago key="at" at={type.created_at} zone={ownZone} />,
                    ],
                  }))}
                />
              )}
        </Loaded>
      </div>
    </Page>
  )
}

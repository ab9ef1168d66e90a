/** What can be hired. */
import { Button } from "@mantine/core"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { agentTypesQuery } from "../../api/Catalog.ts"
import { titled } from "../../format/Words.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import styles from "./agents.module.css"

/** What holds for the work of every hire of a type. */
export const enforcementWords = ({ enforcement_defaults: { approval_required, deterministic } }: AgentType): string =>
  [
    approval_required ? "Nothing leaves without your signature." : "Only what acts on the world needs your signature.",
    deterministic ? "No language model takes part." : "",
  ].join(" ").trim()

const Type = ({ type }: { readonly type: AgentType }): ReactNode => (
  <article className={`card ${styles.type}`}>
    <div>
      <h2>{titled(type.agent_type_id)}</h2>
      <span className="faint mono">{type.id}</span>
    </div>
    <ul>
      {type.goal_templates.map(({ goal_template_id, name }) => <li key={goal_template_id}>{name}</li>)}
    </ul>
    <p className={styles.rule}>{enforcementWords(type)}</p>
    <div>
      <Button
        variant="default"
        className={styles.hire}
        renderRoot={(props) => <Link to="/agents/hire/$type" params={{ type: type.agent_type_id }} {...props} />}
      >
        Hire
        <span className="visually-hidden">{titled(type.agent_type_id)}</span>
      </Button>
    </div>
  </article>
)

/** The agent types. */
export const Types = (): ReactNode => (
  <Page title="Hire an agent" beside={<Link to="/agents" className="dim">‹ Agents</Link>}>
    <Loaded
      of={useQuery(agentTypesQuery)}
      skeleton={<div className={styles.cards}>{[0, 1].map((index) => <Bone key={index} height={190} />)}</div>}
    >
      {(types) =>
        types.length === 0
          ? <Empty title="Nothing can be hired yet">An operator publishes agent types.</Empty>
          : <div className={styles.cards}>{types.map((type) => <Type key={type.id} type={type} />)}</div>}
    </Loaded>
  </Page>
)

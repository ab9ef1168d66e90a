/** The draft that a run made: how it stands, and what it says. Operators and viewers read it, and decide nothing. */
import { useQuery } from "@tanstack/react-query"
import { lazy, type ReactNode, Suspense, useState } from "react"
import { deliverableQuery } from "../../api/Deliverables.ts"
import { Id } from "../../ui/Id.tsx"
import { Ago } from "../../ui/Instant.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { stateOf } from "../inbox/Summary.ts"

const Payload = lazy(() => import("../inbox/draft/Payload.tsx").then(({ Payload }) => ({ default: Payload })))

/** The words of a state for whoever is not the one it waits for. */
const asSeen = (words: string): string => words === "waits for you" ? "waits for its customer" : words

/** The draft. */
export const Made = ({ id, zone }: { readonly id: string; readonly zone: string }): ReactNode => {
  const query = useQuery(deliverableQuery(id))
  const [reading, setReading] = useState(false)
  return (
    <section>
      <div className="section-head">
        <h2>Draft</h2>
      </div>
      <Loaded of={query} skeleton={<Bone height={88} />}>
        {(draft) => {
          const state = stateOf(draft)
          return (
            <div className="card padded">
              <div className="section-head">
                <b>{draft.title}</b>
                <Tag kind={state.kind}>{asSeen(state.words)}</Tag>
                <span className="dim">
                  made <Ago at={draft.created_at} zone={zone} />
                </span>
              </div>
              <p className="dim">
                <Id id={draft.deliverable_id} whole />
              </p>
              {draft.execution?.last_error == null
                ? null
                : <p className="dim">Delivery: {draft.execution.last_error}</p>}
              <button
                type="button"
                className="link-button"
                aria-expanded={reading}
                onClick={() => setReading(!reading)}
              >
                {reading ? "Hide what it says" : "Show what it says"}
              </button>
              {reading
                ? (
                  <Suspense fallback={<Bone height={120} />}>
                    <Payload payload={draft.payload} />
                  </Suspense>
                )
                : null}
            </div>
          )
        }}
      </Loaded>
    </section>
  )
}

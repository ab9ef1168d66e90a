/** The replicas of the scheduler: which are here, and what each holds under a lease. */
import type { Replica } from "@stint/domain/scheduler/Replicas"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { replicasQuery } from "../../api/Figures.ts"
import { ownZone } from "../../format/Time.ts"
import { count } from "../../format/Words.ts"
import { Id } from "../../ui/Id.tsx"
import { Ago } from "../../ui/Instant.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { type Kind, Tag } from "../../ui/Tag.tsx"
import styles from "./scheduler.module.css"

const kinds: Readonly<Record<Replica["state"], Kind>> = { here: "ok", away: "bad", unknown: "plain" }

const heldBy = ({ max_running, running }: Replica): string =>
  max_running === null ? count(running) : `${count(running)} of ${count(max_running)}`

/** The replicas. */
export const Replicas = (): ReactNode => (
  <section>
    <div className="section-head">
      <h2>Schedulers</h2>
    </div>
    <p className={`dim ${styles.note}`}>
      The processes that run goals. When one dies, the others take over the runs that it had in hand.
    </p>
    <Loaded of={useQuery(replicasQuery)} skeleton={<Bone height={88} />}>
      {({ items }) =>
        items.length === 0 ? <p className="dim">None has said that it is here.</p> : (
          <Table
            label="Schedulers"
            columns={[
              { label: "Process" },
              { label: "State" },
              { label: "Version", wide: true },
              { label: "Started", wide: true },
              { label: "Last heard of" },
              { label: "Runs in hand", number: true },
              { label: "Oldest since", wide: true },
              { label: "Taken over, if it dies", wide: true },
            ]}
            rows={items.map((replica) => ({
              key: replica.replica,
              cells: [
                <Id key="id" id={replica.replica} />,
                <Tag key="state" kind={kinds[replica.state]}>{replica.state}</Tag>,
                replica.version ?? "–",
                replica.started_at === null ? "–" : <Ago key="started" at={replica.started_at} zone={ownZone} />,
                replica.seen_at === null ? "–" : <Ago key="seen" at={replica.seen_at} zone={ownZone} />,
                heldBy(replica),
                replica.oldest_claim === null ? "–" : <Ago key="oldest" at={replica.oldest_claim} zone={ownZone} />,
                replica.lease_ends === null ? "–" : <Ago key="ends" at={replica.lease_ends} zone={ownZone} />,
              ],
            }))}
          />
        )}
    </Loaded>
  </section>
)

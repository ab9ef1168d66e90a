/** A draft that is being made: since when, until when, how often its maker was called, and what it says. */
import type { Making } from "@stint/domain/Making"
import type { ReactNode } from "react"
import { count } from "../../format/Words.ts"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Tag } from "../../ui/Tag.tsx"

/** What is known of the making. */
export const MakingFacts = ({ making: { calls, deadline, note, since }, zone }: {
  readonly making: Making
  readonly zone: string
}): ReactNode => (
  <dl className="facts">
    <dt>Since</dt>
    <dd>
      <Instant at={since} zone={zone} as="exact" named />
      <span className="dim">
        {" · "}
        <Ago at={since} zone={zone} />
      </span>
    </dd>
    <dt>Late after</dt>
    <dd>
      <Instant at={deadline} zone={zone} as="exact" />
    </dd>
    <dt>Calls</dt>
    <dd>{calls === 0 ? "its maker was not called yet" : count(calls)}</dd>
    <dt>It says</dt>
    <dd>
      <span role="status">{note ?? <span className="dim">nothing yet</span>}</span>
    </dd>
  </dl>
)

/** The same as a part of the page of its run. */
export const BeingMade = ({ making, zone }: { readonly making: Making; readonly zone: string }): ReactNode => (
  <section aria-label="Being made">
    <div className="section-head">
      <h2>Being made</h2>
      <Tag kind="run">making</Tag>
    </div>
    <div className="card padded">
      <MakingFacts making={making} zone={zone} />
    </div>
  </section>
)

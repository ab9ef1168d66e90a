/** Exactly what a signature covers: the content by its hash, where it goes, and for how long (domain.md, "Review and execute"). */
import { canonicalJson } from "@stint/domain/Canonical"
import { type DeliveryTarget, HireSettings } from "@stint/domain/Definition/HireSettings"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { isActing } from "@stint/domain/Draft"
import { type DraftPayload, intentAction } from "@stint/domain/Payload"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQuery } from "@tanstack/react-query"
import { Schema } from "effect"
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react"
import { hireQuery } from "../../../api/Hires.ts"
import { zoneOf } from "../../../format/Time.ts"
import { shortened, titled } from "../../../format/Words.ts"
import { Bone } from "../../../ui/States.tsx"
import { summaryOf, verbOf } from "../Summary.ts"
import styles from "./draft.module.css"
import { Target } from "./Target.tsx"

const Decided = lazy(() => import("./Decided.tsx").then(({ Decided }) => ({ default: Decided })))

const Signers = lazy(() => import("./Signers.tsx").then(({ Signers }) => ({ default: Signers })))

const decodeSettings = Schema.decodeUnknownOption(HireSettings)

/** Where drafts of a hire go now. */
const targetOf = (settings: unknown): DeliveryTarget => {
  const decoded = decodeSettings(settings)
  const execution = decoded._tag === "Some" ? decoded.value.execution : undefined
  return { ...execution, target: execution?.target ?? "journal" }
}

/** The SHA-256 of the content as it is on this screen. Undefined until it is known, or where the browser gives none. */
const useContentHash = (payload: DraftPayload): string | undefined => {
  const [hash, setHash] = useState<string>()
  useEffect(() => {
    let gone = false
    const bytes = new TextEncoder().encode(canonicalJson(payload))
    // only a secure origin has it
    void globalThis.crypto.subtle?.digest("SHA-256", bytes).then((digest) => {
      if (!gone) setHash(Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""))
    })
    return () => {
      gone = true
    }
  }, [payload])
  return hash
}

const wide = (action: string | undefined, payload: DraftPayload): string =>
  isActing(action)
    ? `one execution: ${verbOf(payload).toLowerCase()}`
    : "one execution, which does nothing to the world"

const Undecided = ({ draft, hire }: { readonly draft: Deliverable; readonly hire: Hire | undefined }): ReactNode => {
  const hash = useContentHash(draft.payload)
  const { approvals_given = 0, approvals_needed = 1, revision = 1 } = draft
  return (
    <>
      <dt>content</dt>
      <dd>
        {summaryOf(draft.payload)}, revision {revision}{" "}
        {hash === undefined ? null : <span className="faint mono" title={`SHA-256 ${hash}`}>{shortened(hash)}</span>}
      </dd>
      <dt>goes to</dt>
      <dd>{hire === undefined ? <Bone width={120} /> : <Target target={targetOf(hire.settings)} />}</dd>
      <dt>good for</dt>
      <dd>{wide(intentAction(draft.payload), draft.payload)}, of exactly this content, to exactly there</dd>
      <dt>made by</dt>
      <dd>
        {hire === undefined ? <Bone width={120} /> : `${titled(hire.agent_id)}, version ${hire.definition_version}`}
      </dd>
      {approvals_needed > 1 || approvals_given > 0
        ? (
          <Suspense fallback={<Bone height={21} />}>
            <Signers draft={draft} zone={zoneOf(hire?.config)} />
          </Suspense>
        )
        : null}
    </>
  )
}

/** What is signed, or was. */
export const Signature = ({ draft }: { readonly draft: Deliverable }): ReactNode => {
  const hire = useQuery(hireQuery(draft.hired_instance_id)).data
  const decided = draft.review_status === "approved" || draft.review_status === "rejected"
  const title = draft.review_status === "in_revision" || draft.review_status === "expired"
    ? "What would be signed"
    : !decided
    ? "What you sign"
    : draft.review_status === "approved"
    ? "What was signed"
    : "The decision"
  return (
    <section className={styles.sign} aria-label={title}>
      <b>{title}</b>
      <dl className="facts">
        {decided
          ? (
            <Suspense fallback={<Bone height={84} />}>
              <Decided draft={draft} zone={zoneOf(hire?.config)} />
            </Suspense>
          )
          : <Undecided draft={draft} hire={hire} />}
      </dl>
    </section>
  )
}

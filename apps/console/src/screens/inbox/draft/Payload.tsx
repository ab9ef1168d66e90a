/** A draft as those will see it whom it is for: a post as a post, an order as a ticket, a document as a document. */
import type { MarketingVariant } from "@stint/domain/agents/marketing_healthcare/Payload"
import type { StructuredDeliverable } from "@stint/domain/agents/structured/Payload"
import {
  tradingChecks,
  type TradingClosePositionProposal,
  type TradingGuardrailReport,
  type TradingIntentPlan,
} from "@stint/domain/agents/trading_delta_futures/Payload"
import type { DraftPayload } from "@stint/domain/Payload"
import { Fragment, lazy, type ReactNode, Suspense } from "react"
import { count, counted, titled } from "../../../format/Words.ts"
import { Bone } from "../../../ui/States.tsx"
import styles from "./draft.module.css"
import { lengthOf, limitOf, platformNames } from "./Platforms.ts"

// the renderer of Markdown is as large as this screen: it comes with the first document
const Markdown = lazy(() => import("../../../ui/Markdown.tsx").then(({ Markdown }) => ({ default: Markdown })))

const Post = ({ brand, post }: { readonly post: MarketingVariant; readonly brand: string }): ReactNode => {
  const length = lengthOf(post)
  const limit = limitOf(post.platform)
  return (
    <article className={styles.post} aria-label={platformNames[post.platform]}>
      <header>
        <span>{platformNames[post.platform]}</span>
        <span className={length > limit ? styles.over : "faint"}>
          {count(length)} of {count(limit)}
          {length > limit ? ", too long" : ""}
        </span>
      </header>
      <div className={styles.text}>
        <div className={styles.author}>
          <span className={styles.avatar} aria-hidden="true">{brand.charAt(0)}</span>
          <b>{brand}</b>
        </div>
        {post.title === undefined ? null : <p className={styles.heading}>{post.title}</p>}
        <p className={styles.words}>{post.text}</p>
        {post.hashtags.length === 0 ? null : <p className="dim">{post.hashtags.join(" ")}</p>}
      </div>
    </article>
  )
}

const checkWords: Record<typeof tradingChecks[number], (plan: TradingIntentPlan) => string> = {
  coin_allowed: ({ coin }) => `${coin} is an allowed coin`,
  side_valid: () => "The side is buy or sell",
  units_positive: () => "The number of units is above zero",
  within_max_units: ({ checks }) => `At most ${count(checks.max_units_per_order)} units in an order`,
}

const Check = ({ holds, words }: { readonly holds: boolean; readonly words: string }): ReactNode => (
  <li data-holds={holds}>
    <span aria-hidden="true">{holds ? "✓" : "✕"}</span>
    {words}
    <span className={styles.verdict}>{holds ? "holds" : "fails"}</span>
  </li>
)

const Order = ({ plan }: { readonly plan: TradingIntentPlan }): ReactNode => (
  <article className={styles.post} aria-label="Order">
    <header>
      <span>Order</span>
      <span className="faint">{titled(plan.exchange_provider)}</span>
    </header>
    <div className={styles.text}>
      <p className={styles.order}>{titled(plan.side)} {count(plan.units)} {plan.coin}</p>
      <dl className="facts">
        <dt>Credential</dt>
        <dd className="mono">{plan.credential_ref}</dd>
      </dl>
      <ul className={styles.checks}>
        {tradingChecks.map((check) => <Check key={check} holds={plan.checks[check]} words={checkWords[check](plan)} />)}
      </ul>
    </div>
  </article>
)

const ClosePosition = ({ proposal }: { readonly proposal: TradingClosePositionProposal }): ReactNode => (
  <article className={styles.post} aria-label="Proposal">
    <header>
      <span>Close the open positions</span>
      <span className="faint">{titled(proposal.exchange_provider)}</span>
    </header>
    <div className={styles.text}>
      <p className={styles.order}>At {proposal.window_local_time}</p>
      <dl className="facts">
        <dt>Credential</dt>
        <dd className="mono">{proposal.credential_ref}</dd>
      </dl>
    </div>
  </article>
)

const Guardrails = ({ snapshot }: { readonly snapshot: TradingGuardrailReport["snapshot"] }): ReactNode => (
  <article className={styles.post} aria-label="Report">
    <header>
      <span>What this agent may trade</span>
      <span className="faint">{titled(snapshot.exchange_provider)}</span>
    </header>
    <div className={styles.text}>
      <dl className="facts">
        <dt>Allowed coins</dt>
        <dd>{snapshot.allowed_coins.join(", ") || "none"}</dd>
        <dt>Default coin</dt>
        <dd>{snapshot.default_coin}</dd>
        <dt>In an order</dt>
        <dd>at most {counted(snapshot.risk_limits.max_units_per_order, "unit")}</dd>
        {snapshot.risk_limits.max_notional_inr === undefined ? null : (
          <>
            <dt>Value</dt>
            <dd>at most {count(snapshot.risk_limits.max_notional_inr)} rupees</dd>
          </>
        )}
        <dt>Credential</dt>
        <dd className="mono">{snapshot.credential_ref}</dd>
      </dl>
    </div>
  </article>
)

/** A value of a draft as text: a list as its lines, an object as its JSON. */
const shown = (value: unknown): string =>
  Array.isArray(value) ? value.map(shown).join("\n") : typeof value === "object" ? JSON.stringify(value) : String(value)

const Structured = ({ draft }: { readonly draft: StructuredDeliverable }): ReactNode => (
  <article className={styles.post} aria-label="Draft">
    <div className={styles.text}>
      <p className={styles.heading}>{draft.title}</p>
      <dl className="facts">
        {Object.entries(draft.fields).map(([key, value]) => (
          <Fragment key={key}>
            <dt>{titled(key)}</dt>
            <dd className={styles.words}>{shown(value)}</dd>
          </Fragment>
        ))}
      </dl>
    </div>
    {draft.body === undefined ? null : (
      <Suspense
        fallback={
          <div className={styles.text}>
            <Bone height={200} />
          </div>
        }
      >
        <Markdown text={draft.body} />
      </Suspense>
    )}
  </article>
)

/** What a draft says. */
export const Payload = ({ payload }: { readonly payload: DraftPayload }): ReactNode => {
  switch (payload.type) {
    case "marketing_draft_batch_v1":
      return (
        <>
          {payload.variants.map((post, index) => <Post key={index} post={post} brand={payload.brand_name} />)}
          {payload.suggested_schedule_local.length === 0
            ? null
            : <p className={styles.aside}>Suggested times: {payload.suggested_schedule_local.join(", ")}</p>}
        </>
      )
    case "trading_intent_plan_v1":
      return <Order plan={payload} />
    case "trading_close_position_proposal_v1":
      return <ClosePosition proposal={payload} />
    case "trading_guardrail_report_v1":
      return <Guardrails snapshot={payload.snapshot} />
    case "structured_deliverable_v1":
      return <Structured draft={payload} />
    case "generic_deliverable_v1":
      return (
        <article className={styles.post} aria-label="Document">
          <Suspense
            fallback={
              <div className={styles.text}>
                <Bone height={200} />
              </div>
            }
          >
            <Markdown text={payload.body} />
          </Suspense>
        </article>
      )
  }
}

/** What an agent cost this month, against its budget. */
import type { Spending } from "@stint/domain/deliverables/Reports"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { spendingQuery } from "../../api/Makers.ts"
import { spent } from "../../format/Money.ts"
import styles from "./report.module.css"

/** How much of the budget is used, 0 to 1; undefined without one. */
const shareOf = ({ cost, max_cost_per_month: most }: Spending): number | undefined =>
  most === null ? undefined : most === 0 ? 1 : Math.min(cost / most, 1)

/** The month as a bar, where there is a budget. */
export const SpendBar = ({ spending }: { readonly spending: Spending }): ReactNode => {
  const share = shareOf(spending)
  return share === undefined ? null : (
    <div
      className={styles.meter}
      role="meter"
      aria-label={`Spent in ${spending.month}`}
      aria-valuemin={0}
      aria-valuemax={spending.max_cost_per_month ?? 0}
      aria-valuenow={spending.cost}
      aria-valuetext={spent(spending)}
      data-kind={share >= 1 ? "bad" : share >= 0.8 ? "wait" : "ok"}
    >
      <i style={{ width: `${share * 100}%` }} />
    </div>
  )
}

/** In one line, beside the agent's name; nothing where it has no budget and cost nothing. */
export const Spend = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const spending = useQuery(spendingQuery(hire.hired_instance_id)).data
  if (spending === undefined || (spending.cost === 0 && spending.max_cost_per_month === null)) return null
  return (
    <Link
      className="dim"
      to="/agents/$hire"
      params={{ hire: hire.hired_instance_id }}
      search={{ tab: "report" }}
      replace
    >
      {`spend this month ${spent(spending)}`}
    </Link>
  )
}

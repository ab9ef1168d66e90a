/** Amounts of money, in whichever currency the prices of the models are. */

import type { Spending } from "@stint/domain/deliverables/Reports"

const usual = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const tiny = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 })

/** An amount: 41.20; of less than a hundredth its first figures, so that what was spent is never shown as nothing. */
export const money = (amount: number): string =>
  amount > 0 && amount < 0.01 ? tiny.format(amount) : usual.format(amount)

/** What was spent, against a budget where there is one: 1.20 of 12.50. */
export const spent = ({ cost, max_cost_per_month: most }: Pick<Spending, "cost" | "max_cost_per_month">): string =>
  most === null ? money(cost) : `${money(cost)} of ${money(most)}`

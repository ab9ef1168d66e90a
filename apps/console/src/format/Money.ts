/** Amounts of money, in whichever currency the prices of the models are. */

const usual = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const tiny = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 })

/** An amount: 41.20; of less than a hundredth its first figures, so that what was spent is never shown as nothing. */
export const money = (amount: number): string =>
  amount > 0 && amount < 0.01 ? tiny.format(amount) : usual.format(amount)

/** A lead trial as its readers get it. */
import type { TrialRow } from "./Row.ts"

/** For people: without the customer. */
export const trialOnWire = ({ customer_id: _, phone, ...trial }: TrialRow) => ({
  ...trial,
  ...phone === null ? {} : { phone },
})

/** For services, which decide by the customer who may see what was made in the trial. */
export const trialForService = (trial: TrialRow) => ({ ...trialOnWire(trial), customer_id: trial.customer_id })

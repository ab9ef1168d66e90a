/** A lead trial as its readers get it. */
import { Trial } from "@stint/domain/hiring/Trials"
import { encoded } from "@stint/edge/Replies"
import type { TrialRow } from "./Row.ts"

/** For people: without the customer. */
export const trialOnWire = ({ customer_id: _, phone, ...trial }: TrialRow) => ({
  ...trial,
  ...phone === null ? {} : { phone },
})

/** For services, which decide by the customer who may see what was made in the trial. */
export const trialForService = (trial: TrialRow) => ({ ...trialOnWire(trial), customer_id: trial.customer_id })

const textOf = encoded(Trial)

/** The answer to who began it. */
export const begun = (trial: TrialRow) => ({
  status: 201,
  location: `/api/v1/trials/${trial.trial_id}`,
  body: textOf(trialOnWire(trial)),
})

/** All the proofs, in the order of the table in docs/guarantees.md. */
import { audit } from "./audit.ts"
import { budget } from "./budget.ts"
import { calendar } from "./calendar.ts"
import { edits } from "./edits.ts"
import { execution } from "./execution.ts"
import { explain } from "./explain.ts"
import { fairness } from "./fairness.ts"
import { freeze } from "./freeze.ts"
import { hostile } from "./hostile.ts"
import { idempotency } from "./idempotency.ts"
import { idle } from "./idle.ts"
import { isolation } from "./isolation.ts"
import { making } from "./making.ts"
import { mandate } from "./mandate.ts"
import { notices } from "./notices.ts"
import { outage } from "./outage.ts"
import { pause } from "./pause.ts"
import { poison } from "./poison.ts"
import type { Proof } from "./Proof.ts"
import { recovery } from "./recovery.ts"
import { replicas } from "./replicas.ts"
import { restored } from "./restore.ts"
import { signature } from "./signature.ts"
import { slow } from "./slow.ts"

export const proofs: ReadonlyArray<Proof> = [
  replicas,
  freeze,
  recovery,
  outage,
  idempotency,
  execution,
  signature,
  mandate,
  making,
  slow,
  notices,
  pause,
  poison,
  fairness,
  budget,
  idle,
  explain,
  calendar,
  edits,
  audit,
  isolation,
  hostile,
  restored,
]

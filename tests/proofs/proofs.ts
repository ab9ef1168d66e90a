/** All the proofs, in the order of the README's table. */
import { audit } from "./audit.ts"
import { calendar } from "./calendar.ts"
import { execution } from "./execution.ts"
import { explain } from "./explain.ts"
import { fairness } from "./fairness.ts"
import { freeze } from "./freeze.ts"
import { hostile } from "./hostile.ts"
import { idempotency } from "./idempotency.ts"
import { idle } from "./idle.ts"
import { isolation } from "./isolation.ts"
import { pause } from "./pause.ts"
import { poison } from "./poison.ts"
import type { Proof } from "./Proof.ts"
import { recovery } from "./recovery.ts"
import { replicas } from "./replicas.ts"

export const proofs: ReadonlyArray<Proof> = [
  replicas,
  freeze,
  recovery,
  idempotency,
  execution,
  pause,
  poison,
  fairness,
  idle,
  explain,
  calendar,
  audit,
  isolation,
  hostile,
]

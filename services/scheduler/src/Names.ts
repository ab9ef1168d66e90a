/** Who may read whose name: a customer is not shown the names of operators (domain.md, "Audit"). */
import type { Caller } from "@stint/domain/Caller"

/** How a subject is named to the reader of an answer. */
export type Naming = (subject: string) => string

/** A customer reads `an operator` for everybody but itself and the system; other roles read subjects as they are. */
export const namingFor = ({ role, subject }: Caller): Naming => (who) =>
  role !== "customer" || who === subject || who === "system" ? who : "an operator"

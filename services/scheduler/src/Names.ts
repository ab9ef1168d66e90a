/** Who may read whose name: a customer is not shown the names of operators (domain.md, "Audit"). */
import type { Caller } from "@stint/domain/Caller"

/** How a subject is named to the reader of an answer. */
export type Naming = (subject: string) => string

/**
 * A customer reads `an operator` for everybody but itself and the system, a person of it `another person`, who may be one of its own;
 * other roles read subjects as they are.
 */
export const namingFor = ({ customer_id, role, subject }: Caller): Naming => (who) => {
  if (role !== "customer" || who === subject || who === customer_id || who === "system") return who
  return customer_id === undefined ? "an operator" : "another person"
}

/** Pure: whom a session is about, where a browser goes after a sign-in, and when a token is replaced. */
import { type Caller, customerOf } from "@stint/domain/Caller"
import type { LocalPerson, PersonRole, User } from "@stint/domain/gateway/Sessions"
import { DateTime } from "effect"
import type { Session } from "./Stored.ts"

/** How long before its end a token is replaced, in seconds: a request that has it gets through. */
const EARLY = 60

/** Whom a local stack signs in who names nobody: the sample customer, else somebody named like the role. */
export const localSubject = (role: PersonRole): string => role === "customer" ? "sample-customer" : role

/** Whom a local stack signs in besides, with one click: a person who decides for the sample customer, and changes nothing. */
export const localPeople: ReadonlyArray<LocalPerson> = [
  { subject: "sample-reviewer", customer_id: localSubject("customer"), duties: ["reviewer"] },
]

/** The path that a browser is sent to after a sign-in: of this origin alone, whatever was asked for. */
export const safePath = (asked: string | undefined): string => {
  const base = "http://front.invalid"
  if (asked === undefined || !asked.startsWith("/") || !URL.canParse(asked, base)) return "/"
  const url = new URL(asked, base)
  // a browser reads "//host" and "/\host" as another host
  return url.origin === base ? `${url.pathname}${url.search}${url.hash}`.replace(/^\/+/, "/") : "/"
}

/** Whether a session's token is to be replaced now. */
export const isDue = ({ refresh, token }: Session, now: number): boolean =>
  refresh !== undefined && token !== undefined && token.exp - now <= EARLY

/** When a session ends unless it is used before, in epoch seconds. */
const endOf = ({ refresh, token, until }: Session): number =>
  refresh === undefined ? Math.min(token!.exp, until) : until

/** The user of a session whose token is that of a person. */
export const userOf = (session: Session, caller: Caller & { readonly role: PersonRole }): User => {
  const { duties, role, subject } = caller
  const customer_id = customerOf(caller)
  return {
    subject,
    role,
    ...(customer_id === undefined ? {} : { customer_id }),
    ...(duties === undefined ? {} : { duties }),
    expires_at: DateTime.makeUnsafe(endOf(session) * 1000),
  }
}

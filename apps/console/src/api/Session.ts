/** The session: who is signed in. The token stays with the gateway; the page has its role, its subject and the csrf value. */
import { type LocalPerson, type PersonRole, SessionView, type User } from "@stint/domain/gateway/Sessions"
import { CustomerId } from "@stint/domain/Ids"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder, rememberCsrf } from "./Client.ts"

const decode = decoder(SessionView)

const remembered = (session: SessionView): SessionView => {
  rememberCsrf(session.csrf)
  return session
}

/** The session, kept until someone signs in or out, or a call answers 401. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => call("GET", "/session", decode, { signal }).then(remembered),
  staleTime: Infinity,
})

/** Whom one signs in as on the local stack: a role, or a person who acts for a customer. */
export type LocalUser = { readonly role: PersonRole; readonly subject?: string } & Partial<LocalPerson>

/** Signs in on the local stack; without a subject as the sample customer, or as the role. */
export const signInLocally = (who: LocalUser): Promise<SessionView> =>
  call("POST", "/session/local", decode, { body: who }).then(remembered)

/** Signs out. */
export const signOut = (): Promise<SessionView> => call("DELETE", "/session", decode).then(remembered)

/** Where the sign-in of the identity provider begins; it comes back to `return_to`. */
export const oidcUrl = (return_to: string): string => `/session/oidc?return_to=${encodeURIComponent(return_to)}`

/** The customer that a person acts for: its claim, else its subject. */
export const customerIdOf = ({ customer_id, subject }: User): CustomerId => CustomerId.make(customer_id ?? subject)

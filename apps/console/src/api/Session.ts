/** The session: who is signed in. The token stays with the gateway; the page has its role, its subject and the csrf value. */
import { Role } from "@stint/domain/Caller"
import { CustomerId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder, rememberCsrf } from "./Client.ts"

const User = Schema.Struct({
  subject: Schema.String,
  role: Role,
  customer_id: Schema.optionalKey(Schema.NullOr(Schema.String)),
  expires_at: Instant,
})
/** Who is signed in. */
export type User = typeof User.Type

const Way = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("local"), roles: Schema.Array(Role) }),
  Schema.Struct({ kind: Schema.Literal("oidc"), title: Schema.String }),
])

const Session = Schema.Struct({ user: Schema.NullOr(User), ways: Schema.Array(Way), csrf: Schema.String })
/** The answer of GET /session: who is signed in, and the ways to sign in. */
export type Session = typeof Session.Type

const decode = decoder(Session)

const remembered = (session: Session): Session => {
  rememberCsrf(session.csrf)
  return session
}

/** The session, kept until someone signs in or out, or a call answers 401. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => call("GET", "/session", decode, { signal }).then(remembered),
  staleTime: Infinity,
})

/** Signs in on the local stack, by a role. */
export const signInLocally = (role: Role, subject?: string): Promise<Session> =>
  call("POST", "/session/local", decode, { body: { role, ...(subject === undefined ? {} : { subject }) } })
    .then(remembered)

/** Signs out. */
export const signOut = (): Promise<Session> => call("DELETE", "/session", decode).then(remembered)

/** Where the sign-in of the identity provider begins; it comes back to `return_to`. */
export const oidcUrl = (return_to: string): string => `/session/oidc?return_to=${encodeURIComponent(return_to)}`

/** The customer that a person acts for: its claim, else its subject. */
export const customerIdOf = ({ customer_id, subject }: User): CustomerId => CustomerId.make(customer_id ?? subject)

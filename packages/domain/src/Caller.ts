/** Who calls, and what a role may do: the contract of authentication; `packages/edge` verifies tokens. */
import { Context, Effect, Schema } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { CustomerId, Subject } from "./Ids.ts"
import { Unauthorized, WrongRole } from "./Problem.ts"
import { roles } from "./Tokens.ts"

/** The role of a token (api.md, "Who may do what"). */
export const Role = Schema.Literals(roles)
export type Role = typeof Role.Type

/** What a verified token says. For a customer the subject is its customer id. */
export const Caller = Schema.Struct({ subject: Subject, role: Role })
export type Caller = typeof Caller.Type

/** The caller of the request that is being handled. */
export class CurrentCaller extends Context.Service<CurrentCaller, Caller>()("stint/CurrentCaller") {}

/** The customer that a caller is limited to: itself for a customer; undefined for the roles that see every customer. */
export const customerOf = ({ role, subject }: Caller): CustomerId | undefined =>
  role === "customer" ? CustomerId.make(subject) : undefined

/** Whether something of that customer exists for the caller (domain.md, "Ownership"). Null: it belongs to no customer. */
export const canSee = (caller: Caller, customer_id: string | null): boolean =>
  caller.role !== "customer" || caller.subject === customer_id

/**
 * The customer that a request is about: the one it names, else the caller's own; undefined when it names none and the
 * caller sees every customer. Fails with `notFound` when a customer names another one (domain.md, "Ownership").
 */
export function visibleCustomer<E>(asked: CustomerId, notFound: () => E): Effect.Effect<CustomerId, E, CurrentCaller>
export function visibleCustomer<E>(
  asked: CustomerId | undefined,
  notFound: () => E,
): Effect.Effect<CustomerId | undefined, E, CurrentCaller>
export function visibleCustomer<E>(asked: CustomerId | undefined, notFound: () => E) {
  return Effect.flatMap(CurrentCaller, (caller) => {
    const customer = asked ?? customerOf(caller)
    return customer === undefined || canSee(caller, customer) ? Effect.succeed(customer) : Effect.fail(notFound())
  })
}

/** Annotation of an endpoint: the roles that may call it. An endpoint without it can be called by nobody. */
export class Access extends Context.Service<Access, ReadonlyArray<Role>>()("stint/Access") {}

/** Bearer authentication and the role check, before anything of the request is read. */
export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentCaller }>()(
  "stint/Authorization",
  {
    security: { bearer: HttpApiSecurity.bearer },
    error: [Unauthorized, WrongRole],
    requiredForClient: true,
  },
) {}

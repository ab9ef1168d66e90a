/** The caller of a request, its role, and the ownership rule. `packages/edge` verifies the tokens. */
import { Context, Effect, Schema } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { CustomerId, Subject } from "./Ids.ts"
import { DutyMissing, Unauthorized, Unavailable, WrongRole } from "./Problem.ts"
import { duties, roles, type ServiceSubject } from "./Tokens.ts"

/** The role of a token (api.md, "Who may do what"). */
export const Role = Schema.Literals(roles)
export type Role = typeof Role.Type

/** What a person of a customer may do: decide on drafts, edit them, read (domain.md, "People"). */
export const Duty = Schema.Literals(duties)
export type Duty = typeof Duty.Type

/**
 * The subject and role of a verified token. With `customer_id`, the subject is a person who acts for that customer, and `duties`
 * what it may do, all when absent; without it the subject of a customer is its customer id.
 */
export const Caller = Schema.Struct({
  subject: Subject,
  role: Role,
  customer_id: Schema.optionalKey(CustomerId),
  duties: Schema.optionalKey(Schema.Array(Duty)),
})
export type Caller = typeof Caller.Type

/** The caller of the request that is being handled. */
export class CurrentCaller extends Context.Service<CurrentCaller, Caller>()("stint/CurrentCaller") {}

/** The customer that a caller is limited to: of a customer's tokens; undefined for the roles that see every customer. */
export const customerOf = ({ customer_id, role, subject }: Caller): CustomerId | undefined =>
  role === "customer" ? customer_id ?? CustomerId.make(subject) : undefined

/** Whether a caller has a duty: who names none has all, and every one may read. */
export const hasDuty = ({ duties }: Caller, duty: Duty): boolean =>
  duties === undefined || duty === "reader" || duties.includes(duty)

/** Whether something of that customer exists for the caller (domain.md, "Ownership"). Null: it belongs to no customer. */
export const canSee = (caller: Caller, customer_id: string | null): boolean =>
  caller.role !== "customer" || customerOf(caller) === customer_id

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

/** Annotation of an endpoint: the roles that may call it. Without it nobody may. */
export class Access extends Context.Service<Access, ReadonlyArray<Role>>()("stint/Access") {}

/**
 * Annotation of an endpoint that the role service may call: the services that may. Without it none may, so that a service,
 * or whoever has its token, can do no more than its own work.
 */
export class Callers extends Context.Service<Callers, ReadonlyArray<ServiceSubject>>()("stint/Callers") {}

/**
 * Annotation of an endpoint: the duty that a customer's person needs for it; `reader` where every person may. Without it whatever is
 * no GET needs `editor`. Of other roles it asks nothing.
 */
export class Needs extends Context.Service<Needs, Duty>()("stint/Needs") {}

/** Bearer authentication, the role check and the duty check, before the body is read. */
export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentCaller }>()(
  "stint/Authorization",
  {
    security: { bearer: HttpApiSecurity.bearer },
    error: [Unauthorized, WrongRole, DutyMissing, Unavailable],
    requiredForClient: true,
  },
) {}

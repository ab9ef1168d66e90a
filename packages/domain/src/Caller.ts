/** Who calls, and what a role may do: the contract of authentication; `packages/edge` verifies tokens. */
import { Context, Schema } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Subject } from "./Ids.ts"
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

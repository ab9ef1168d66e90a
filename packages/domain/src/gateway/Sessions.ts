/** The contract of a browser's session at the front door. The page never sees a token. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Duty } from "../Caller.ts"
import { documentOf } from "../Document.ts"
import { Subject } from "../Ids.ts"
import { InvalidRequest, problem, Unauthorized, Unavailable } from "../Problem.ts"
import { BodyLimits, Instant, RequestProblems, strict } from "../Protocol.ts"

/** The roles that a person has: a browser is never a service. */
export const PersonRole = Schema.Literals(["customer", "operator", "viewer"])
export type PersonRole = typeof PersonRole.Type

/** Whom a local stack offers to be with one click, besides a role: a person who acts for a customer. */
export const LocalPerson = Schema.Struct({
  subject: Subject,
  customer_id: Subject,
  duties: Schema.Array(Duty),
}).annotate({ identifier: "LocalPerson" })
export type LocalPerson = typeof LocalPerson.Type

/** Who is signed in. */
export const User = Schema.Struct({
  subject: Subject,
  role: PersonRole,
  customer_id: Schema.optionalKey(Subject.annotate({ description: "The customer that a customer's session is about" })),
  duties: Schema.optionalKey(
    Schema.Array(Duty).annotate({ description: "What a customer's person may do; all when absent" }),
  ),
  expires_at: Instant.annotate({ description: "When the session ends, unless it is used before" }),
})
export type User = typeof User.Type

/** A way to sign in. */
export const Way = Schema.Union([
  Schema.Struct({
    kind: Schema.tag("local"),
    roles: Schema.Array(PersonRole),
    people: Schema.optionalKey(Schema.Array(LocalPerson)),
  }),
  Schema.Struct({ kind: Schema.tag("oidc"), title: Schema.String }),
])
export type Way = typeof Way.Type

/** A session as its page knows it. */
export const SessionView = Schema.Struct({
  user: Schema.NullOr(User),
  ways: Schema.Array(Way).annotate({ description: "How one signs in here" }),
  csrf: Schema.String.annotate({ description: "Sent as x-stint-csrf with whatever changes something" }),
}).annotate({ identifier: "Session" })
export type SessionView = typeof SessionView.Type

/** 403: a request with a session's cookie that its page did not make, as far as one can see. */
export class CsrfRefused extends problem<CsrfRefused>()("CsrfRefused", {
  code: "csrf",
  status: 403,
  title: "The request does not come from the session's own page",
}) {}

/** 404: this installation does not sign in that way. */
export class WayNotFound extends problem<WayNotFound>()("WayNotFound", {
  code: "way_not_found",
  status: 404,
  title: "Nobody signs in here that way",
}) {}

/** 403: no browser is signed in so. */
export class SignInRefused extends problem<SignInRefused>()("SignInRefused", {
  code: "sign_in_refused",
  status: 403,
  title: "Nobody is signed in with that",
}) {}

/** A code that signs one browser in, once. */
export const SignInCode = Schema.Struct({
  url: Schema.String.annotate({ description: "Where a browser goes with the code, within a minute" }),
  expires_at: Instant,
}).annotate({ identifier: "SignInCode" })
export type SignInCode = typeof SignInCode.Type

/** Sessions of browsers. */
export class SessionsGroup extends HttpApiGroup.make("sessions")
  .annotate(OpenApi.Title, "Sessions")
  .annotate(OpenApi.Description, "Who is signed in in this browser. Programs send a bearer token instead.")
  .add(
    HttpApiEndpoint.get("get", "/session", { success: SessionView })
      .annotate(OpenApi.Summary, "Get the session")
      .annotate(OpenApi.Description, "Anybody; `user` is null until somebody signs in."),
    HttpApiEndpoint.post("local", "/session/local", {
      payload: Schema.Struct({
        role: PersonRole,
        subject: Schema.optionalKey(Subject),
        customer_id: Schema.optionalKey(Subject),
        duties: Schema.optionalKey(Schema.Array(Duty)),
      }),
      success: SessionView,
      error: [CsrfRefused, WayNotFound, InvalidRequest, Unavailable],
    }).annotate(OpenApi.Summary, "Sign in on a local stack")
      .annotate(
        OpenApi.Description,
        "Where `ways` has `local` alone: as any subject, by default the sample customer, else the role's own name. With " +
          "`customer_id`, the subject is a person who acts for that customer, with these duties.",
      ),
    HttpApiEndpoint.post("code", "/session/codes", {
      headers: Schema.Struct({ authorization: Schema.optionalKey(Schema.String) }),
      payload: Schema.Struct({ return_to: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2_000))) }),
      success: SignInCode,
      error: [Unauthorized, SignInRefused, Unavailable],
    }).annotate(OpenApi.Summary, "Make a code that signs a browser in")
      .annotate(
        OpenApi.Description,
        "For who has a bearer token of a person, as `stint open`: a browser that opens `url` has the session of that token.",
      ),
    HttpApiEndpoint.delete("end", "/session", { success: SessionView, error: CsrfRefused })
      .annotate(OpenApi.Summary, "Sign out")
      .annotate(OpenApi.Description, "Forgets the session in this browser."),
  ) {}

/** The front door's own API. */
export class GatewayApi extends HttpApi.make("gateway")
  .add(SessionsGroup)
  .middleware(BodyLimits)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(documentOf({ title: "Stint gateway", description: "The sessions of browsers." })) {}

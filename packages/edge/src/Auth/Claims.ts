/** Pure: what the claims of a token whose signature holds say, or why it is refused all the same. */
import { Caller } from "@stint/domain/Caller"
import { isSystem, serviceAudience } from "@stint/domain/Tokens"
import { Option, Result, Schema } from "effect"
import type { JWTPayload } from "jose"

/** What a service asks of every token. */
export interface Rules {
  /** The service that asks. */
  readonly service: string
  /** The audience of people's tokens; a service's own token has `serviceAudience` of it. */
  readonly audience: string
  /** How long a token may hold, in seconds. */
  readonly maxLifetime: number
  /** Whether services' tokens of 0.2.0 are taken, which name the audience of people's tokens. */
  readonly takesOld: boolean
}

/** What is known of the caller, and by which claims its token can be revoked. */
export interface Claims {
  readonly caller: Caller
  readonly jti: string | undefined
  /** Epoch seconds; undefined counts as issued before anything. */
  readonly iat: number | undefined
  /** Epoch seconds. */
  readonly exp: number
}

/** How far the clock of an issuer may be ahead, in seconds. */
export const TOLERANCE = 5

/** An instant of a token, in epoch seconds, to the year 9999; RFC 7519 allows fractions. */
const Seconds = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 253_402_300_799 }))

const decode = Schema.decodeUnknownOption(Schema.Struct({
  sub: Caller.fields.subject,
  role: Caller.fields.role,
  customer_id: Caller.fields.customer_id,
  duties: Caller.fields.duties,
  aud: Schema.Union([Schema.String, Schema.Array(Schema.String)]),
  exp: Seconds,
  iat: Schema.optionalKey(Seconds),
  nbf: Schema.optionalKey(Seconds),
  jti: Schema.optionalKey(Schema.String),
}))

/** Whether the audiences are those of such a token: a service's own names one service, and nothing else. */
const isFor = (
  audiences: ReadonlyArray<string>,
  isService: boolean,
  { audience, service, takesOld }: Rules,
): boolean => {
  if (!isService) return audiences.includes(audience)
  if (takesOld && audiences.includes(audience)) return true
  return audiences.length === 1 && audiences[0] === serviceAudience(audience, service)
}

/** The claims of a token at an instant in epoch seconds; its signature, `exp` and `nbf` are verified before. */
export const claimsOf = (payload: JWTPayload, rules: Rules, now: number): Result.Result<Claims, string> => {
  const decoded = decode(payload)
  if (Option.isNone(decoded)) {
    return Result.fail("The token's sub, role, customer_id, duties, exp, iat or nbf is not valid")
  }
  const { aud, customer_id, duties, exp, iat, jti, role, sub } = decoded.value
  if (isSystem(sub)) return Result.fail("The token's sub is not valid: the name of the system belongs to no token")
  if (customer_id !== undefined && isSystem(customer_id)) {
    return Result.fail("The token's customer_id is not valid: the name of the system belongs to no token")
  }
  if (role !== "customer" && (customer_id !== undefined || duties !== undefined)) {
    return Result.fail("The token's customer_id and duties go with the role customer alone")
  }
  if (!isFor(typeof aud === "string" ? [aud] : aud, role === "service", rules)) {
    return Result.fail("The token is not for this service: check its audience")
  }
  if (iat !== undefined && iat > now + TOLERANCE) return Result.fail("The token's iat is in the future")
  if (exp - (iat ?? now) > rules.maxLifetime || exp - now > rules.maxLifetime + TOLERANCE) {
    return Result.fail(`The token holds for longer than ${rules.maxLifetime} seconds, which none may`)
  }
  const caller: Caller = {
    subject: sub,
    role,
    ...(customer_id === undefined ? {} : { customer_id }),
    ...(duties === undefined ? {} : { duties }),
  }
  return Result.succeed({ caller, jti, iat, exp })
}

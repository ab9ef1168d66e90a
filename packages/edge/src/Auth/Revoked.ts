/** Pure: which tokens are revoked, from the JSON of `STINT_REVOKED_FILE`. docs/keys.md describes the file. */
import { Instant } from "@stint/domain/Protocol"
import { DateTime, Option, Predicate, Result, Schema } from "effect"
import type { Claims } from "./Claims.ts"

/** A list: each entry revokes all tokens of a value, or those of it that were issued before an instant. */
const Entries = Schema.Array(Schema.Union([
  Schema.String,
  Schema.Struct({ value: Schema.String, issued_before: Schema.optionalKey(Instant) }),
]))

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({
    jti: Schema.optionalKey(Entries),
    sub: Schema.optionalKey(Entries),
    kid: Schema.optionalKey(Schema.Array(Schema.String)),
  })),
  { onExcessProperty: "error" },
)

/** What is revoked: of each value the instant, in epoch milliseconds, before which its tokens were issued. */
export interface Revoked {
  readonly jti: ReadonlyMap<string, number>
  readonly sub: ReadonlyMap<string, number>
  readonly kid: ReadonlySet<string>
}

/** Nothing is revoked. */
export const none: Revoked = { jti: new Map(), sub: new Map(), kid: new Set() }

const latest = (entries: typeof Entries.Type = []): ReadonlyMap<string, number> => {
  const until = new Map<string, number>()
  for (const entry of entries) {
    const { issued_before, value } = Predicate.isString(entry) ? { value: entry, issued_before: undefined } : entry
    const at = issued_before === undefined ? Infinity : DateTime.toEpochMillis(issued_before)
    until.set(value, Math.max(at, until.get(value) ?? -Infinity))
  }
  return until
}

/** Reads the file's text. */
export const parse = (text: string): Result.Result<Revoked, string> =>
  Option.match(decode(text), {
    onNone: () =>
      Result.fail(
        'must be JSON like {"jti": [], "sub": ["name", {"value": "name", "issued_before": "2026-01-01T00:00:00Z"}], "kid": []}',
      ),
    onSome: ({ jti, kid, sub }) => Result.succeed({ jti: latest(jti), sub: latest(sub), kid: new Set(kid) }),
  })

/** Whether a token is revoked by its id or its subject. (A revoked key verifies nothing.) */
export const isRevoked = ({ caller, iat, jti }: Claims, revoked: Revoked): boolean => {
  const issued = iat === undefined ? -Infinity : iat * 1000
  const by = (until: number | undefined) => until !== undefined && issued < until
  return by(revoked.sub.get(caller.subject)) || (jti !== undefined && by(revoked.jti.get(jti)))
}

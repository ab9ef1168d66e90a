/** The secrets that webhooks are signed with: by name, from the JSON file STINT_SECRETS names. They are never logged. */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { Base64 } from "effect/encoding"
import { Files } from "./Files.ts"

const decodeFile = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

/** A secret can't be had: why, in words for an operator. Only a person can mend it. */
export class SecretUnknown extends Schema.TaggedError<SecretUnknown>()("SecretUnknown", { why: Schema.String }) {}

const refused = (why: string) => new SecretUnknown({ why })

/**
 * The bytes of a secret: of `whsec_...` what its base64 stands for, as Standard Webhooks writes secrets; of anything else
 * its UTF-8.
 */
const bytesOf = (secret: string): Uint8Array | undefined =>
  secret.startsWith("whsec_")
    ? Option.getOrUndefined(Option.getSuccess(Base64.decode(secret.slice("whsec_".length))))
    : new TextEncoder().encode(secret)

/**
 * Looks secrets up. The file is read each time, so that a secret can be replaced while the service runs; what is wrong
 * with it fails as `SecretUnknown`.
 */
export const makeSecrets = Effect.gen(function* () {
  const files = yield* Files
  const path = yield* Config.option(Config.String("STINT_SECRETS"))
  return Effect.fnUntraced(function* (ref: string) {
    if (Option.isNone(path)) return yield* refused(`The secret ${ref} is not known: STINT_SECRETS names no file`)
    const text = yield* Effect.mapError(files.read(path.value), () => refused("The file of secrets can't be read"))
    const secrets = decodeFile(text)
    if (Option.isNone(secrets)) return yield* refused("The file of secrets is not a JSON object")
    const secret = Object.hasOwn(secrets.value, ref) ? secrets.value[ref] : undefined
    const bytes = typeof secret === "string" && secret !== "" ? bytesOf(secret) : undefined
    if (bytes === undefined || bytes.length === 0) {
      return yield* refused(`The secret ${ref} is not in the file of secrets; ask the operator to add it`)
    }
    return Redacted.make(bytes)
  })
})

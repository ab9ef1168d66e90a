/** The secrets that webhooks are signed with, by name, from the JSON file that STINT_SECRETS names. They are never logged. */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { Base64 } from "effect/encoding"
import { Files } from "./Files.ts"

const decodeFile = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

/** A secret can't be read; `why` is for an operator, who has to change something. */
export class SecretUnknown extends Schema.TaggedError<SecretUnknown>()("SecretUnknown", { why: Schema.String }) {}

const unknown = (why: string) => new SecretUnknown({ why })

/** The bytes of a secret: of `whsec_<base64>` (Standard Webhooks) the decoded base64, of any other text its UTF-8. */
export const bytesOf = (secret: string): Uint8Array | undefined =>
  secret.startsWith("whsec_")
    ? Option.getOrUndefined(Option.getSuccess(Base64.decode(secret.slice("whsec_".length))))
    : new TextEncoder().encode(secret)

/**
 * Makes the function that looks a secret up by its name, and fails with `SecretUnknown`. It reads the file each time, so
 * that a secret can be replaced while the service runs.
 */
export const makeSecrets = Effect.gen(function* () {
  const files = yield* Files
  const path = yield* Config.option(Config.String("STINT_SECRETS"))
  return Effect.fnUntraced(function* (ref: string) {
    if (Option.isNone(path)) return yield* unknown(`The secret ${ref} is not known: STINT_SECRETS names no file`)
    const text = yield* Effect.mapError(files.read(path.value), () => unknown("The file of secrets can't be read"))
    const secrets = decodeFile(text)
    if (Option.isNone(secrets)) return yield* unknown("The file of secrets is not a JSON object")
    const secret = Object.hasOwn(secrets.value, ref) ? secrets.value[ref] : undefined
    const bytes = typeof secret === "string" && secret !== "" ? bytesOf(secret) : undefined
    if (bytes === undefined || bytes.length === 0) {
      return yield* unknown(`The secret ${ref} is not in the file of secrets; ask the operator to add it`)
    }
    return Redacted.make(bytes)
  })
})

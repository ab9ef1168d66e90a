/**
 * The secrets that webhooks are signed with, as Standard Webhooks reads them (standardwebhooks.com). They are never logged.
 *
 * The JSON file that STINT_SECRETS names is `{owner: {name: secret or [new, old]}}`: a name finds only its own owner's. The
 * entries of the older shape, `{name: secret}`, belong to nobody: they are not used. Under an owner that no token can name lie those of
 * the operator: `$models`, the keys of language models.
 */
import { Config, Effect, Option, Redacted, Result, Schema } from "effect"
import { Base64 } from "effect/encoding"
import { Files } from "./Files.ts"
import { Refusal } from "./Refusal.ts"

/** A secret in use: the new one, and the old one while receivers change. Each makes a signature. */
export type Signing = ReadonlyArray<Redacted.Redacted<Uint8Array>>

/** How many secrets a name may have at once. */
const AT_ONCE = 2

/** Padded base64 of the standard alphabet: what every library of Standard Webhooks decodes alike. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The bytes of a secret, with or without `whsec_` before its base64, as the libraries read it; undefined for what they
 * refuse, or read in different ways.
 */
export const bytesOf = (secret: string): Uint8Array | undefined => {
  const text = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret
  const bytes = base64.test(text) ? Option.getOrUndefined(Result.getSuccess(Base64.decode(text))) : undefined
  return bytes === undefined || bytes.length === 0 ? undefined : bytes
}

/** What is wrong with an entry of the file: a secret, or two in a list; undefined when nothing is. */
export const entryFault = (entry: unknown): string | undefined => {
  const secrets: ReadonlyArray<unknown> = Array.isArray(entry) ? entry : [entry]
  if (secrets.length === 0 || secrets.length > AT_ONCE || !secrets.every((secret) => typeof secret === "string")) {
    return "must be a secret, or a list of the new one and the old one"
  }
  return secrets.every((secret) => bytesOf(secret) !== undefined)
    ? undefined
    : "is no Standard Webhooks secret: whsec_ and base64 with its padding"
}

const signingOf = (entry: unknown): Signing =>
  (Array.isArray(entry) ? entry : [entry]).map((secret) => Redacted.make(bytesOf(secret)!))

/** The file, read. */
export interface SecretsFile {
  /** The entries by owner and name, not judged yet. */
  readonly owners: ReadonlyMap<string, ReadonlyMap<string, unknown>>
  /** The names of the older shape. */
  readonly flat: ReadonlyArray<string>
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Reads the text of a file of secrets. Else why it can't be read, which quotes nothing of it. */
export const readSecretsFile = (text: string): Result.Result<SecretsFile, string> => {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""))
  } catch {
    return Result.fail("is not JSON")
  }
  if (!isObject(json)) return Result.fail("must be a JSON object: {customer: {name: secret}}")
  const entries = Object.entries(json)
  const odd = entries.find(([, value]) => typeof value !== "string" && !isObject(value))
  if (odd !== undefined) return Result.fail(`must hold an object of secrets under ${JSON.stringify(odd[0])}`)
  return Result.succeed({
    owners: new Map(
      entries.flatMap(([owner, value]) => isObject(value) ? [[owner, new Map(Object.entries(value))]] : []),
    ),
    flat: entries.flatMap(([name, value]) => typeof value === "string" ? [name] : []),
  })
}

/** No such secret of this owner. The same for one that another owner has. */
export class SecretUnknown extends Schema.TaggedError<SecretUnknown>()("SecretUnknown", { why: Schema.String }) {}

/** The file can't be read now; the log says why. */
export class SecretsUnreadable extends Schema.TaggedError<SecretsUnreadable>()("SecretsUnreadable", {
  why: Schema.String,
}) {}

const unreadable = (why: string) =>
  Effect.andThen(
    Effect.logError(`the file of STINT_SECRETS ${why}; no webhook is signed until it can be read`),
    Effect.fail(new SecretsUnreadable({ why: "The operator's file of secrets can't be read now" })),
  )

/**
 * Makes the function that looks an entry up by its owner and name. It reads the file each time, so that a secret can be replaced
 * while the service runs; a file that can't be read then gives none. A file that can't be read at the start is a Refusal.
 */
const makeEntries = Effect.gen(function* () {
  const files = yield* Files
  const path = yield* Config.option(Config.String("STINT_SECRETS"))

  const read = Effect.fnUntraced(function* (path: string) {
    const text = yield* Effect.catch(files.read(path), ({ why }) => unreadable(`can't be read: ${why}`))
    const file = readSecretsFile(text)
    return Result.isFailure(file) ? yield* unreadable(file.failure) : file.success
  })

  if (Option.isSome(path)) {
    const text = yield* files.read(path.value).pipe(
      Effect.mapError(({ why }) => new Refusal({ message: `STINT_SECRETS names a file that can't be read: ${why}` })),
    )
    const file = readSecretsFile(text)
    if (Result.isFailure(file)) {
      return yield* new Refusal({ message: `STINT_SECRETS names a file that ${file.failure}` })
    }
    if (file.success.flat.length > 0) {
      yield* Effect.logWarning(
        `STINT_SECRETS has entries of the older shape, which are not used: ${file.success.flat.join(", ")}. ` +
          "Write {customer: {name: secret}}; stint secrets check says more",
      )
    }
  }

  return Effect.fnUntraced(function* (owner: string, name: string) {
    const unknown = new SecretUnknown({ why: `The secret ${name} is not known; ask the operator to add it` })
    if (Option.isNone(path)) return yield* unknown
    const { owners } = yield* read(path.value)
    const entry = owners.get(owner)?.get(name)
    return entry === undefined ? yield* unknown : entry
  })
})

/** Makes the function that looks up what a webhook is signed with, by its owner and name, as the file has it now. */
export const makeSecrets = Effect.map(
  makeEntries,
  (entryOf) =>
    Effect.fnUntraced(function* (owner: string, name: string) {
      const entry = yield* entryOf(owner, name)
      const fault = entryFault(entry)
      if (fault !== undefined) return yield* new SecretUnknown({ why: `The secret ${name} ${fault}` })
      return signingOf(entry)
    }),
)

/** What is wrong with the key of an API; undefined when nothing is. */
export const keyFault = (entry: unknown): string | undefined =>
  typeof entry === "string" && /^[\x21-\x7e]{1,4096}$/.test(entry)
    ? undefined
    : "must be a key: one text of printable ASCII without spaces"

/** Makes the function that looks up the key of an API, by its owner and name, as the file has it now. */
export const makeKeys = Effect.map(makeEntries, (entryOf) =>
  Effect.fnUntraced(function* (owner: string, name: string) {
    const entry = yield* entryOf(owner, name)
    const fault = keyFault(entry)
    if (fault !== undefined) return yield* new SecretUnknown({ why: `The secret ${name} ${fault}` })
    return Redacted.make(entry as string)
  }))

/** A setting that holds a secret, or the new one and the old one with a comma between. */
export const secretSetting = Effect.fnUntraced(function* (name: string) {
  const text = yield* Config.option(Config.Redacted(name))
  if (Option.isNone(text)) return Option.none<Signing>()
  const secrets = Redacted.value(text.value).split(",").map((secret) => secret.trim())
  const fault = entryFault(secrets)
  if (fault !== undefined) return yield* new Refusal({ message: `${name} ${fault}` })
  return Option.some(signingOf(secrets))
})

/**
 * The secret that alerts are signed with, STINT_ALERT_SECRET. Fails with a Refusal when only STINT_ALERT_SECRET_REF is given,
 * the setting of 0.2.0: the two stand side by side while one upgrades.
 */
export const alertSecret = Effect.gen(function* () {
  const secret = yield* secretSetting("STINT_ALERT_SECRET")
  const ref = yield* Config.option(Config.String("STINT_ALERT_SECRET_REF"))
  if (Option.isNone(secret) && Option.isSome(ref)) {
    return yield* new Refusal({
      message: "STINT_ALERT_SECRET_REF is not read any more: set STINT_ALERT_SECRET to the secret itself",
    })
  }
  return secret
})

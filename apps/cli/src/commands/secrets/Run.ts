import { PgClient } from "@effect/sql-pg"
import { bytesOf, entryFault, keyFault, readSecretsFile, type SecretsFile } from "@stint/edge/Secrets"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { TargetsRepo, type Webhook } from "@stint/hiring/Targets/Repo"
import { Effect, Layer, Result } from "effect"
import { stat } from "node:fs/promises"
import process from "node:process"
import type { Flags } from "../../Command.ts"
import type { Env, Io } from "../../Io.ts"
import { type Target, withTargets } from "../../Db/Targets.ts"
import { LauncherError, reasonOf } from "../../Postgres/LauncherError.ts"
import { document } from "../../Show/Fields.ts"
import { run } from "../../Stack/Databases.ts"

/** Standard Webhooks asks for keys of so many bytes. */
const [SHORTEST, LONGEST] = [24, 64]

/** A name that somebody wrote into a file: a terminal gets printable characters alone. */
const shown = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200)

/** Reads the file that STINT_SECRETS names. Fails with a LauncherError that quotes nothing of it. */
const read = async (env: Env): Promise<SecretsFile & { path: string }> => {
  const path = env.STINT_SECRETS
  if (!path) throw new LauncherError("STINT_SECRETS names no file of secrets.")
  const text = await readTextFile(path).catch((error) => {
    throw new LauncherError(`STINT_SECRETS names ${path}, which can't be read: ${reasonOf(error)}.`)
  })
  const file = readSecretsFile(text)
  if (Result.isFailure(file)) throw new LauncherError(`STINT_SECRETS names ${path}, a file that ${file.failure}.`)
  return { ...file.success, path }
}

const inOrder = <A>(map: ReadonlyMap<string, A>): ReadonlyArray<[string, A]> =>
  [...map].toSorted(([one], [other]) => one < other ? -1 : 1)

/** The owner of the keys of language models: no token can name it. */
const MODELS = "$models"

/** What is wrong with an entry; undefined when nothing is. */
const faultOf = (owner: string, entry: unknown): string | undefined =>
  owner === MODELS ? keyFault(entry) : entryFault(entry)

/** A secret without its value. */
interface Listed {
  /** Null: an entry of the older shape, which has no customer. */
  readonly customer: string | null
  readonly name: string
  readonly state: string
}

/** Every secret by customer and name, with how many are in use at once; never a value. */
const list = ({ flat, owners }: SecretsFile): ReadonlyArray<Listed> => [
  ...inOrder(owners).flatMap(([owner, names]) =>
    inOrder(names).map(([name, entry]) => ({
      customer: shown(owner),
      name: shown(name),
      state: faultOf(owner, entry) ?? (Array.isArray(entry) && entry.length > 1 ? "two at once" : "one"),
    }))
  ),
  ...flat.toSorted().map((name) => ({ customer: null, name: shown(name), state: "of the older shape: not used" })),
]

/** What is wrong with the entries of the file. */
const entryFaults = ({ owners }: SecretsFile): ReadonlyArray<string> =>
  inOrder(owners).flatMap(([owner, names]) =>
    inOrder(names).flatMap(([name, entry]) => {
      const fault = faultOf(owner, entry)
      return fault === undefined ? [] : [`${shown(owner)} ${shown(name)} ${fault}`]
    })
  )

/** What may stay, but should be changed. */
const notes = ({ flat, owners }: SecretsFile): ReadonlyArray<string> => [
  ...(flat.length === 0 ? [] : [
    `${flat.map(shown).join(", ")}: of the older shape, {name: secret}, which only 0.2.0 reads; ` +
    "write {customer: {name: secret}}",
  ]),
  ...inOrder(owners).flatMap(([owner, names]) =>
    inOrder(names).flatMap(([name, entry]) => {
      if (owner === MODELS || entryFault(entry) !== undefined) return []
      const lengths = (Array.isArray(entry) ? entry : [entry]).map((secret) => bytesOf(secret)!.length)
      const odd = lengths.find((length) => length < SHORTEST || length > LONGEST)
      return odd === undefined
        ? []
        : [`${shown(owner)} ${shown(name)} has ${odd} bytes; Standard Webhooks asks for ${SHORTEST} to ${LONGEST}`]
    })
  ),
]

/** Whether others than its owner may read or write the file; where the system has such rights. */
const rightsFault = async (path: string): Promise<ReadonlyArray<string>> => {
  const mode = (await stat(path)).mode & 0o777
  return (mode & 0o077) === 0 || process.platform === "win32" ? [] : [
    `others than its owner may use ${path} (mode ${mode.toString(8)}): chmod 600 it, or give it to the services' user`,
  ]
}

/** The hires with a webhook, read page by page. */
const webhooks = ({ databaseUrl, settings }: Target): Promise<ReadonlyArray<Webhook>> =>
  run(
    settings,
    Effect.gen(function* () {
      const repo = yield* TargetsRepo
      const all: Array<Webhook> = []
      while (true) {
        const page = yield* repo.webhooks(all.at(-1)?.hired_instance_id ?? "")
        if (page.length === 0) return all
        all.push(...page)
      }
    }).pipe(
      Effect.provide(TargetsRepo.layer.pipe(Layer.provide(PgClient.layer({
        ...connectionOf(databaseUrl),
        applicationName: "stint-secrets",
        maxConnections: 1,
      })))),
      Effect.catchDefect((defect) =>
        Effect.fail(new LauncherError(`hiring: ${String(defect).split("\n")[0]!.replace(/\.$/, "")}.`))
      ),
    ),
  )

/** The hires that name a secret which the file does not have for their customer, or not as one that can be read. */
const missing = (file: SecretsFile, hires: ReadonlyArray<Webhook>): ReadonlyArray<string> =>
  hires.flatMap(({ customer_id, hired_instance_id, secret_ref }) => {
    const entry = secret_ref === null ? undefined : file.owners.get(customer_id)?.get(secret_ref)
    if (entry !== undefined && entryFault(entry) === undefined) return []
    return [
      `${hired_instance_id} of ${shown(customer_id)} names ${shown(secret_ref ?? "no secret")}, which it does not have`,
    ]
  })

const check = async (file: SecretsFile & { path: string }, flags: Flags, io: Io): Promise<number> => {
  const faults = [...await rightsFault(file.path), ...entryFaults(file)]
  let hires: number | undefined
  let why = ""
  try {
    const found = await withTargets(io.env, ["hiring"], ([target]) => webhooks(target!))
    faults.push(...missing(file, found))
    hires = found.length
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    why = error.message.replace(/\.$/, "")
  }
  const secrets = [...file.owners.values()].reduce((sum, names) => sum + names.size, 0)
  const customers = [...file.owners.keys()].filter((owner) => owner !== MODELS).length
  if (flags.json === true) document(io, { secrets, customers, hires: hires ?? null, faults, notes: notes(file) })
  else {
    for (const note of notes(file)) io.out(`note: ${note}`)
    for (const fault of faults) io.err(`fault: ${fault}`)
    const looked = hires === undefined ? `hires were not looked at: ${why}` : `${hires} hires deliver to webhooks`
    io.out(`${secrets} secrets of ${customers} customers; ${looked}; ${faults.length} faults`)
  }
  return faults.length === 0 ? 0 : 1
}

/** What `stint secrets` does. */
export const perform = async (flags: Flags, io: Io): Promise<number> => {
  const file = await read(io.env)
  if (flags.action === "check") return await check(file, flags, io)
  const secrets = list(file)
  if (flags.json === true) document(io, { secrets })
  else {
    for (const { customer, name, state } of secrets) {
      io.out(`${(customer ?? "-").padEnd(24)} ${name.padEnd(24)} ${state}`)
    }
  }
  return 0
}

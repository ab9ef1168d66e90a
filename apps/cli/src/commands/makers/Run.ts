/** `stint makers check`: sends the cases, and prints how they came out. */
import { parseHttpUrl, SettingError } from "@stint/domain/HostList"
import { bytesOf } from "@stint/edge/Secrets"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { type Flags, UsageError } from "../../Command.ts"
import type { Io } from "../../Io.ts"
import { LauncherError, reasonOf } from "../../Postgres/LauncherError.ts"
import { document } from "../../Show/Fields.ts"
import { paint } from "../../Show/Table.ts"
import { openCallbacks } from "./Callbacks.ts"
import { type Case, cases } from "./Cases.ts"
import type { Data, Maker } from "./Exchange.ts"

/** A reply to a review: what is asked for unless --data says otherwise. The examples of this repository make it. */
const review: Data = {
  agent_id: "reviews.reply.v1",
  goal_template_id: "reviews.reply",
  config: { business: "Corner Bakery", tone: "warm" },
  settings: { review: "Good bread, slow service.", stars: 3 },
  output: { fields: [{ key: "reply", label: "Reply", type: "text", required: true, max_length: 400 }] },
  decisions: [],
}

/** How a case came out. */
interface Finding {
  readonly name: string
  readonly state: "ok" | "failed" | "skipped"
  readonly about: string
  readonly detail?: string
}

const fileOf = async (flag: string, path: string): Promise<string> =>
  await readTextFile(path).catch((error) => {
    throw new LauncherError(`--${flag} names ${path}, which can't be read: ${reasonOf(error)}.`)
  })

const secretIn = async (path: unknown): Promise<Uint8Array | undefined> => {
  if (typeof path !== "string") return undefined
  const secret = bytesOf((await fileOf("secret-file", path)).trim())
  if (secret !== undefined) return secret
  throw new LauncherError(`--secret-file names ${path}, which holds no secret of Standard Webhooks: whsec_ and base64.`)
}

const dataIn = async (path: unknown): Promise<Data> => {
  if (typeof path !== "string") return review
  const text = await fileOf("data", path)
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return { ...review, ...json }
  } catch {
    // told below
  }
  throw new LauncherError(`--data names ${path}, which holds no JSON object.`)
}

const urlOf = (name: string, value: unknown): URL => {
  try {
    return parseHttpUrl(name, String(value))
  } catch (error) {
    throw error instanceof SettingError ? new UsageError(`${error.message}.`) : error
  }
}

const makerOf = async (flags: Flags, io: Io): Promise<Maker> => {
  const seconds = Number(flags.seconds)
  if (!(seconds >= 1 && seconds <= 3600)) throw new UsageError("--seconds must be 1 to 3600.")
  const url = urlOf("URL", flags.operand)
  const reached = flags.callback === undefined ? undefined : urlOf("--callback", flags.callback)
  const [secret, data] = [await secretIn(flags["secret-file"]), await dataIn(flags.data)]
  const callbacks = secret === undefined ? undefined : openCallbacks(secret, reached)
  return { url: url.href, secret, data, within: seconds * 1_000, callbacks, fetch: io.fetch }
}

const findingOf = async ({ about, isSigned, name, run }: Case, maker: Maker): Promise<Finding> => {
  if (isSigned && maker.secret === undefined) {
    return { name, state: "skipped", about, detail: "requests are not signed: give --secret-file" }
  }
  const fault = await run(maker)
  if (typeof fault === "object") return { name, state: "skipped", about, detail: fault.skipped }
  return fault === undefined ? { name, state: "ok", about } : { name, state: "failed", about, detail: fault }
}

const chosen = (name: Flags[string]): ReadonlyArray<Case> => {
  const found = name === undefined ? cases : cases.filter((one) => one.name === name)
  if (found.length > 0) return found
  throw new UsageError(`--case must be one of ${cases.map((one) => one.name).join(", ")}.`)
}

const marks = { ok: ["ok", "green"], failed: ["FAILED", "red"], skipped: ["skipped", "dim"] } as const

const sendAll = async (sent: ReadonlyArray<Case>, maker: Maker, flags: Flags, io: Io): Promise<number> => {
  const findings: Array<Finding> = []
  const width = Math.max(...sent.map(({ name }) => name.length))
  for (const one of sent) {
    const finding = await findingOf(one, maker)
    findings.push(finding)
    if (flags.json === true) continue
    const [mark, colour] = marks[finding.state]
    io.painted(`${paint(io, colour, mark.padEnd(7))}  ${finding.name.padEnd(width)}  ${finding.about}`)
    // it may quote the maker
    if (finding.detail !== undefined) io.out(`${" ".repeat(11 + width)}${finding.detail}`)
  }
  if (flags.json === true) document(io, { url: maker.url, cases: findings })
  const failed = findings.filter(({ state }) => state === "failed").length
  io.err(failed === 0 ? "Every case holds." : `${failed} of ${findings.length} cases failed.`)
  return failed === 0 ? 0 : 1
}

/** Sends all cases, one after another, and prints each as it comes out; 1 when one failed. */
export const perform = async (flags: Flags, io: Io): Promise<number> => {
  const sent = chosen(flags.case)
  const maker = await makerOf(flags, io)
  try {
    return await sendAll(sent, maker, flags, io)
  } finally {
    await maker.callbacks?.close()
  }
}

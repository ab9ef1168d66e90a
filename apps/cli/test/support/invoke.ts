/** `stint` in this process, with its reading and writing in the hands of a test. */
import type { Io } from "../../src/Io.ts"
import { stint } from "../../src/Stint.ts"
import { type Answers, fakeServices, tokenOf } from "./fakeServices.ts"

/** What a command said. */
export interface Said {
  readonly status: number
  readonly out: string
  readonly err: string
  readonly calls: ReadonlyArray<string>
}

/** How a command is called. */
export interface Setting {
  readonly answers?: Answers
  readonly env?: Readonly<Record<string, string>>
  /** The role of the token; operator unless given. */
  readonly role?: string
  readonly terminal?: boolean
  readonly columns?: number
  readonly coloured?: boolean
  /** What a person answers to every question. */
  readonly reply?: string
  readonly stdin?: string
  readonly fetch?: typeof globalThis.fetch
  /** Ends the command once this is in what it said. */
  readonly until?: (out: string) => boolean
}

/** Calls `stint` against services that answer so. */
export const invoke = async (args: ReadonlyArray<string>, setting: Setting = {}): Promise<Said> => {
  const { coloured = false, columns, env, reply = "", role = "operator", stdin = "", terminal = false } = setting
  const services = fakeServices(setting.answers ?? {})
  const ending = new AbortController()
  let out = ""
  let err = ""
  const line = (text: string) => {
    out += `${text}\n`
    if (setting.until?.(out)) ending.abort()
  }
  const io: Io = {
    env: env ?? { STINT_URL: "http://stint.test", STINT_TOKEN: tokenOf(role), XDG_CONFIG_HOME: "/nowhere" },
    isTerminal: { out: terminal, dialogue: terminal },
    columns,
    isColoured: coloured,
    signal: ending.signal,
    fetch: setting.fetch ?? services.fetch,
    out: line,
    painted: line,
    err: (text) => void (err += `${text}\n`),
    transient: () => {},
    ask: (question) => {
      err += `${question}\n`
      return Promise.resolve(reply)
    },
    read: () => Promise.resolve(stdin),
    lines: async function* () {
      yield* stdin.split("\n")
    },
    pause: () => Promise.resolve(),
  }
  const status = await stint(args, io, "Usage: stint <command>")
  await services.dispose()
  return { status, out, err, calls: services.calls }
}

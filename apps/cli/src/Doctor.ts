/** `stint doctor`: all checks, one after the other, and what they say. */
import type { Flags } from "./Command.ts"
import { clocks } from "./Doctor/Clocks.ts"
import { databases } from "./Doctor/Databases.ts"
import { machine } from "./Doctor/Machine.ts"
import { ports, services } from "./Doctor/Services.ts"
import type { Finding } from "./Doctor/Finding.ts"
import type { Io } from "./Io.ts"
import { readLogin } from "./Remote/LoginFile.ts"
import { meanwhile } from "./Remote/Wait.ts"
import { document } from "./Show/Fields.ts"
import { paint } from "./Show/Table.ts"
import { settingsOf } from "./Stack/Settings.ts"

/** Whether it is another machine's installation that is asked about. */
const isRemote = async ({ as, url }: Flags, { env }: Io): Promise<boolean> =>
  url !== undefined || Boolean(env.STINT_URL) || (as === undefined && await readLogin(env) !== undefined)

const findingsOf = async (flags: Flags, io: Io): Promise<ReadonlyArray<Finding>> => {
  if (await isRemote(flags, io)) {
    const { answers, findings } = await services(flags, io)
    return [...findings, ...clocks(answers)]
  }
  const settings = settingsOf(io.env)
  const here = await machine(settings)
  const listening = await ports(settings, io)
  const stored = await databases(settings)
  // Without a stack there is nobody to ask
  if (!listening.some(({ state }) => state === "ok")) return [...here, ...listening, ...stored.findings]
  const { answers, findings } = await services(flags, io)
  return [...here, ...listening, ...stored.findings, ...findings, ...clocks([...answers, ...stored.clocks])]
}

const marks = {
  ok: ["ok", "green"],
  warning: ["warning", "yellow"],
  failed: ["FAILED", "red"],
  skipped: ["skipped", "dim"],
} as const

/** Checks, and prints what was found; 1 when something failed. */
export const examine = async (flags: Flags, io: Io): Promise<number> => {
  const findings = await meanwhile(io, "Looking,", findingsOf(flags, io))
  if (flags.json === true) document(io, { checks: findings })
  else {
    const width = Math.max(...findings.map(({ name }) => name.length))
    for (const { detail, mend, name, state } of findings) {
      const [mark, colour] = marks[state]
      io.painted(`${paint(io, colour, mark.padEnd(7))}  ${name.padEnd(width)}  ${detail}`)
      if (mend !== undefined) io.painted(`${" ".repeat(9)}${" ".repeat(width)}  mend: ${mend}`)
    }
  }
  const failed = findings.filter(({ state }) => state === "failed").length
  io.err(failed === 0 ? "Nothing failed." : `${failed} checks failed.`)
  return failed === 0 ? 0 : 1
}

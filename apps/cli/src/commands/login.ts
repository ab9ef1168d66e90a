import { type Command, type Flags, UsageError } from "../Command.ts"
import type { Io } from "../Io.ts"
import { document } from "../Show/Fields.ts"

/** The token: --token, or standard input, where no list of processes shows it. Fails with a UsageError. */
const tokenOf = async (flags: Flags, io: Io): Promise<string> => {
  const text = flags.token !== undefined
    ? String(flags.token)
    : io.isTerminal.dialogue
    ? await io.ask("Token:", true)
    : (await io.read()).trim()
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text
  throw new UsageError("That is no token: give it on standard input, or with --token.")
}

/** `stint login`: keeps an address and a token. */
export const login: Command = {
  about:
    "Keeps the address of a stint and a token, for the commands that follow. The token is asked for, or read from " +
    "standard input. It is tried first; the file is $XDG_CONFIG_HOME/stint/login.json (~/.config unless set), which only you " +
    "may read.",
  flags: {
    url: { value: "URL", about: "the address of the front door, such as https://stint.example.org" },
    token: { value: "TOKEN", about: "the token; a list of processes shows it, so rather give it on standard input" },
    json: { about: "prints {url, subject, role, expires_at, path}" },
  },
  notes: "Exit status: 0 kept, 1 the address does not answer, 2 the command is wrong, 5 the token is refused.",
  run: async (flags, io) => {
    const [{ addressOf, claimsOf, isLoopback }, { writeLogin }] = await Promise.all([
      import("../Remote/Context.ts"),
      import("../Remote/LoginFile.ts"),
    ])
    const address = flags.url ?? io.env.STINT_URL
    if (!address) throw new UsageError("Say --url URL, the address of the front door.")
    const url = addressOf(String(address))
    if (new URL(url).protocol === "http:" && !isLoopback(url)) {
      io.err(`Note: ${url} is not encrypted: whoever is on the way can read the token.`)
    }
    const token = await tokenOf(flags, io)
    const { tryToken } = await import("./login/Try.ts")
    await tryToken(url, token, io)
    const path = await writeLogin(io.env, { url, token })
    const { exp, role, sub } = claimsOf(token)
    const expires_at = typeof exp === "number" ? new Date(exp * 1000).toISOString() : null
    if (flags.json === true) document(io, { url, subject: sub, role, expires_at, path })
    const until = expires_at === null ? "" : `, until ${expires_at}`
    io.err(`Signed in at ${url} as ${sub} (${role})${until}. Kept in ${path}.`)
    return 0
  },
}

/** `stint logout`: forgets them. */
export const logout: Command = {
  about: "Removes what stint login keeps. The token holds until it expires: stint token revoke ends one earlier.",
  flags: { json: { about: "prints {path}" } },
  run: async (flags, io) => {
    const { loginPath, removeLogin } = await import("../Remote/LoginFile.ts")
    await removeLogin(io.env)
    if (flags.json === true) document(io, { path: loginPath(io.env) })
    io.err(`Signed out: ${loginPath(io.env)} is gone.`)
    return 0
  },
}

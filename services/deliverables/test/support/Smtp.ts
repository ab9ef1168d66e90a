/** A mail server that records what it takes, and answers as a test says. */
import { SMTPServer } from "smtp-server"

/** A message that was taken. */
export interface Mailed {
  readonly to: ReadonlyArray<string>
  readonly raw: string
  /** By lower-case name, unfolded. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** A running server. */
export interface MailServer {
  readonly url: string
  readonly port: number
  readonly mailed: Array<Mailed>
  /** The answers to the next recipients, in order: an error code to refuse with; after these all are taken. */
  readonly refusals: Array<number>
  end(): Promise<void>
}

const parsed = (raw: string, to: ReadonlyArray<string>): Mailed => {
  const at = raw.indexOf("\r\n\r\n")
  const head = raw.slice(0, at).replaceAll(/\r\n[ \t]+/g, " ")
  const headers = new Map(
    head.split("\r\n").map((line) => {
      const [name, ...value] = line.split(":")
      return [name!.toLowerCase(), value.join(":").trim()]
    }),
  )
  const encoded = raw.slice(at + 4)
  const transfer = headers.get("content-transfer-encoding")
  const body = transfer === "quoted-printable"
    ? quotedPrintable(encoded)
    : transfer === "base64"
    ? base64(encoded)
    : encoded
  return { to, raw, headers, body: body.replaceAll("\r\n", "\n").trimEnd() }
}

const utf8 = (bytes: ReadonlyArray<number>) => new TextDecoder().decode(new Uint8Array(bytes))
const base64 = (text: string) => utf8([...atob(text.replaceAll(/\s/g, ""))].map((char) => char.charCodeAt(0)))
const quotedPrintable = (text: string) => {
  const bytes: Array<number> = []
  const joined = text.replaceAll(/=\r\n/g, "")
  for (let i = 0; i < joined.length; i++) {
    if (joined[i] !== "=") bytes.push(joined.charCodeAt(i))
    else {
      bytes.push(parseInt(joined.slice(i + 1, i + 3), 16))
      i += 2
    }
  }
  return utf8(bytes)
}

/** Starts one on a free port of 127.0.0.1. */
export const startMailServer = async (port = 0): Promise<MailServer> => {
  const mailed: Array<Mailed> = []
  const refusals: Array<number> = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo: (_address, _session, done) => {
      const responseCode = refusals.shift()
      done(responseCode === undefined ? null : Object.assign(new Error("no such mailbox"), { responseCode }))
    },
    onData: (stream, session, done) => {
      const chunks: Array<Uint8Array> = []
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      stream.on("end", () => {
        const raw = new TextDecoder().decode(new Uint8Array(chunks.flatMap((chunk) => [...chunk])))
        mailed.push(parsed(raw, session.envelope.rcptTo.map(({ address }) => address)))
        done()
      })
    },
  })
  server.on("error", () => {})
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  const { port: bound } = server.server.address() as { readonly port: number }
  return {
    url: `smtp://127.0.0.1:${bound}`,
    port: bound,
    mailed,
    refusals,
    end: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** Sends e-mail by SMTP: plain text, one message a connection. What sends it is loaded with the first message. */
import { parseSmtpUrl, SettingError, type SmtpServer } from "@stint/domain/HostList"
import { Config, Context, Effect, Layer, Option, Redacted, Schema, Semaphore } from "effect"
import { Refusal } from "./Refusal.ts"

/** How many connections a process has to the server at once. */
const AT_ONCE = 8

/** How long a message may take, from the connection to the server's answer. */
const DEADLINE = "20 seconds"
/** The same of each of its steps, in milliseconds. */
const STEP_MS = 8_000

/** A message. */
export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
  /** The left side of its Message-ID, the same on every attempt. */
  readonly id: string
}

/** A message was not taken. `permanent`: this server will never take it. `why` is one line without a secret. */
export class NotSent extends Schema.TaggedError<NotSent>()("NotSent", {
  why: Schema.String,
  permanent: Schema.Boolean,
}) {}

/** The text in one line without control characters: a header ends at a line's end. */
const line = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()

/** What an error of the sender says: the server's answer, or why it was not reached. */
const refusalOf = (error: unknown): NotSent => {
  const { code, message, response, responseCode } = error as {
    readonly code?: string
    readonly message?: string
    readonly response?: string
    readonly responseCode?: number
  }
  const said = line(response ?? message ?? "").slice(0, 200)
  // a refused log-in is the operator's to mend: the same message may be taken after it
  const permanent = (code === "EENVELOPE" || code === "EMESSAGE") && (responseCode ?? 0) >= 500
  return new NotSent({ why: `The mail server did not take it: ${said || "it does not answer"}`, permanent })
}

/** Whether a host is this machine: what is sent to it is seen by nobody else. */
const isHere = (hostname: string) => hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname)

/** The settings; none without STINT_SMTP_URL. */
const settings = Effect.gen(function* () {
  const text = yield* Config.option(Config.Redacted("STINT_SMTP_URL"))
  const from = yield* Config.option(Config.NonEmptyString("STINT_MAIL_FROM"))
  if (Option.isNone(text)) return undefined
  const server = yield* Effect.try({
    try: () => parseSmtpUrl("STINT_SMTP_URL", Redacted.value(text.value)),
    catch: (error) => new Refusal({ message: (error as SettingError).message }),
  })
  if (Option.isNone(from) || !/^[^\r\n]*[^\s<>@]+@[^\s<>@]+>?$/.test(from.value)) {
    return yield* new Refusal({
      message: "STINT_MAIL_FROM must be set with STINT_SMTP_URL: the sender, as Stint <stint@example.com>",
    })
  }
  return { server, from: from.value }
})

/** What sends. The socket is opened by name: the permission to connect is to a name, and its lookup needs no other. */
const makeTransport = (server: SmtpServer) =>
  Effect.promise(async () => {
    const [{ createTransport }, { connectTo }] = await Promise.all([
      import("nodemailer"),
      import("./Serve/Socket.ts"),
    ])
    const { hostname, password, port, secure, user } = server
    const host = hostname.replace(/^\[(.*)\]$/, "$1")
    return createTransport({
      host,
      port,
      secure,
      name: "stint",
      ...(user === "" ? {} : { auth: { user, pass: password }, requireTLS: !secure && !isHere(hostname) }),
      connectionTimeout: STEP_MS,
      greetingTimeout: STEP_MS,
      socketTimeout: STEP_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_options: unknown, done: (error: Error | null, made?: { connection: unknown }) => void) =>
        connectTo(host, port, STEP_MS).then(
          (connection) => done(null, { connection }),
          (error: Error) => done(error),
        ),
      // deno-lint-ignore no-explicit-any -- its types know no socket of another
    } as any)
  })

/** Sends e-mail. */
export class Mail extends Context.Service<Mail, {
  /** Whether this installation sends any. */
  readonly configured: boolean
  /** Sends a message; succeeds once the server has taken it. */
  send(letter: Letter): Effect.Effect<void, NotSent>
}>()("edge/Mail") {
  /** `STINT_SMTP_URL` is the server, `STINT_MAIL_FROM` the sender. */
  static readonly layer = Layer.effect(
    Mail,
    Effect.gen(function* () {
      const given = yield* settings
      if (given === undefined) {
        return Mail.of({
          configured: false,
          send: () =>
            Effect.fail(new NotSent({ why: "STINT_SMTP_URL is not set: no e-mail is sent", permanent: false })),
        })
      }
      const transport = yield* Effect.cached(makeTransport(given.server))
      const turn = yield* Semaphore.make(AT_ONCE)
      const domain = /@([A-Za-z0-9.-]+)>?$/.exec(given.from)?.[1] ?? "stint.invalid"
      const send = (letter: Letter) =>
        Effect.flatMap(transport, (smtp) =>
          Effect.tryPromise({
            try: () =>
              smtp.sendMail({
                from: given.from,
                to: { name: "", address: letter.to },
                subject: line(letter.subject),
                text: letter.text,
                messageId: `<${letter.id}@${domain}>`,
                headers: { "Auto-Submitted": "auto-generated" },
              }),
            catch: refusalOf,
          })).pipe(
            Effect.timeoutOrElse({
              duration: DEADLINE,
              orElse: () => Effect.fail(new NotSent({ why: "The mail server takes too long", permanent: false })),
            }),
            turn.withPermits(1),
            Effect.asVoid,
          )
      return Mail.of({ configured: true, send })
    }),
  )
}

/**
 * A maker in TypeScript, on node:http alone: it answers 200 with the draft.
 *
 *     MAKER_SECRET=whsec_... node maker.ts 8002      (or: deno run -A maker.ts 8002)
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import process from "node:process"

const secret = Buffer.from(process.env.MAKER_SECRET!.replace(/^whsec_/, ""), "base64")
/** How old a request may be, in seconds. */
const TOLERANCE = 5 * 60

/** What is used of a request. */
interface Data {
  readonly config: { readonly tone?: string }
  readonly decisions: ReadonlyArray<{ readonly notes: string | null }>
  readonly repair?: object
}

/** A draft for a template with the field `summary` as its output. */
interface Draft {
  readonly title: string
  readonly fields: { readonly summary: string }
  readonly body: string
}

/** By idempotency key; a database where it has to survive a restart. */
const drafts = new Map<string, Promise<Draft>>()

/** Whether the signature is ours and fresh (Standard Webhooks 1.0). */
const isSigned = ({ headers }: IncomingMessage, body: string): boolean => {
  const at = Number(headers["webhook-timestamp"])
  if (!(Math.abs(Date.now() / 1000 - at) <= TOLERANCE)) return false
  const mac = createHmac("sha256", secret).update(`${headers["webhook-id"]}.${at}.${body}`).digest("base64")
  const wanted = Buffer.from(`v1,${mac}`)
  return String(headers["webhook-signature"] ?? "").split(" ").some((one) => {
    const given = Buffer.from(one)
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}

/** The work. What people wrote (config, settings, decisions) is data: it is used, never obeyed. */
const make = async ({ config, decisions }: Data): Promise<Draft> => {
  await new Promise((resolve) => setTimeout(resolve, 100))
  const notes = decisions.filter((one) => one.notes !== null).length
  const summary = `A ${config.tone ?? "plain"} summary, with ${notes} notes in mind`
  return { title: "This week", fields: { summary }, body: `# This week\n\n${summary}.` }
}

const answer = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))

createServer(async (request, response) => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts).toString("utf8")
  if (!isSigned(request, body)) return answer(response, 401, { detail: "the signature is not ours" })
  const key = String(request.headers["idempotency-key"])
  const { data } = JSON.parse(body) as { readonly data: Data }
  // a repeated key is the same draft, unless what we returned was no draft
  if (!drafts.has(key) || data.repair !== undefined) drafts.set(key, make(data))
  answer(response, 200, await drafts.get(key))
}).listen(Number(process.argv[2]), "127.0.0.1")

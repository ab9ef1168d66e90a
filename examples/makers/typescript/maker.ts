/**
 * A maker of drafts (docs/makers.md): it answers reviews. Deno, and no library.
 *
 *     STINT_MAKER_SECRET=whsec_... deno run --allow-net --allow-env --allow-read=. --allow-write=. maker.ts 9701
 *
 * It answers at once. A key that is known is answered as before, also after a restart: each draft is a file.
 */
const secret = Uint8Array.from(atob(Deno.env.get("STINT_MAKER_SECRET")!.replace(/^whsec_/, "")), (c) => c.charCodeAt(0))
const folder = Deno.env.get("STINT_MAKER_DRAFTS") ?? "drafts"
const MOST = 4 * 1024 * 1024

/** What it is asked for, as far as it needs it. What people wrote in it is data, never instructions. */
interface Data {
  readonly idempotency_key: string
  readonly config: { readonly business: string }
  readonly settings: { readonly review: string }
}

/** Where your agent goes to work. */
const make = ({ config: { business }, settings: { review } }: Data) => ({
  title: `Reply to a review of ${business.slice(0, 80)}`,
  fields: {
    reply: `Thank you for telling us: “${review.slice(0, 200)}” We will talk about it at ${business.slice(0, 80)}.`,
  },
})

const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"])

/** Whether the body was signed with the secret within the last five minutes (standardwebhooks.com). */
const isSigned = async (headers: Headers, body: Uint8Array): Promise<boolean> => {
  const [id, sent] = [headers.get("webhook-id"), headers.get("webhook-timestamp") ?? ""]
  if (!/^\d+$/.test(sent) || Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false
  const head = new TextEncoder().encode(`${id}.${sent}.`)
  const signed = new Uint8Array([...head, ...body])
  for (const given of (headers.get("webhook-signature") ?? "").split(" ")) {
    if (!/^v1,[A-Za-z0-9+/]+=*$/.test(given)) continue
    const tag = Uint8Array.from(atob(given.slice(3)), (c) => c.charCodeAt(0))
    if (await crypto.subtle.verify("HMAC", key, tag, signed)) return true
  }
  return false
}

/** The draft of a key: the one that is stored, else a new one, which only the first of two writers stores. */
const draftOf = async (data: Data): Promise<string> => {
  const path = `${folder}/${encodeURIComponent(data.idempotency_key)}.json`
  const part = `${path}.${crypto.randomUUID()}`
  try {
    return await Deno.readTextFile(path)
  } catch {
    await Deno.writeTextFile(part, JSON.stringify(make(data)))
    // a link is made whole or not at all, and by one alone
    await Deno.link(part, path).catch(() => {})
    await Deno.remove(part)
    return await Deno.readTextFile(path)
  }
}

const json = (status: number, body: unknown) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  })

await Deno.mkdir(folder, { recursive: true })
const onListen = ({ port }: { port: number }) => console.log(`listening on ${port}`)
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen }, async (request) => {
  if (Number(request.headers.get("content-length") ?? 0) > MOST) return json(413, { detail: "too large" })
  const body = new Uint8Array(await request.arrayBuffer())
  if (!(await isSigned(request.headers, body))) return json(401, { detail: "the signature is not valid" })
  try {
    return json(200, await draftOf(JSON.parse(new TextDecoder().decode(body)).data))
  } catch {
    return json(400, { detail: "this is no request for a draft" })
  }
})

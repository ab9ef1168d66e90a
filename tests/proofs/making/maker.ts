/**
 * An http maker as a process of its own, which a proof kills: `maker.ts PORT FILE`. It writes each call to the file before it does
 * anything for it. Every other draft it makes while its caller waits, the others behind a Location; what it had made is lost with it.
 */
const [port, file] = Deno.args
/** How long a draft takes, in milliseconds. */
const WORK = 1_500

const made = new Map<string, number>()
const draft = (key: string) => Response.json({ title: "A digest", fields: { summary: `of ${key}` } })

Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, async (request) => {
  const key = request.headers.get("idempotency-key")!
  if (request.method === "POST") {
    const { data } = await request.json() as { readonly data: { readonly call_id: string } }
    Deno.writeTextFileSync(file!, `${data.call_id}\n`, { append: true })
    made.set(key, made.get(key) ?? Date.now() + WORK)
  }
  const at = made.get(key)
  if (at === undefined) return new Response(null, { status: 503 })
  const isPolled = key.charCodeAt(key.indexOf(":") - 1) % 2 === 0
  if (!isPolled) await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())))
  if (Date.now() >= at) return draft(key)
  return Response.json({ note: "working", poll_after_seconds: 0.3 }, {
    status: 202,
    headers: { location: `/makings/${encodeURIComponent(key)}` },
  })
})

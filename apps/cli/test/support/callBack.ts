/** What makers of tests call back. */

const { fetch } = globalThis

/** Posts the answer to a request, again while it is not taken, so many times at most. */
export const callBack = async (text: string, type: string, data: object, tries: number, secret: string) => {
  const { data: { call_id, callback_url } } = JSON.parse(text)
  // a request of another shape has no address
  if (callback_url === undefined) return
  const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data: { call_id, ...data } })
  const sent = `${Math.floor(Date.now() / 1_000)}`
  const bytes = Uint8Array.from(atob(secret.slice("whsec_".length)), (c) => c.charCodeAt(0))
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
  const tag = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`m-1.${sent}.${body}`))
  const headers = {
    "webhook-id": "m-1",
    "webhook-timestamp": sent,
    "webhook-signature": `v1,${btoa(String.fromCharCode(...new Uint8Array(tag)))}`,
  }
  for (let n = 0; n < tries; n++) {
    const response = await fetch(callback_url, { method: "POST", headers, body })
    await response.body?.cancel()
    if (response.status < 500) return
  }
}

import { pause } from "../Postgres/Postmaster.ts"
import { type Call, request } from "../Request.ts"

/** A refusal that trying again would not change, in words. */
export class Refused extends Error {
  override readonly name = "Refused"
}

const again = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Calls a service as anyone would, over HTTP. A service that is away, busy or restarting is asked again for half a
 * minute; any other refusal is a Refused with the problem's own words. Ends with `signal`.
 */
export const call = async <A>(sent: Call, signal: AbortSignal): Promise<A> => {
  const { method, url } = sent
  let why = ""
  for (let attempt = 1; attempt <= 60; attempt++) {
    signal.throwIfAborted()
    const response = await request(sent, signal).catch((error: unknown) => void (why = String(error)))
    if (response?.ok) return await response.json() as A
    if (response !== undefined) {
      const { code, detail } = await response.json().catch(() => ({})) as Record<string, unknown>
      why = `${method} ${new URL(url).pathname}: ${response.status} ${code ?? ""}${
        detail === undefined ? "" : `, ${detail}`
      }`
      if (!again.has(response.status) && code !== "idempotency_in_flight") throw new Refused(why)
    }
    await pause(500)
  }
  throw new Refused(why)
}

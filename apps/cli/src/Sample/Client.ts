import { pause } from "../Postgres/Postmaster.ts"

/** What a call to a service may carry. */
export interface Call {
  readonly token: string
  readonly method: "GET" | "POST" | "PUT"
  readonly url: string
  readonly body?: unknown
  /** Makes a repeat of the call harmless. */
  readonly key?: string
}

/** A refusal that trying again would not change, in words. */
export class Refused extends Error {
  override readonly name = "Refused"
}

const again = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Calls a service as anyone would, over HTTP. A service that is away, busy or restarting is asked again for half a
 * minute; any other refusal is a Refused with the problem's own words. Ends with `signal`.
 */
export const call = async <A>({ body, key, method, token, url }: Call, signal: AbortSignal): Promise<A> => {
  let why = ""
  for (let attempt = 1; attempt <= 60; attempt++) {
    signal.throwIfAborted()
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    }).catch((error: unknown) => void (why = String(error)))
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

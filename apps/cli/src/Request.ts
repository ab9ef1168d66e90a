/** What a call to a service may carry. */
export interface Call {
  readonly token: string
  readonly method: "GET" | "POST" | "PUT"
  readonly url: string
  readonly body?: unknown
  /** Its Idempotency-Key: makes a repeat of the call harmless. */
  readonly key?: string | undefined
}

/** Sends a call, as any client would. Rejected when no reply begins and ends within 10 seconds, or when `signal` aborts. */
export const request = ({ body, key, method, token, url }: Call, signal: AbortSignal): Promise<Response> =>
  fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  })

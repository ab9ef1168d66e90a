/** A browser that comes to the front door. */

/** Where browsers find the front door of a test. */
export const ORIGIN = "http://127.0.0.1:4100"

/** Where its requests go. */
export interface FetchHandler {
  readonly fetch: (request: Request) => Promise<Response>
}

/** The body of a JSON answer. */
// deno-lint-ignore no-explicit-any -- as a page has it
export const jsonOf = async (response: Response): Promise<any> => await response.json()

/** A browser at an origin: it keeps cookies, and says where its requests come from. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly setCookies: Array<string> = []
  csrf = ""
  readonly front: FetchHandler
  readonly origin: string

  constructor(front: FetchHandler, origin = ORIGIN) {
    this.front = front
    this.origin = origin
  }

  /** Sends a request as a page of the origin does; `headers` replace what it would say, undefined leaves one out. */
  async send(
    method: string,
    path: string,
    { body, headers = {} }: {
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string | undefined>>
    } = {},
  ): Promise<Response> {
    const said: Record<string, string | undefined> = {
      host: new URL(this.origin).host,
      cookie: this.cookies.size === 0
        ? undefined
        : [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      "sec-fetch-site": "same-origin",
      "sec-fetch-mode": "cors",
      ...(method === "GET" ? {} : { origin: this.origin, "x-stint-csrf": this.csrf }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    }
    const response = await this.front.fetch(
      new Request(`${this.origin}${path}`, {
        method,
        redirect: "manual",
        headers: Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    )
    for (const line of response.headers.getSetCookie()) {
      this.setCookies.push(line)
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (/max-age=0/i.test(line)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    return response
  }

  /** The status and the body of a JSON answer. */
  // deno-lint-ignore no-explicit-any -- as a page has it
  async json(method: string, path: string, options: Parameters<Browser["send"]>[2] = {}): Promise<any> {
    const response = await this.send(method, path, options)
    return { status: response.status, ...await jsonOf(response) }
  }

  /** The session, whose csrf is sent from now on. */
  async session() {
    const view = await this.json("GET", "/session")
    this.csrf = view.csrf
    return view
  }

  /** Signs in on a local stack. */
  async signIn(role: string, subject?: string) {
    await this.session()
    const view = await this.json("POST", "/session/local", {
      body: { role, ...(subject === undefined ? {} : { subject }) },
    })
    this.csrf = view.csrf
    return view
  }
}

/** The cases of the contract of an http maker (docs/makers.md). */
import {
  type Answer,
  ask,
  bodyOf,
  draft,
  headersOf,
  type Maker,
  type Outcome,
  type Request,
  wordsOf,
} from "./Exchange.ts"

/** Why a case says nothing of a maker. */
export interface Skip {
  readonly skipped: string
}

/** A case: what is sent, and what has to come of it. */
export interface Case {
  readonly name: string
  /** What the contract asks for. */
  readonly about: string
  /** It is about signatures: skipped where requests are not signed. */
  readonly isSigned?: true
  /** Why it does not hold; undefined when it does. A Skip: it is about what the maker does not do. */
  run(maker: Maker): Promise<string | Skip | undefined>
}

/** A key that no other request has, as long as those of runs. */
const newKey = (): string => `GOI-${crypto.randomUUID()}:${new Date().toISOString()}`

/** Whether an answer refuses the request for a fault of the caller's. */
const refuses = ({ status }: Answer): boolean => status >= 400 && status < 500

const refused = async (maker: Maker, request: Request, what: string): Promise<string | undefined> => {
  const answer = await ask(maker, request)
  return refuses(answer) ? undefined : `${what} must be refused with 4xx; ${wordsOf(answer)}`
}

const made = async (maker: Maker, request: Request): Promise<string | undefined> => {
  const outcome = await draft(maker, request)
  return "fault" in outcome ? outcome.fault : undefined
}

/** Why two requests under one key did not give one draft. */
const differing = (outcomes: ReadonlyArray<Outcome>): string | undefined => {
  const faults = outcomes.flatMap((outcome) => "fault" in outcome ? [outcome.fault] : [])
  if (faults.length > 0) return faults[0]
  const drafts = new Set(outcomes.map((outcome) => "draft" in outcome ? outcome.draft : ""))
  return drafts.size === 1 ? undefined : "one key gave two drafts: what is asked for again must be answered as before"
}

/** The most bytes of what people wrote in one request, by the bounds (docs/bounds.md), and more than any maker should read. */
const LARGE = 60 * 1024
const HUGE = 16 * 1024 * 1024

/** Half a request, which is never finished, while another is answered. */
const whileStalled = async (maker: Maker): Promise<string | undefined> => {
  const url = new URL(maker.url)
  const request: Request = { key: newKey() }
  const body = bodyOf(maker, request)
  const headers = await headersOf(maker, request, body)
  const place = { hostname: url.hostname, port: Number(url.port || (url.protocol === "https:" ? 443 : 80)) }
  let stalled: Deno.Conn
  try {
    stalled = url.protocol === "https:" ? await Deno.connectTls(place) : await Deno.connect(place)
  } catch (error) {
    return `the connection broke: ${(error as Error).message}`
  }
  try {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")
    const head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n` +
      `content-type: application/json\r\ncontent-length: ${new TextEncoder().encode(body).length}\r\n${lines}\r\n`
    await stalled.write(new TextEncoder().encode(head + body.slice(0, 20)))
    const fault = await made(maker, { key: newKey() })
    return fault === undefined ? undefined : `while another request is half sent, ${fault}`
  } finally {
    stalled.close()
  }
}

/** A maker that calls back, whose first answer is not taken. */
const whileAway = async (maker: Maker): Promise<string | Skip | undefined> => {
  const request = { key: newKey() }
  maker.callbacks?.refuse(request.key)
  const answer = await ask(maker, request)
  if (answer.status !== 202 || answer.location !== null) return { skipped: "it does not call back" }
  const called = await maker.callbacks?.next(request.key, 0, maker.within)
  if (called === undefined) {
    return `what it called back was answered 503, and it did not try again within ${maker.within / 1_000} s`
  }
  return "fault" in called ? called.fault : undefined
}

/** All cases, in the order in which they are sent. */
export const cases: ReadonlyArray<Case> = [
  {
    name: "draft",
    about: "a request is answered 200 with a valid draft, or 202 with a Location where it is in time",
    run: (maker) => made(maker, { key: newKey() }),
  },
  {
    name: "repeat",
    about: "a key that it knows is answered as before",
    run: async (maker) => {
      const request = { key: newKey() }
      return differing([await draft(maker, request), await draft(maker, request)])
    },
  },
  {
    name: "at once",
    about: "two requests under one key at the same time give one draft",
    run: async (maker) => {
      const request = { key: newKey() }
      return differing(await Promise.all([draft(maker, request), draft(maker, request)]))
    },
  },
  {
    name: "unsigned",
    about: "a request without a signature is refused",
    isSigned: true,
    run: (maker) => refused(maker, { key: newKey(), sign: "nothing" }, "a request without webhook-signature"),
  },
  {
    name: "forged",
    about: "a signature by another secret is refused",
    isSigned: true,
    run: (maker) => refused(maker, { key: newKey(), sign: "other secret" }, "a signature by another secret"),
  },
  {
    name: "changed",
    about: "the signature of another body is refused",
    isSigned: true,
    run: (maker) => refused(maker, { key: newKey(), sign: "other body" }, "the signature of another body"),
  },
  {
    name: "late",
    about: "a signature of ten minutes ago is refused: somebody may have recorded it",
    isSigned: true,
    run: (maker) => refused(maker, { key: newKey(), shift: -600 }, "a webhook-timestamp of ten minutes ago"),
  },
  {
    name: "callback",
    about: "what it calls back is signed, and sent again where it is not taken",
    isSigned: true,
    run: whileAway,
  },
  {
    name: "malformed",
    about: "a body that is no JSON is refused",
    run: (maker) => refused(maker, { key: newKey(), body: '{"type": "draft.requested", "data": {' }, "what is no JSON"),
  },
  {
    name: "newer",
    about: "fields that it does not know are no fault: the contract may add some",
    run: (maker) => made(maker, { key: newKey(), more: { added_later: { of: ["a", "newer", "version"] } } }),
  },
  {
    name: "large",
    about: "as much as people may write is read",
    run: (maker) => {
      const notes = "ü".repeat(LARGE / 2)
      const decisions = Array.from({ length: 5 }, () => ({
        decision: "rejected",
        notes,
        title: "Before",
        payload: { body: "x".repeat(LARGE) },
        decided_at: new Date().toISOString(),
      }))
      return made(maker, { key: newKey(), more: { decisions } })
    },
  },
  {
    name: "huge",
    about: "after a request of 16 MiB, refused or not, it goes on",
    run: async (maker) => {
      await ask(maker, { key: newKey(), body: JSON.stringify({ data: "x".repeat(HUGE) }) })
      return await made(maker, { key: newKey() })
    },
  },
  {
    name: "slow",
    about: "a caller that stops in the middle of its request keeps nobody else waiting",
    run: whileStalled,
  },
]

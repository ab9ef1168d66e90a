/** Stands before deliverables, and answers for some goals in its place. */
import { PORTS } from "@stint/edge/Ports"
import type { Stack } from "../../support/Stack.ts"
import type { Attack } from "../Proof.ts"

/** What deliverables says of a goal's runs, in place of a draft. */
export type Answered = "refused for good" | "refused for now" | "not at all"

/** A run that deliverables is asked for, as far as the proxy needs it. */
interface Item {
  readonly goal_instance_id: string
  readonly idempotency_key: string
}

/** Deliverables behind a proxy that answers for some goals in its place, as `answers` has it. */
export const proxyBefore = ({ base }: Stack, attack: Attack) => {
  const answers = new Map<string, Answered>()
  const kept: Array<() => void> = []
  const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = `http://127.0.0.1:${base + PORTS.deliverables}${new URL(request.url).pathname}`
    // the scheduler also asks whether deliverables is ready: it is
    if (request.method !== "POST") return fetch(url)
    const { items } = await request.json() as { readonly items: ReadonlyArray<Item> }
    const of = (answered: Answered | undefined) =>
      items.filter((item) => answers.get(item.goal_instance_id) === answered)
    if (of("not at all").length > 0) await new Promise<void>((resolve) => kept.push(resolve))
    const [left, problems] = [
      [...of(undefined), ...of("not at all")],
      (status: number, code: string) => (item: Item) => ({
        idempotency_key: item.idempotency_key,
        problem: { type: `urn:stint:problem:${code}`, title: "Refused by the proof", status, code },
      }),
    ]
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: request.headers.get("authorization")!, "content-type": "application/json" },
      body: JSON.stringify({ items: left }),
    })
    if (left.length > 0 && !response.ok) return response
    const made = left.length === 0 ? [] : (await response.json() as { readonly items: ReadonlyArray<unknown> }).items
    return Response.json({
      items: [
        ...made,
        ...of("refused for good").map(problems(422, "draft_impossible")),
        ...of("refused for now").map(problems(429, "too_many_requests")),
      ],
    })
  })
  attack.defer(() => {
    for (const release of kept) release()
    return proxy.shutdown()
  })
  return { answers, url: `http://127.0.0.1:${proxy.addr.port}` }
}

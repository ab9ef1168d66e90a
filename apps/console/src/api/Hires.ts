/** Hires: agents that a customer has set up. */
import { Hire, type HireDraft } from "@stint/domain/hiring/Hires"
import type { CustomerId } from "@stint/domain/Ids"
import { listOf } from "@stint/domain/Protocol"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decode = decoder(Hire)
const decodeList = decoder(listOf(Hire))

/** The path of a hire. */
export const hireUrl = (id: string): string => `/api/v1/hired-agents/${encodeURIComponent(id)}`

/** All hires of a customer (at most 200 live ones). */
export const hiresQuery = (customer_id: CustomerId) =>
  queryOptions({
    queryKey: ["hires", "of", customer_id],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", "/api/v1/hired-agents", decodeList, { query: { customer_id, cursor, limit: 200 }, signal })
      ),
  })

/** One hire. */
export const hireQuery = (id: string) =>
  queryOptions({
    queryKey: ["hires", "one", id],
    queryFn: ({ signal }) => call("GET", hireUrl(id), decode, { signal }),
  })

/** Stores the draft of a hire: makes it, or changes its config or settings. */
export const draftHire = (draft: HireDraft): Promise<Hire> =>
  call("PUT", "/api/v1/hired-agents/draft", decode, { body: draft })

const act = (id: string, action: string): Promise<Hire> =>
  call("POST", `${hireUrl(id)}/${action}`, decode, { headers: { "idempotency-key": idempotencyKey() }, body: {} })

/** Finalizes a hire: from now on it runs. */
export const finalizeHire = (id: string): Promise<Hire> => act(id, "finalize")

/** Deactivates a hire, for good. */
export const deactivateHire = (id: string): Promise<Hire> => act(id, "deactivate")

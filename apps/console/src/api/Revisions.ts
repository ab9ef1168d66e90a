/** What makers and people wrote of a draft, how that differs, and the next revision by hand. */
import { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { Revision, RevisionDiff } from "@stint/domain/deliverables/Revisions"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { PAGE } from "./Queries.ts"

const decode = decoder(Revision)
const decodeList = decoder(listOf(Revision))
const decodeDiff = decoder(RevisionDiff)
const decodeDeliverable = decoder(Deliverable)

const urlOf = (id: string): string => `/api/v1/deliverables/${encodeURIComponent(id)}`

/** The revisions of a draft, the latest first, page by page. */
export const revisionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["deliverables", "revisions", id],
    queryFn: ({ pageParam, signal }) =>
      call("GET", `${urlOf(id)}/revisions`, decodeList, { query: { cursor: pageParam, limit: PAGE }, signal }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** One revision. It never changes. */
export const revisionQuery = (id: string, revision: number) =>
  queryOptions({
    queryKey: ["revisions", id, revision],
    queryFn: ({ signal }) => call("GET", `${urlOf(id)}/revisions/${revision}`, decode, { signal }),
    staleTime: Infinity,
  })

/** How two revisions differ. It never changes. */
export const diffQuery = (id: string, from: number, to: number) =>
  queryOptions({
    queryKey: ["revisions", "diff", id, from, to],
    queryFn: ({ signal }) => call("GET", `${urlOf(id)}/diff`, decodeDiff, { query: { from, to }, signal }),
    staleTime: Infinity,
  })

/** Writes the next revision of a draft, by the one that was edited. */
export const edit = (
  id: string,
  { base_revision, notes, payload }: {
    readonly payload: object
    readonly base_revision: number
    readonly notes: string
  },
): Promise<Deliverable> =>
  call("PUT", `${urlOf(id)}/content`, decodeDeliverable, {
    headers: { "idempotency-key": idempotencyKey() },
    body: { payload, base_revision, ...(notes.trim() === "" ? {} : { notes: notes.trim() }) },
  })

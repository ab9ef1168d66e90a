/** How a person is told, and the messages to it. */
import { Notice } from "@stint/domain/deliverables/Notices"
import { Reviewer, type ReviewerSettings } from "@stint/domain/deliverables/Reviewers"
import type { CustomerId } from "@stint/domain/Ids"
import { listOf } from "@stint/domain/Protocol"
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { Schema } from "effect"
import { call, decoder, idempotencyKey } from "./Client.ts"
import { everyPage } from "./Pages.ts"

const decodeReviewer = decoder(Reviewer)
const decodeReviewers = decoder(listOf(Reviewer))
const decodeNotices = decoder(listOf(Notice))
const decodeTest = decoder(Schema.Struct({ items: Schema.Array(Notice) }))

const pathOf = (person: string) => `/api/v1/reviewers/${encodeURIComponent(person)}`

/** The settings of a person; null where it has none yet. Found in the list: asked for by name, none would be an error. */
export const reviewerQuery = (customer_id: CustomerId, person: string) =>
  queryOptions({
    queryKey: ["deliverables", "reviewer", customer_id, person],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        call("GET", "/api/v1/reviewers", decodeReviewers, { query: { customer_id, cursor, limit: 200 }, signal })
      ).then((reviewers) => reviewers.find((one) => one.person === person) ?? null),
  })

/** Replaces the settings of a person. */
export const setReviewer = (customer_id: CustomerId, person: string, settings: ReviewerSettings): Promise<Reviewer> =>
  call("PUT", pathOf(person), decodeReviewer, { query: { customer_id }, body: settings })

/** The messages to a person, the newest first. */
export const noticesQuery = (customer_id: CustomerId, person: string) =>
  infiniteQueryOptions({
    queryKey: ["deliverables", "notices", customer_id, person],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/v1/notices", decodeNotices, {
        query: { customer_id, person, cursor: pageParam, limit: 25 },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** Sends a test to one's own channels, or to one of them. */
export const sendTest = (channel_id?: string) =>
  call("POST", "/api/v1/notices/test", decodeTest, {
    body: channel_id === undefined ? {} : { channel_id },
    headers: { "idempotency-key": idempotencyKey() },
  })

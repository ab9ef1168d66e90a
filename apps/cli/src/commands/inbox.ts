import { pageFlags, waitFlags, yesFlag } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

const customer = {
  customer: { value: "CUSTOMER", about: "whose; for a customer its own, for others all unless given" },
}

const decide = {
  notes: { value: "WORDS", about: "what its maker and the record should know" },
  ...yesFlag,
}

/** `stint inbox`: drafts that wait for a decision. */
export const inbox = remote({
  about: "Drafts of agents: read them, approve or reject them, and have what is approved executed.\n\n" +
    "A decision covers the content that was shown, by its SHA-256: it is refused when the content is another by then. " +
    "DRAFT is an id, or ID@HASH with the first digits of that SHA-256 as inbox list and inbox show have it: then nothing " +
    "is shown or asked again.",
  actions: {
    list: {
      about: "the drafts that wait for a decision, the newest first",
      flags: {
        status: {
          value: "STATUS",
          about: "those in this state",
          of: ["pending_review", "in_revision", "approved", "rejected", "expired", "all"],
          default: "pending_review",
        },
        ...customer,
        type: { value: "TYPE", about: "of this agent type" },
        hire: { value: "HIRE", about: "of this hire" },
        goal: { value: "GOAL", about: "of this goal" },
        search: { value: "TEXT", about: "that say this in title or text, among the newest 1,000" },
        from: { value: "INSTANT", about: "made from this instant on, such as 2026-03-01T09:00:00Z" },
        to: { value: "INSTANT", about: "made before this instant" },
        expiring: { about: "that wait and expire within a day" },
        order: {
          value: "ORDER",
          about: "the newest first, or of one customer what expires first",
          of: ["created", "expiry"],
          default: "created",
        },
        ...pageFlags,
      },
    },
    show: { about: "one with its content, who decided what on it, and its revisions", operands: ["DRAFT"] },
    approve: {
      about: "as its customer, shows the drafts, asks, and approves them",
      operands: ["DRAFT..."],
      flags: decide,
    },
    reject: {
      about: "as its customer, shows the drafts, asks, and rejects them",
      operands: ["DRAFT..."],
      flags: decide,
    },
    changes: {
      about: "as its customer, shows the drafts, asks, and has their makers write the next revision by --notes",
      operands: ["DRAFT..."],
      flags: decide,
    },
    edit: {
      about:
        "as its customer, writes the next revision of a draft: its whole payload, a JSON file, or - for standard input",
      operands: ["DRAFT", "FILE"],
      flags: { notes: { value: "WORDS", about: "why, for the record" } },
    },
    withdraw: {
      about: "as its customer, takes an approval back, by its id or its draft's, until an execution begins; asks first",
      operands: ["DRAFT"],
      flags: { reason: { value: "WORDS", about: "why, for the record" }, ...yesFlag },
    },
    execute: {
      about: "as its customer, delivers what is approved, once; asks first",
      operands: ["DRAFT"],
      flags: { ...waitFlags("it is delivered; exit status 1 when that failed"), ...yesFlag },
    },
    counts: { about: "how many wait for what", flags: customer },
  },
  load: () => import("./inbox/Handlers.ts"),
})

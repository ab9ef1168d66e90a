import { pageFlags } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

const customer = {
  customer: { value: "CUSTOMER", about: "whose; for a customer its own, for others all unless given" },
}

/** `stint notices`: what people are told, and how. */
export const notices = remote({
  about: "Messages to people: what was sent and what failed, and how each person is told.\n\n" +
    "PERSON is a person of a customer, as its tokens name it; a customer without people is the person of its own name.",
  actions: {
    list: {
      about: "the messages, the newest first",
      flags: {
        ...customer,
        person: { value: "PERSON", about: "those to this person" },
        state: { value: "STATE", about: "those in this state", of: ["waiting", "sent", "failed", "dropped"] },
        ...pageFlags,
      },
    },
    people: { about: "who is told, and whether a channel of theirs is dead", flags: { ...customer, ...pageFlags } },
    show: { about: "how a person is told of what", operands: ["PERSON"], flags: customer },
    set: {
      about: "replaces a person's settings by those in a file of JSON (docs/notifications.md); - reads standard input",
      operands: ["PERSON", "FILE"],
      flags: customer,
    },
    test: {
      about: "sends a test message to your own channels",
      flags: { channel: { value: "CHANNEL", about: "to this one alone, by its id" } },
    },
  },
  load: () => import("./notices/Handlers.ts"),
})

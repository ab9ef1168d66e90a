import type { Command } from "../Command.ts"

/** `stint secrets`: lists and checks the file of secrets; prints no secret. */
export const secrets: Command = {
  about:
    "Lists the secrets that webhooks are signed with, by customer and name, or checks them. No value is ever printed.",
  actions: {
    list: { about: "every customer's secrets, and whether a new and an old one are in use at once" },
    check: {
      about:
        "the file's shape and rights, whether every secret is one of Standard Webhooks, and which hires name one that " +
        "their customer does not have (where hiring's database can be reached); exit status 1 for a fault",
    },
  },
  flags: {
    json: {
      about: "prints {secrets: [{customer, name, state}]}, of check {secrets, customers, hires, faults, notes}",
    },
  },
  notes: `STINT_SECRETS: the file, {customer: {name: secret or [new, old]}}; under $models the keys of language models.
HIRING_DATABASE_URL: hiring's database; unless given, the embedded one in STINT_HOME.`,
  run: async (flags, io) => await (await import("./secrets/Run.ts")).perform(flags, io),
}

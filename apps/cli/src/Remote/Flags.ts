/** The flags that all commands have which call the services. */
import type { Flag } from "../Command.ts"
import { PORT_BASE } from "@stint/edge/Ports"

/** Where the services are and who asks, and the form of the answer. */
export const remoteFlags: Readonly<Record<string, Flag>> = {
  url: {
    value: "URL",
    about: "the address of the front door; STINT_URL, that of stint login, or the local stack unless given",
  },
  token: { value: "TOKEN", about: "a bearer token; STINT_TOKEN or that of stint login unless given" },
  as: {
    value: "ROLE[:SUBJECT]",
    about: "on the local stack: with a token of this role, signed with the key in STINT_HOME; operator unless given; " +
      "customer:ID/PERSON is a person who acts for a customer",
  },
  json: { about: "prints the API's own answer as one JSON document" },
}

/** What may wait for its end. */
export const waitFlags = (what: string): Readonly<Record<string, Flag>> => ({
  wait: { about: `waits until ${what}` },
  timeout: { value: "TIME", about: "how long --wait waits, such as 90s or 10m", default: "5m" },
})

/** What destroys asks first. */
export const yesFlag: Readonly<Record<string, Flag>> = { yes: { about: "does not ask first" } }

/** Why an operator acts. */
export const reasonFlag: Readonly<Record<string, Flag>> = {
  reason: { value: "WORDS", about: "why: it goes into the action log" },
}

/** The period of a report. */
export const periodFlags: Readonly<Record<string, Flag>> = {
  from: { value: "INSTANT", about: "its first instant; 30 days before its end unless given" },
  to: { value: "INSTANT", about: "its end, which is not part of it; now unless given" },
}

/** A page of a list. */
export const pageFlags: Readonly<Record<string, Flag>> = {
  limit: { value: "N", about: "at most so many, 1 to 200", default: "50" },
  cursor: { value: "CURSOR", about: "goes on where the page before ended" },
}

/** What of a local stack these commands look at. */
export const remoteNotes =
  `The services: --url, STINT_URL, what stint login keeps, or the local stack at STINT_PORT_BASE (${PORT_BASE}).
Exit status: 0 done, 1 failed, 2 the command is wrong, 3 not found, 4 a conflict, 5 not allowed.`

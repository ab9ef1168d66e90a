import { type Answers, Refusal } from "../fakeServices.ts"

/** A command line, what it is answered, and what it says then. */
export interface Case {
  readonly args: string
  readonly role?: string
  /** What stands on standard input; an agent type unless given. */
  readonly stdin?: string
  readonly answers: Answers
  /** What stands on standard output. */
  readonly says: RegExp
  /** The endpoint that refuses then, and how. */
  readonly refused: string
  readonly by: Refusal
  readonly exit?: number
  readonly words?: RegExp
}

/** What is not there. */
export const missing = (code: string) => new Refusal(404, code, "There is no such thing", { detail: "X" })

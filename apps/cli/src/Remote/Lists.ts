/** Lists: a page, and where it goes on. */
import { PAGE_ITEMS } from "@stint/domain/Bounds"
import { Instant } from "@stint/domain/Protocol"
import { type Flags, UsageError } from "../Command.ts"
import { fields } from "../Show/Fields.ts"
import { type Column, table } from "../Show/Table.ts"
import { type Answer, given, numberOf, only, type Session } from "./Session.ts"

/** A page as the services answer with it. */
interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
  readonly unreadable?: number | undefined
}

/** The query of a page. Fails with a UsageError. */
export const pageOf = (flags: Flags) =>
  only({ limit: numberOf(flags, "limit", 1, PAGE_ITEMS), cursor: flags.cursor as string | undefined })

/** The query of a period. Fails with a UsageError. */
export const periodIn = (flags: Flags) =>
  only({ from: given(Instant, "--from", flags.from), to: given(Instant, "--to", flags.to) })

/** An instant in a table: to the second, in UTC. */
export const at = (instant: unknown): string | null => {
  if (instant === null || instant === undefined) return null
  const date = new Date(
    typeof instant === "string" ? instant : (instant as { readonly epochMilliseconds: number }).epochMilliseconds,
  )
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace(/\.\d+Z$/, "Z")
}

/** Shows a page as a table; what is not data is on standard error. */
export const showPage = <A>(
  { io, show }: Session,
  answer: Answer<Page<A>>,
  columns: ReadonlyArray<Column<A>>,
  none = "None.",
): void =>
  show(answer, ({ value: { items, next_cursor, unreadable = 0 } }) => {
    table(io, columns, items)
    if (items.length === 0) io.err(none)
    if (unreadable > 0) io.err(`${unreadable} more can't be read, and are left out.`)
    if (next_cursor !== null) io.err(`There are more: --cursor ${next_cursor}`)
  })

/** Shows one thing, field by field. */
export const showThing = <A>({ io, show }: Session, answer: Answer<A>): void =>
  show(answer, ({ body }) => fields(io, body))

/** Whose: --customer, or the customer that the token speaks for. Fails with a UsageError when it is neither. */
export const customerIn = ({ context, flags }: Session): string => {
  const customer = flags.customer ?? context.customer
  if (typeof customer === "string") return customer
  throw new UsageError("Say --customer ID: whose. stint customers list names them.")
}

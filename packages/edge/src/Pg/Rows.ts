/**
 * Reads rows one by one and by bytes. `SqlSchema.findAll` fails whole when one row does not decode, and a row or a page
 * over the driver's message limit closes the connection: here such a row is set aside, and a page ends where its bytes do.
 */
import type { PgClient } from "@effect/sql-pg"
import { Bounds } from "@stint/domain/Bounds"
import { fieldIssues } from "@stint/domain/FieldIssues"
import { Cause, Effect, Exit, Option, Schema, SchemaIssue } from "effect"
import type { Fragment } from "effect/sql/Statement"
import type { SqlError } from "effect/sql"
import type { Entry, Taken } from "../Paging.ts"
import { setAside } from "../Unreadable.ts"

/** What a failure or a defect says of a row that does not decode, without any value of it; undefined when it is another. */
export const whyUnread = (failure: unknown): string | undefined => {
  // what decodes by `decodeUnknownSync` throws an error with the issue as its cause
  const issue = Schema.isSchemaError(failure) ? failure.issue : failure instanceof Error ? failure.cause : undefined
  return SchemaIssue.isIssue(issue)
    ? fieldIssues(issue).slice(0, 3).map(({ message, path }) => `${path} ${message}`).join("; ")
    : undefined
}

/** What is wrong with a row; a value can be nested so deep that decoding it overflows the stack. */
const whyNot = (cause: Cause.Cause<unknown>): string =>
  whyUnread(Option.getOrUndefined(Cause.findErrorOption(cause))) ?? "it can't be decoded"

/** What a statement adds to each row, in columns of our own: its bytes as text, and how many rows there are in all. */
interface Measured {
  readonly bytes_: number
  readonly of_: number
}

type Decodable = Schema.ConstraintDecoder<unknown>

/** The columns that name a row: a struct of columns of the query, each of them small. */
type KeySchema = Decodable & { readonly fields: { readonly [column: string]: Schema.Constraint } }

/**
 * Decodes rows one by one, each with its key. A row that does not decode has no `row`; one whose key does not either is
 * left out. Both are said by `setAside(what, ...)`.
 */
export const decodeEach = <Key extends KeySchema, Result extends Decodable>(
  options: { readonly what: string; readonly Key: Key; readonly Result: Result },
) => {
  const { what } = options
  // whatever the schemas need comes from the caller's context, as in SqlSchema
  const decodeKey = Schema.decodeUnknownEffect(options.Key)
  const decodeRow = Schema.decodeUnknownEffect(options.Result)
  const columns = Object.keys(options.Key.fields)
  const nameOf = (raw: object) =>
    columns.map((column) => String((raw as Record<string, unknown>)[column]).slice(0, 200)).join(" ")
  return <Raw extends object>(
    rows: ReadonlyArray<Raw>,
    tooLarge: (row: Raw) => string | undefined = () => undefined,
  ): Effect.Effect<
    ReadonlyArray<Entry<Result["Type"], Key["Type"]>>,
    never,
    Key["DecodingServices"] | Result["DecodingServices"]
  > =>
    Effect.gen(function* () {
      const entries: Array<Entry<Result["Type"], Key["Type"]>> = []
      for (const raw of rows) {
        const key = yield* Effect.exit(decodeKey(raw))
        if (Exit.isFailure(key)) {
          yield* setAside(what, nameOf(raw), whyNot(key.cause))
          continue
        }
        const large = tooLarge(raw)
        const row = large === undefined ? yield* Effect.exit(decodeRow(raw)) : undefined
        if (row !== undefined && Exit.isSuccess(row)) {
          entries.push({ key: key.value, row: row.value })
          continue
        }
        yield* setAside(what, nameOf(raw), large ?? whyNot((row as Exit.Failure<never, unknown>).cause))
        entries.push({ key: key.value, row: undefined })
      }
      return entries
    })
}

/**
 * As `SqlSchema.findAll`, for a list, page, lookup, feed or job that must go on when it meets a row that it can't read.
 * `query` is a select, as a rule with an order and a limit; it may lock its rows (`for update skip locked`). `Key` has the
 * columns that name a row. A row larger than twice `answer_bytes` never leaves the database (its key alone does), and the
 * rows end (`more`) where they are so many bytes together.
 */
export const findReadable = <
  Request extends Schema.Constraint,
  Key extends KeySchema,
  Result extends Decodable,
>(
  sql: PgClient.PgClient,
  options: {
    /** What the rows are, for the log and as a label of the metric: "hires". */
    readonly what: string
    readonly Request: Request
    readonly Key: Key
    readonly Result: Result
    readonly query: (request: Request["Encoded"]) => Fragment
  },
) => {
  const encode = Schema.encodeEffect(options.Request)
  const decode = decodeEach(options)
  const keys = Object.keys(options.Key.fields).map((column) => sql`asked_.${sql(column)} as ${sql(column)}`)

  const statement = (request: Request["Encoded"], bytes: number) =>
    sql`
      with asked_ as materialized (select row_number() over () as n_, q_.* from (${options.query(request)}) q_),
      measured_ as (select n_, octet_length(asked_::text)::float8 as bytes_ from asked_),
      summed_ as (
        select n_, bytes_, count(*) over ()::float8 as of_, coalesce(
          sum(case when bytes_ <= ${bytes}::float8 then bytes_ else 0 end)
            over (order by n_ rows between unbounded preceding and 1 preceding), 0) as before_
        from measured_)
      select fit_.*, ${sql.csv(keys)}, bytes_, of_
      from summed_ join asked_ using (n_) left join asked_ fit_ on fit_.n_ = summed_.n_ and bytes_ <= ${bytes}::float8
      where before_ < ${bytes}::float8
      order by summed_.n_`

  return (
    request: Request["Type"],
  ): Effect.Effect<
    Taken<Result["Type"], Key["Type"]>,
    SqlError.SqlError | Schema.SchemaError,
    Request["EncodingServices"] | Key["DecodingServices"] | Result["DecodingServices"]
  > =>
    Effect.gen(function* () {
      const bytes = 2 * (yield* Bounds).answer_bytes
      const rows = (yield* statement(yield* encode(request), bytes)) as ReadonlyArray<object & Measured>
      const tooLarge = ({ bytes_ }: Measured) => bytes_ > bytes ? `it has ${bytes_} bytes` : undefined
      const entries = yield* decode(rows, tooLarge)
      return { what: options.what, entries, more: rows.length > 0 && rows[0]!.of_ > rows.length }
    })
}

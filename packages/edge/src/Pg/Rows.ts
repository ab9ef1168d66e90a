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

/**
 * What a statement adds to each row, in a column of our own: null when its content is there. Else its content stayed in the
 * database: since it has so many bytes, or, when it is 0, since the rows before it used up the bytes of a page.
 */
interface Measured {
  readonly kept_: number | null
}

type Decodable = Schema.ConstraintDecoder<unknown>

/** The columns that name a row: a struct of columns of the query, each of them small. */
type KeySchema = Decodable & { readonly fields: { readonly [column: string]: Schema.Constraint } }

/** How a decoding ended that waited for nothing, as nearly all do; undefined when it has to be run. */
const settledBy = <A, E, R>(
  decode: (raw: unknown) => Effect.Effect<A, E, R>,
  raw: unknown,
): Exit.Exit<A, E> | undefined => {
  const decoded = decode(raw)
  return Exit.isExit(decoded) ? decoded as Exit.Exit<A, E> : undefined
}

/**
 * Decodes rows one by one, each with its key. A row that does not decode has no `row`; one whose key does not either is
 * left out. Both are said by `setAside(what, ...)`.
 */
export const decodeEach = <Key extends KeySchema, Result extends Decodable>(
  options: {
    readonly what: string
    readonly Key: Key
    readonly Result: Result
    /**
     * Reads a row by hand, where each microsecond of a row counts: what the schemas make of it, or undefined, and then they
     * decide and say what is wrong with it.
     */
    readonly quick?: (raw: object) => { readonly key: Key["Type"]; readonly row: Result["Type"] } | undefined
  },
) => {
  const { quick = () => undefined, what } = options
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
        const entry = quick(raw)
        if (entry !== undefined && tooLarge(raw) === undefined) {
          entries.push(entry)
          continue
        }
        const key = settledBy(decodeKey, raw) ?? (yield* Effect.exit(decodeKey(raw)))
        if (Exit.isFailure(key)) {
          yield* setAside(what, nameOf(raw), whyNot(key.cause))
          continue
        }
        const large = tooLarge(raw)
        const row = large === undefined ? settledBy(decodeRow, raw) ?? (yield* Effect.exit(decodeRow(raw))) : undefined
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
  const keys = Object.keys(options.Key.fields).map((column) => sql`m_.${sql(column)} as ${sql(column)}`)

  const tooLarge = ({ kept_ }: Measured) => kept_ === null ? undefined : `it has ${kept_} bytes`

  // one pass over the rows: a join with themselves, or a second window, costs as much as the query
  const statement = (request: Request["Encoded"], bytes: number) =>
    sql`
      select fit_.*, ${sql.csv(keys)},
        case when m_.bytes_ > ${bytes}::float8 then m_.bytes_ when fit_.n_ is null then 0 end as kept_
      from (
        select q_.*, row_number() over w_ as n_,
          coalesce(sum(case when bytes_ <= ${bytes}::float8 then bytes_ else 0 end) over w_, 0) as before_
        from (select q_.*, octet_length(q_::text)::float8 as bytes_ from (${options.query(request)}) q_ offset 0) q_
        window w_ as (rows between unbounded preceding and 1 preceding)) m_
      left join lateral (select m_.*) fit_ on m_.bytes_ <= ${bytes}::float8 and m_.before_ < ${bytes}::float8
      order by m_.n_`

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
      // what is too large uses none of the bytes, so one may stand behind the first row that is left out
      const end = rows.findIndex(({ kept_ }) => kept_ === 0)
      const entries = yield* decode(end === -1 ? rows : rows.slice(0, end), tooLarge)
      return { what: options.what, entries, more: end !== -1 }
    })
}

/**
 * The clock of a test's database, which a test can move. An unqualified `now()` is looked up along the search path, so a
 * schema `clock` that stands ahead of pg_catalog can have functions of the same names, over an offset in a table. Tables
 * are still made in `public`, the first schema of the path. `current_timestamp` is a keyword and does not move.
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"

/** The functions that tell the time, of which `now` and `transaction_timestamp` are two names for one. */
const functions = ["now", "transaction_timestamp", "statement_timestamp", "clock_timestamp"]

/** Makes the clock in the database that the client is connected to. Whatever is migrated later binds its defaults to it. */
export const makeClock = (sql: PgClient.PgClient) =>
  sql.unsafe(`do $$ begin
    create schema clock;
    create table clock.shift (ahead interval not null);
    insert into clock.shift values (interval '0');
    ${
    functions.map((name) => `
    create function clock.${name}() returns timestamptz stable parallel safe language sql
      as 'select pg_catalog.${name}() + (select ahead from clock.shift)';`).join("")
  }
    grant usage on schema clock to public;
    grant select on clock.shift to public;
  end $$`)

/** Makes the sessions of a database see its clock. A copy of a database does not inherit this setting. */
export const useClock = (sql: PgClient.PgClient, database: string) =>
  sql.unsafe(`alter database ${database} set search_path = public, clock, pg_catalog`).unprepared

/** Moves the clock of the client's database on, for every session and transaction from its next statement on. */
export const moveClock = (sql: PgClient.PgClient, millis: number) =>
  Effect.asVoid(sql`update clock.shift set ahead = ahead + make_interval(secs => ${millis / 1000}::float8)`)

/** D17: a script that would keep the program of before from running is refused by `npm run check`. */
import { assert, describe, it } from "vitest"
import { fileURLToPath } from "node:url"
import { expandViolations, readUpScripts } from "../scripts/expand.ts"

const ledger = "insert into schema_scripts (name) values ('500_x') on conflict (name) do nothing;"

/** What is said of a script that does this, and then writes its row. */
const said = (statements: string, row = ledger) =>
  expandViolations({ file: "sql/hiring/500_x.up.sql", text: `${statements}\n${row}\n` }).map(({ rule }) => rule)

describe("D17: an up script", () => {
  it.each([
    "drop table trials;",
    "drop view running_runs;",
    "drop function is_paused;",
    "alter table trials drop column phone;",
    "alter table trials drop constraint ck_trials_status;",
    "alter table trials alter column phone drop default;",
    "alter table trials rename column phone to telephone;",
    "alter table trials rename to leads;",
    "alter table trials alter column phone type text;",
    "alter table trials alter phone set data type text;",
    "alter table trials alter column phone set not null;",
    "alter table trials\n  add column a text,\n  add column b text not null;",
    "alter table trials add constraint ck_new check (phone <> '');",
    "create unique index uq_new on trials (phone);",
    "create trigger t before update on trials for each row execute function f();",
    "revoke select on trials from public;",
    "truncate trials;",
  ])("may not: %s", (statements) => {
    assert.strictEqual(said(statements).length, 1)
  })

  it.each([
    "create table leads (a text not null, constraint ck_leads_a check (a <> ''));\ncreate unique index u on leads (a);",
    "alter table trials add column a text, add column b integer not null default 0;",
    "-- drop table trials;\ncreate index ix_new on trials (phone);\ndrop index ix_old;",
    "alter table trials drop constraint ck_a, add constraint ck_a check (status <> 'x');\n-- Before: it is wider than it was",
    "create function f() returns trigger language plpgsql as $f$ begin truncate trials; end $f$;",
    "drop view running_runs;\ncreate view running_runs as select 1 as n;",
    "comment on table trials is 'we drop table trials; one day';",
    "-- Before: it only loosens\nalter table trials drop constraint ck_a;",
    "-- Before: 0.2.0 always fills it\ncreate unique index uq_new on trials (phone);",
  ])("may: %s", (statements) => {
    assert.deepStrictEqual(said(statements), [])
  })

  it("may do all of that when it says from which version on, and keeps 0.2.0 out by the ledger that it reads", () => {
    const contracts =
      "insert into schema_scripts (name, needs) values ('500_x', '0.4.0') on conflict (name) do nothing;"
    const both = `${contracts}\ninsert into schema_ledger (name) values ('500_x') on conflict (name) do nothing;`
    assert.deepStrictEqual(said("alter table trials drop column phone;", both), [])
    assert.match(said("alter table trials drop column phone;", contracts).join(), /writes a row in schema_ledger too/)
  })

  it("writes its own row into the ledger that 0.2.0 does not read", () => {
    const old = "insert into schema_ledger (name) values ('500_x') on conflict (name) do nothing;"
    assert.match(said("create table leads (a text);", old).join(), /writes no row of its own into the ledger/)
    assert.match(said("create table leads (a text);", ledger.replace("500_x", "500_y")).join(), /no row of its own/)
  })

  it("of this repository keeps to that", async () => {
    const root = fileURLToPath(new URL("..", import.meta.url))
    const scripts = await readUpScripts(root)
    assert.isAbove(scripts.length, 3)
    assert.deepStrictEqual(scripts.flatMap(expandViolations), [])
  })
})

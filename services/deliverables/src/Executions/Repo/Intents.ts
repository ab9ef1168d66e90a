/** Parts of the statements that commit an execution, or arm one again. */
import type { PgClient } from "@effect/sql-pg"
import type { Fragment } from "effect/sql/Statement"

/** Whether of a deliverable `d` as many people as must have approved this content and target, and still do. */
export const isBacked = (
  sql: PgClient.PgClient,
  { content_sha256, target }: { readonly content_sha256: Fragment; readonly target: Fragment },
) =>
  sql`exists (select from approvals a where a.approval_id = d.approval_id and a.revision = d.revision
        and approvals_alike(d, ${content_sha256}, ${target}, a.definition_version)
          >= coalesce((d.approval_rules ->> 'quorum')::integer, 1))`

/** What a column of an execution becomes that is asked for again: content that nobody has seen yet is another delivery. */
export const ofOther = (sql: PgClient.PgClient, column: string, same: Fragment) =>
  sql`${sql(column)} = case when e.content_sha256 = excluded.content_sha256 then ${same} else excluded.${
    sql(column)
  } end`

-- Verification of phase 2: one row a check, 'ok' or what differs. Right after 05 every row says ok.

with expected (table_name, columns, indexes) as (
    values ('scheduler_dlq', 11, 4), ('scheduler_state', 9, 3), ('scheduler_action_log', 7, 4),
           ('scheduled_goal_runs', 8, 5), ('goal_runs', 9, 4)
),
actual as (
    select e.table_name, e.columns, e.indexes,
        (select count(*) from information_schema.columns c
            where c.table_schema = 'public' and c.table_name = e.table_name) as has_columns,
        (select count(*) from pg_indexes i
            where i.schemaname = 'public' and i.tablename = e.table_name) as has_indexes
    from expected e
)
select table_name || ' has ' || columns || ' columns' as check,
    case when has_columns >= columns then 'ok' else 'has ' || has_columns end as result
from actual
union all
select table_name || ' has ' || indexes || ' indexes',
    case when has_indexes >= indexes then 'ok' else 'has ' || has_indexes end
from actual
union all
select 'the scheduler has one global state',
    case when (select count(*) from scheduler_state where state_id = 'global') = 1 then 'ok' else 'has none' end
union all
select 'an idempotency key is unique',
    case when exists (select from pg_constraint
        where conrelid = 'goal_runs'::regclass and contype = 'u' and pg_get_constraintdef(oid) = 'UNIQUE (idempotency_key)')
    then 'ok' else 'goal_runs.idempotency_key has no UNIQUE' end
union all
select 'the ledger knows scripts 01 to 05',
    case when (select count(*) from schema_ledger where name like 'phase2_0%') = 5 then 'ok' else 'rows are missing' end;

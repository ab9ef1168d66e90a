-- How far hiring's feed was followed, and which goals are gone.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table feed_cursor (
  only_row boolean not null default true,
  cursor varchar not null,
  constraint pk_feed_cursor primary key (only_row),
  constraint ck_feed_cursor_only_row check (only_row)
);

comment on table feed_cursor is 'How far hiring''s feed was applied; no row before the first time.';
comment on column feed_cursor.only_row is 'There is one row.';
comment on column feed_cursor.cursor is 'The feed''s cursor after what was applied.';

create table deleted_goals (
  goal_instance_id varchar not null,
  constraint pk_deleted_goals primary key (goal_instance_id)
);

comment on table deleted_goals is 'Goals that were deleted: a draft that a run still makes for one is deleted as well.';
comment on column deleted_goals.goal_instance_id is 'The goal; in hiring''s database.';

insert into schema_ledger (name) values ('034_feed_cursor') on conflict (name) do nothing;

-- What hiring's feed told of hires and goals, and when each goal falls due next. It can be rebuilt from hiring.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table projected_hires (
    hired_instance_id varchar not null,
    customer_id varchar not null,
    agent_id varchar not null,
    timezone varchar not null,
    runnable boolean not null,
    reason varchar,
    version bigint not null,
    changed_at timestamptz not null,
    constraint pk_projected_hires primary key (hired_instance_id),
    constraint ck_projected_hires_reason check (runnable or reason is not null)
);
create index ix_projected_hires_customer_id on projected_hires (customer_id);

create table projected_goals (
    goal_instance_id varchar not null,
    hired_instance_id varchar not null,
    customer_id varchar not null,
    version bigint not null,
    changed_at timestamptz not null,
    enabled boolean not null,
    frequency varchar not null,
    schedule jsonb not null,
    default_at varchar,
    next_slot timestamptz,
    due_at timestamptz,
    constraint pk_projected_goals primary key (goal_instance_id),
    constraint fk_projected_goals_hire foreign key (hired_instance_id) references projected_hires (hired_instance_id),
    constraint ck_projected_goals_frequency check (frequency in ('daily', 'weekly', 'monthly', 'on_demand', 'cron')),
    constraint ck_projected_goals_due check ((next_slot is null) = (due_at is null) and due_at >= next_slot)
);
create index ix_projected_goals_hired_instance_id on projected_goals (hired_instance_id);
create index ix_projected_goals_due_at on projected_goals (due_at) where due_at is not null;

create table feed_cursor (
    only_row boolean not null default true,
    cursor varchar,
    updated_at timestamptz not null default now(),
    constraint pk_feed_cursor primary key (only_row),
    constraint ck_feed_cursor_only_row check (only_row)
);
insert into feed_cursor (only_row) values (true);

comment on table projected_hires is 'Hires as hiring tells them: whose, in which zone, and whether they may run';
comment on column projected_hires.hired_instance_id is 'The hire';
comment on column projected_hires.customer_id is 'Whose it is';
comment on column projected_hires.agent_id is 'Its agent type';
comment on column projected_hires.timezone is 'The zone of its goals unless a goal names another';
comment on column projected_hires.runnable is 'Whether hiring says that it may run';
comment on column projected_hires.reason is 'Why it may not run, for its user';
comment on column projected_hires.version is 'Hiring''s version of it: an older change is ignored';
comment on column projected_hires.changed_at is 'When hiring wrote that version';
comment on table projected_goals is 'Goals as hiring tells them, and when each falls due next';
comment on column projected_goals.goal_instance_id is 'The goal';
comment on column projected_goals.hired_instance_id is 'Its hire';
comment on column projected_goals.customer_id is 'Whose it is';
comment on column projected_goals.version is 'Hiring''s version of it: an older change is ignored';
comment on column projected_goals.changed_at is 'When hiring wrote that version';
comment on column projected_goals.enabled is 'Whether its customer has it switched on';
comment on column projected_goals.frequency is 'daily, weekly, monthly, on_demand or cron';
comment on column projected_goals.schedule is 'settings.schedule of the goal';
comment on column projected_goals.default_at is 'What schedule.at defaults to, when the goal''s own settings say it';
comment on column projected_goals.next_slot is 'The next nominal instant; null when it has none or may not run';
comment on column projected_goals.due_at is 'next_slot moved by the goal''s spread: when it starts';
comment on table feed_cursor is 'How far hiring''s feed was followed';
comment on column feed_cursor.only_row is 'There is one row';
comment on column feed_cursor.cursor is 'Where to go on; null before the first snapshot';
comment on column feed_cursor.updated_at is 'When it last moved';

insert into schema_ledger (name) values ('110_projection') on conflict (name) do nothing;

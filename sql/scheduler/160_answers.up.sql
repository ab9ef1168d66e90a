-- Answers: what a goal was to do at any instant of the last 90 days, so that "why did it not run" is answered from what
-- held then, not from what holds now. And what finds a scope's pauses in the action log.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table goal_history (
    goal_instance_id varchar not null,
    hired_instance_id varchar not null,
    customer_id varchar not null,
    valid_from timestamptz not null,
    frequency varchar not null,
    schedule jsonb not null,
    default_at varchar,
    timezone varchar not null,
    runs boolean not null,
    reason varchar,
    deleted boolean not null,
    constraint pk_goal_history primary key (goal_instance_id, valid_from),
    constraint ck_goal_history_frequency check (frequency in ('daily', 'weekly', 'monthly', 'on_demand', 'cron')),
    constraint ck_goal_history_reason check (runs = (reason is null)),
    constraint ck_goal_history_deleted check (not (deleted and runs))
);

-- what is projected now has held since its goal and its hire were last written
insert into goal_history (goal_instance_id, hired_instance_id, customer_id, valid_from, frequency, schedule, default_at,
    timezone, runs, reason, deleted)
select g.goal_instance_id, g.hired_instance_id, g.customer_id, greatest(g.changed_at, h.changed_at), g.frequency,
    g.schedule, g.default_at, h.timezone, g.enabled and h.runnable,
    nullif(concat_ws('; ', case when not g.enabled then 'the goal was switched off' end, h.reason), ''), false
from projected_goals g join projected_hires h using (hired_instance_id);

create index ix_scheduler_action_log_scope on scheduler_action_log (coalesce(action_metadata -> 'scope', '{}'), timestamp)
    where action in ('pause', 'resume');

comment on table goal_history is 'What each goal did since when: a row each time that hiring''s feed changed it; kept 90 days after its successor';
comment on column goal_history.goal_instance_id is 'The goal';
comment on column goal_history.hired_instance_id is 'Its hire';
comment on column goal_history.customer_id is 'Whose it is';
comment on column goal_history.valid_from is 'When hiring wrote the change: slots after it follow this row, until the next one';
comment on column goal_history.frequency is 'daily, weekly, monthly, on_demand or cron';
comment on column goal_history.schedule is 'settings.schedule of the goal';
comment on column goal_history.default_at is 'What schedule.at defaults to, when the goal''s own settings say it';
comment on column goal_history.timezone is 'The zone of its hire';
comment on column goal_history.runs is 'Whether it ran by itself: switched on, and its hire runnable';
comment on column goal_history.reason is 'Why it did not, for its user';
comment on column goal_history.deleted is 'Whether the goal was no more';

insert into schema_ledger (name) values ('160_answers') on conflict (name) do nothing;

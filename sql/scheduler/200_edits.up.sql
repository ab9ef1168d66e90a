-- Edits of goals: how far each goal's slots are decided, so that when it falls due next can be derived again at any time; and
-- the slots that an edit, a switch or a deletion dropped.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table projected_goals
    add column decided_until timestamptz,
    add column replan_until timestamptz;

create table dropped_slots (
    goal_instance_id varchar not null,
    from_slot timestamptz not null,
    to_slot timestamptz not null,
    reason_code varchar not null,
    reason varchar not null,
    recorded_at timestamptz not null default now(),
    constraint pk_dropped_slots primary key (goal_instance_id, from_slot),
    constraint ck_dropped_slots_range check (from_slot <= to_slot),
    constraint ck_dropped_slots_reason_code check (reason_code in ('schedule_changed', 'goal_disabled', 'goal_deleted',
        'hire_not_runnable'))
);
create index ix_dropped_slots_recorded_at on dropped_slots (recorded_at);

comment on column projected_goals.decided_until is 'Every slot up to it is decided; next_slot is derived from it. Null: not known, next_slot is what counts';
comment on column projected_goals.replan_until is 'Slots up to it follow the versions in goal_history, and some of them may have runs already';
comment on table dropped_slots is 'Slots that were to run and do not, since their goal was edited, switched off or deleted, or its hire may not run; kept 90 days';
comment on column dropped_slots.goal_instance_id is 'The goal';
comment on column dropped_slots.from_slot is 'The first of them';
comment on column dropped_slots.to_slot is 'The last of them';
comment on column dropped_slots.reason_code is 'schedule_changed (that one slot), goal_disabled, goal_deleted or hire_not_runnable';
comment on column dropped_slots.reason is 'The same in words, for its user';
comment on column dropped_slots.recorded_at is 'When it was decided';

insert into schema_scripts (name) values ('200_edits') on conflict (name) do nothing;

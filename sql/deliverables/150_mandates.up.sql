-- Mandates: bounded rules that sign in place of a person, each of their uses, and the drafts that are to be looked at.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table mandates (
  mandate_id varchar not null,
  customer_id varchar not null,
  hired_instance_id varchar not null,
  goal_instance_id varchar,
  goal_template_id varchar,
  rules jsonb not null,
  max_uses integer not null,
  per varchar not null,
  timezone varchar not null,
  valid_until timestamptz not null,
  action varchar not null,
  signed_by varchar not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  revoked_by varchar,
  revoke_reason varchar,
  constraint pk_mandates primary key (mandate_id),
  constraint ck_mandates_scope check (goal_instance_id is null or goal_template_id is null),
  constraint ck_mandates_rules check (jsonb_typeof(rules) = 'array' and jsonb_array_length(rules) between 1 and 50),
  constraint ck_mandates_max_uses check (max_uses between 1 and 10000),
  constraint ck_mandates_per check (per in ('day', 'week', 'month')),
  constraint ck_mandates_valid_until check (valid_until > created_at and valid_until <= created_at + interval '367 days'),
  constraint ck_mandates_action check (action in ('approve', 'execute')),
  constraint ck_mandates_revoked check ((revoked_at is null) = (revoked_by is null) and (revoke_reason is null or revoked_at is not null))
);

-- What may cover a new draft, by its hire; a customer's list
create index ix_mandates_live on mandates (hired_instance_id) where revoked_at is null;
create index ix_mandates_customer on mandates (customer_id, created_at, mandate_id);

comment on table mandates is 'Rules that a customer signed in place of each signature: kept as they were signed, until they are revoked.';
comment on column mandates.mandate_id is 'Unique identifier: MAN- and a time-ordered uuid.';
comment on column mandates.customer_id is 'The customer.';
comment on column mandates.hired_instance_id is 'The hire whose drafts it covers.';
comment on column mandates.goal_instance_id is 'The goal whose drafts it covers; null: of every goal.';
comment on column mandates.goal_template_id is 'The template whose drafts it covers; null: of every template.';
comment on column mandates.rules is 'The rules, every one of which a payload satisfies.';
comment on column mandates.max_uses is 'The most uses of a period.';
comment on column mandates.per is 'The period: day, week (from Monday) or month.';
comment on column mandates.timezone is 'The zone of the periods: of the hire when it was signed.';
comment on column mandates.valid_until is 'Until when it covers.';
comment on column mandates.action is 'approve, or execute: what it approved is executed at once.';
comment on column mandates.signed_by is 'The person, or the customer itself.';
comment on column mandates.created_at is 'When it was signed; revisions made before are not covered.';
comment on column mandates.revoked_at is 'When it was revoked; no use begins after.';
comment on column mandates.revoked_by is 'The person, or the customer itself.';
comment on column mandates.revoke_reason is 'Why, in that person''s words; null when they said nothing.';

-- A mandate changes once: it is revoked
create function keep_mandate() returns trigger language plpgsql as $keep$
begin
  if tg_op = 'UPDATE' and old.revoked_at is null and new.revoked_at is not null
    and to_jsonb(old) - '{revoked_at,revoked_by,revoke_reason}'::text[] = to_jsonb(new) - '{revoked_at,revoked_by,revoke_reason}'::text[]
  then
    return new;
  end if;
  raise exception '% is kept as it was signed', old.mandate_id using errcode = 'insufficient_privilege';
end
$keep$;

create trigger mandates_are_kept before update or delete on mandates for each row execute function keep_mandate();
create trigger mandates_are_not_emptied before truncate on mandates for each statement execute function refuse_change();

create table mandate_uses (
  mandate_id varchar not null,
  period date not null,
  nth integer not null,
  approval_id varchar not null,
  deliverable_id varchar not null,
  revision integer not null,
  used_at timestamptz not null default now(),
  constraint pk_mandate_uses primary key (mandate_id, period, nth),
  constraint uq_mandate_uses_approval_id unique (approval_id),
  constraint uq_mandate_uses_revision unique (deliverable_id, revision),
  constraint fk_mandate_uses_mandate foreign key (mandate_id) references mandates (mandate_id),
  constraint fk_mandate_uses_approval foreign key (approval_id) references approvals (approval_id),
  constraint ck_mandate_uses_nth check (nth between 1 and 10000)
);

comment on table mandate_uses is 'What mandates approved: append-only, numbered within a period, so that none is one too many.';
comment on column mandate_uses.mandate_id is 'The mandate.';
comment on column mandate_uses.period is 'The first day of the period, in the zone of the mandate.';
comment on column mandate_uses.nth is 'The how manieth of the period, from 1 to the mandate''s max_uses.';
comment on column mandate_uses.approval_id is 'The approval.';
comment on column mandate_uses.deliverable_id is 'What was approved.';
comment on column mandate_uses.revision is 'Its revision.';
comment on column mandate_uses.used_at is 'When.';

create trigger mandate_uses_are_immutable before update or delete or truncate on mandate_uses
  for each statement execute function refuse_change();

-- A use is of a mandate that lives, under its lock, within its number, of a revision by a maker in its scope
create function check_mandate_use() returns trigger language plpgsql security definer set search_path from current as $use$
declare
  mandate mandates;
begin
  -- a revocation and the other uses wait, or were committed before
  select * into mandate from mandates m where m.mandate_id = new.mandate_id for update;
  if mandate.mandate_id is null or mandate.revoked_at is not null or mandate.valid_until <= now() or new.nth > mandate.max_uses
    or new.nth <> 1 + (select coalesce(max(u.nth), 0) from mandate_uses u where u.mandate_id = new.mandate_id and u.period = new.period)
    or not exists (select from approvals a join deliverables d on d.deliverable_id = a.deliverable_id
      where a.approval_id = new.approval_id and a.mandate_id = new.mandate_id and a.decision = 'approved'
        and a.deliverable_id = new.deliverable_id and a.revision = new.revision and d.revision = new.revision
        and d.edited_by is null and d.customer_id = mandate.customer_id
        and d.hired_instance_id = mandate.hired_instance_id
        and d.goal_instance_id = coalesce(mandate.goal_instance_id, d.goal_instance_id)
        and d.goal_template_id = coalesce(mandate.goal_template_id, d.goal_template_id)
        and coalesce(d.approval_rules ->> 'mandates', 'true') <> 'false')
  then
    raise exception '% does not cover %', new.mandate_id, new.deliverable_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$use$;

create trigger mandate_uses_are_covered before insert on mandate_uses for each row execute function check_mandate_use();

-- An approval that names a mandate is one of its uses, when its transaction ends
create function check_mandate_approval() returns trigger language plpgsql security definer set search_path from current as $approval$
begin
  if not exists (select from mandate_uses u where u.approval_id = new.approval_id and u.mandate_id = new.mandate_id) then
    raise exception '% is no use of %', new.approval_id, new.mandate_id using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$approval$;

-- Before: 0.2.0 names no mandate
create constraint trigger approvals_of_mandates_are_uses after insert on approvals deferrable initially deferred
  for each row when (new.mandate_id is not null) execute function check_mandate_approval();

create index ix_approvals_mandate on approvals (mandate_id, created_at, approval_id) where mandate_id is not null;

create table mandate_queue (
  deliverable_id varchar not null,
  revision integer not null,
  customer_id varchar not null,
  queued_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  locked_until timestamptz,
  approval_id varchar,
  constraint pk_mandate_queue primary key (deliverable_id, revision)
);

create index ix_mandate_queue_due on mandate_queue (customer_id, due_at);

comment on table mandate_queue is 'Revisions by makers that a mandate may cover, until they were looked at, and executed where the mandate says so.';
comment on column mandate_queue.deliverable_id is 'The deliverable.';
comment on column mandate_queue.revision is 'Its revision.';
comment on column mandate_queue.customer_id is 'Its customer.';
comment on column mandate_queue.queued_at is 'When the revision was stored: mandates that were signed later do not cover it.';
comment on column mandate_queue.due_at is 'From when on it is looked at.';
comment on column mandate_queue.locked_until is 'Until when the replica that looks at it has it for itself.';
comment on column mandate_queue.approval_id is 'The approval that a mandate gave, under which it is to be executed; null before.';

-- Looked at are the drafts that a live mandate has in its scope: whoever has none pays for the question alone
create function queue_for_mandates() returns trigger language plpgsql security definer set search_path from current as $queue$
begin
  if exists (select from mandates where revoked_at is null and valid_until > now()) then
    insert into mandate_queue (deliverable_id, revision, customer_id)
      select d.deliverable_id, d.revision, d.customer_id from made d
      where d.deleted_at is null and coalesce(d.approval_rules ->> 'mandates', 'true') <> 'false'
        and exists (select from mandates m where m.hired_instance_id = d.hired_instance_id and m.customer_id = d.customer_id
          and m.revoked_at is null and m.valid_until > now()
          and d.goal_instance_id = coalesce(m.goal_instance_id, d.goal_instance_id)
          and d.goal_template_id = coalesce(m.goal_template_id, d.goal_template_id))
      on conflict (deliverable_id, revision) do nothing;
    if found then
      perform pg_notify('stint_mandates', '');
    end if;
  end if;
  return null;
end
$queue$;

create function queue_revision_for_mandates() returns trigger language plpgsql security definer set search_path from current as $queue$
begin
  insert into mandate_queue (deliverable_id, revision, customer_id)
    select d.deliverable_id, new.revision, d.customer_id from deliverables d
    where d.deliverable_id = new.deliverable_id and d.deleted_at is null
      and coalesce(d.approval_rules ->> 'mandates', 'true') <> 'false'
      and exists (select from mandates m where m.hired_instance_id = d.hired_instance_id and m.customer_id = d.customer_id
        and m.revoked_at is null and m.valid_until > now()
        and d.goal_instance_id = coalesce(m.goal_instance_id, d.goal_instance_id)
        and d.goal_template_id = coalesce(m.goal_template_id, d.goal_template_id))
    on conflict (deliverable_id, revision) do nothing;
  if found then
    perform pg_notify('stint_mandates', '');
  end if;
  return null;
end
$queue$;

-- Before: drafts of 0.2.0 are queued as those of this program are, and looked at by it
create trigger deliverables_are_looked_at after insert on deliverables referencing new table as made
  for each statement execute function queue_for_mandates();
-- Before: 0.2.0 stores no revisions. The first one is the draft itself
create trigger deliverable_revisions_are_looked_at after insert on deliverable_revisions
  for each row when (new.by_maker and new.revision > 1) execute function queue_revision_for_mandates();

insert into schema_scripts (name) values ('150_mandates') on conflict (name) do nothing;

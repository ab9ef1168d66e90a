-- Revisions of a deliverable, and approvals by several people that get old and can be withdrawn.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table deliverables
  add column revision integer not null default 1,
  add column edited_by varchar,
  add column revising_since timestamptz,
  add column expires_at timestamptz,
  add column approval_rules jsonb,
  add constraint ck_deliverables_revision check (revision >= 1),
  add constraint ck_deliverables_revising check (revising_since is null or review_status = 'pending_review'),
  add constraint ck_deliverables_approval_rules check (jsonb_typeof(approval_rules) = 'object');

comment on column deliverables.revision is 'The number of the revision that payload and title are, from 1.';
comment on column deliverables.edited_by is 'The person who wrote this revision; null when its maker did.';
comment on column deliverables.revising_since is 'Since when its maker works on what was asked for; null while it does not. Then it is in_revision, and nothing can be decided.';
comment on column deliverables.expires_at is 'Until when this revision can be decided on; null when it never expires. One that is still pending then has expired.';
comment on column deliverables.approval_rules is 'What its template asks of approvals, when the draft was made; null when nothing.';

-- What expires first is listed first, then what never expires; how many wait is counted from it
create index ix_deliverables_expiry on deliverables (customer_id, expires_at, deliverable_id)
  where review_status = 'pending_review' and revising_since is null and deleted_at is null;
create index ix_deliverables_revising on deliverables (customer_id) where revising_since is not null and deleted_at is null;

-- The first revision is the deliverable's own row until there is a second: a draft that nobody changes costs no row more
create table deliverable_revisions (
  deliverable_id varchar not null,
  revision integer not null,
  author varchar not null,
  by_maker boolean not null,
  notes text,
  title varchar not null,
  payload jsonb not null,
  content_sha256 varchar not null,
  created_at timestamptz not null,
  edit_id varchar,
  constraint pk_deliverable_revisions primary key (deliverable_id, revision),
  constraint fk_deliverable_revisions_deliverable foreign key (deliverable_id) references deliverables (deliverable_id),
  constraint uq_deliverable_revisions_edit_id unique (edit_id),
  constraint ck_deliverable_revisions_revision check (revision between 1 and 100),
  constraint ck_deliverable_revisions_payload check (jsonb_typeof(payload) = 'object'),
  constraint ck_deliverable_revisions_content_sha256 check (content_sha256 ~ '^[0-9a-f]{64}$')
);

comment on table deliverable_revisions is 'What makers and people wrote of a deliverable that has two revisions or more: append-only.';
comment on column deliverable_revisions.deliverable_id is 'The deliverable.';
comment on column deliverable_revisions.revision is 'Its number, from 1.';
comment on column deliverable_revisions.author is 'maker, or the person who edited.';
comment on column deliverable_revisions.by_maker is 'Whether its maker wrote it.';
comment on column deliverable_revisions.notes is 'Why: an editor''s words, or what its maker was asked for.';
comment on column deliverable_revisions.title is 'Its title.';
comment on column deliverable_revisions.payload is 'Its content.';
comment on column deliverable_revisions.content_sha256 is 'SHA-256, in hex, of the canonical JSON (RFC 8785) of the payload.';
comment on column deliverable_revisions.created_at is 'When it was written.';
comment on column deliverable_revisions.edit_id is 'The edit, derived from its Idempotency-Key where it has one, by which a repeat finds it; null of a maker.';

create trigger deliverable_revisions_are_immutable before update or delete or truncate on deliverable_revisions
  for each statement execute function refuse_change();

-- The content of a deliverable changes to its next revision alone, which is stored before, and takes any approval along.
-- Before: 0.2.0 changes no content.
create or replace function keep_content() returns trigger language plpgsql security definer set search_path from current as $content$
begin
  if (old.deliverable_id, old.hired_instance_id, old.goal_instance_id, old.goal_template_id, old.idempotency_key,
      old.customer_id, old.scheduled_time, old.approval_required, old.created_at, old.approval_rules)
    is not distinct from (new.deliverable_id, new.hired_instance_id, new.goal_instance_id, new.goal_template_id,
      new.idempotency_key, new.customer_id, new.scheduled_time, new.approval_required, new.created_at, new.approval_rules)
    and new.revision = old.revision + 1 and new.review_status = 'pending_review' and new.approval_id is null
    and new.revising_since is null and not old.executing and not new.executing
    and old.deleted_at is null and old.review_status <> 'rejected'
    and (old.review_status <> 'pending_review' or old.revising_since is not null or old.expires_at is null or old.expires_at > now())
    and old.execution_status = 'not_executed' and new.execution_status = 'not_executed'
    and exists (select from deliverable_revisions r where r.deliverable_id = old.deliverable_id
      and r.revision = old.revision and r.payload = old.payload and r.title = old.title)
    and exists (select from deliverable_revisions r where r.deliverable_id = new.deliverable_id
      and r.revision = new.revision and r.payload = new.payload and r.title = new.title
      and new.edited_by is not distinct from case when r.by_maker then null else r.author end)
  then
    return new;
  end if;
  raise exception 'the content of % is kept as it was made', old.deliverable_id using errcode = 'insufficient_privilege';
end
$content$;

create or replace trigger deliverables_keep_content before update on deliverables for each row
  when ((old.deliverable_id, old.hired_instance_id, old.goal_instance_id, old.goal_template_id, old.title, old.payload,
      old.idempotency_key, old.customer_id, old.scheduled_time, old.approval_required, old.created_at, old.revision,
      old.edited_by, old.approval_rules)
    is distinct from (new.deliverable_id, new.hired_instance_id, new.goal_instance_id, new.goal_template_id, new.title,
      new.payload, new.idempotency_key, new.customer_id, new.scheduled_time, new.approval_required, new.created_at,
      new.revision, new.edited_by, new.approval_rules))
  execute function keep_content();

alter table approvals
  add column decided_by varchar,
  add column revision integer not null default 1,
  add column asks_changes boolean not null default false,
  add column mandate_id varchar,
  add column definition_version varchar,
  add column expires_at timestamptz,
  add constraint ck_approvals_revision check (revision >= 1),
  add constraint ck_approvals_asks_changes check (not asks_changes or decision = 'rejected'),
  add constraint ck_approvals_mandate check (mandate_id is null or decision = 'approved'),
  add constraint ck_approvals_expires_at check (expires_at is null or decision = 'approved');

comment on column approvals.decided_by is 'The person, or the customer itself; null of 0.2.0: the customer.';
comment on column approvals.revision is 'The revision that was decided on.';
comment on column approvals.asks_changes is 'Whether it asks for changes: decision is rejected then, since 0.2.0 knows no third.';
comment on column approvals.mandate_id is 'The mandate that approved it; null when a person did.';
comment on column approvals.definition_version is 'The version of the definition that the hire had; null of 0.2.0 and of other decisions.';
comment on column approvals.expires_at is 'Until when it is good; null when it never gets too old.';

create table approval_withdrawals (
  approval_id varchar not null,
  withdrawn_by varchar not null,
  reason text,
  created_at timestamptz not null default now(),
  constraint pk_approval_withdrawals primary key (approval_id),
  constraint fk_approval_withdrawals_approval foreign key (approval_id) references approvals (approval_id)
);

comment on table approval_withdrawals is 'Approvals that were withdrawn before an execution began: a trail that nobody changes or takes away.';
comment on column approval_withdrawals.approval_id is 'The approval.';
comment on column approval_withdrawals.withdrawn_by is 'The person, or the customer itself.';
comment on column approval_withdrawals.reason is 'Why, in that person''s words; null when they said nothing.';
comment on column approval_withdrawals.created_at is 'When.';

create trigger approval_withdrawals_are_immutable before update or delete or truncate on approval_withdrawals
  for each statement execute function refuse_change();

-- How many different people's approvals of the current revision count now, of those that cover this content, target and definition
-- version (null: any): neither withdrawn nor too old, nor by the author where the template keeps editors apart. A mandate's counts for
-- all. An approval of 0.2.0 names no target and no version, and covers any.
create function approvals_alike(draft deliverables, content varchar, target jsonb, version varchar) returns integer
  language sql stable as $approvals$
  select case when count(*) filter (where a.mandate_id is not null) > 0
      then greatest(coalesce((draft.approval_rules ->> 'quorum')::integer, 1), 1)
      else count(distinct coalesce(a.decided_by, a.customer_id))::integer end
  from approvals a
  where a.deliverable_id = draft.deliverable_id and a.revision = draft.revision and a.decision = 'approved'
    and (a.expires_at is null or a.expires_at > now())
    and (content is null or a.content_sha256 = content)
    and (approvals_alike.target is null or a.target is null
      or (a.target ->> 'target', a.target ->> 'url', a.target ->> 'secret_ref') is not distinct from
        (coalesce(approvals_alike.target ->> 'target', 'journal'), approvals_alike.target ->> 'url',
          approvals_alike.target ->> 'secret_ref'))
    and (version is null or a.definition_version is null or a.definition_version = version)
    and (a.mandate_id is not null or draft.edited_by is null
      or not coalesce((draft.approval_rules ->> 'separate_editor')::boolean, false)
      or coalesce(a.decided_by, a.customer_id) <> draft.edited_by)
    and not exists (select from approval_withdrawals w where w.approval_id = a.approval_id)
$approvals$;

comment on function approvals_alike(deliverables, varchar, jsonb, varchar) is 'How many people approved its current revision for this content, target and definition version, and still do; all that are needed where a mandate did.';

create function approvals_of(draft deliverables) returns integer language sql stable as $approvals$
  select approvals_alike(draft, null, null, null)
$approvals$;

comment on function approvals_of(deliverables) is 'How many people approved its current revision and still do; all that are needed where a mandate did.';

-- As in 075, and: a decision is on the current revision, while it can be decided on.
-- Before: 0.2.0 decides on drafts of one revision; a decision on another, or on one that expired, it is refused.
create or replace function check_approval() returns trigger language plpgsql as $approval$
declare
  draft deliverables;
begin
  select * into draft from deliverables d where d.deliverable_id = new.deliverable_id and d.customer_id = new.customer_id;
  if not found then
    raise exception 'the approval % is not of the customer of %', new.approval_id, new.deliverable_id
      using errcode = 'insufficient_privilege';
  end if;
  if new.revision <> draft.revision or draft.revising_since is not null
    or draft.review_status = 'pending_review' and draft.expires_at <= now() then
    raise exception 'revision % of % can not be decided on', new.revision, new.deliverable_id
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$approval$;

-- As in 075, and: what is delivered under an approval is the current revision, which as many people as its template asks for have
-- approved and still do; other content than the delivery that failed before is a delivery of its own. Before: 0.2.0 executes drafts of one revision, which one approval covers; another it is refused.
create or replace function check_execution() returns trigger language plpgsql as $execution$
declare
  draft deliverables;
  approved approvals;
  is_other boolean := false;
begin
  select * into draft from deliverables d where d.deliverable_id = new.deliverable_id;
  if tg_op = 'UPDATE' then
    is_other := new.content_sha256 <> old.content_sha256;
    if old.deliverable_id <> new.deliverable_id
      or (old.delivery_id, old.created_at) is distinct from (new.delivery_id, new.created_at) and not is_other
      or (old.body, old.content_sha256, old.target, old.approval_id) is distinct from
        (new.body, new.content_sha256, new.target, new.approval_id)
        and (old.state <> 'failed' or new.state <> 'pending') then
      raise exception 'what % delivers is kept as it was asked for', old.delivery_id
        using errcode = 'insufficient_privilege';
    end if;
    if old.state = 'delivered' and new.state <> 'delivered' then
      raise exception '% is delivered', old.delivery_id using errcode = 'insufficient_privilege';
    end if;
  end if;
  if tg_op = 'INSERT' or old.state = 'failed' and new.state = 'pending' then
    if new.body::jsonb is distinct from draft.payload or new.approval_id is distinct from draft.approval_id then
      raise exception '% does not deliver what % holds', new.delivery_id, new.deliverable_id
        using errcode = 'insufficient_privilege';
    end if;
    if draft.revising_since is not null or draft.review_status = 'pending_review' and draft.expires_at <= now() then
      raise exception '% is being revised, or has expired', new.deliverable_id using errcode = 'insufficient_privilege';
    end if;
    if new.approval_id is not null then
      select * into approved from approvals a where a.approval_id = new.approval_id;
      if approved.revision <> draft.revision
        or approvals_alike(draft, new.content_sha256, new.target, approved.definition_version)
          < coalesce((draft.approval_rules ->> 'quorum')::integer, 1) then
        raise exception 'too few approve revision % of %', draft.revision, new.deliverable_id
          using errcode = 'insufficient_privilege';
      end if;
      if approved.content_sha256 <> new.content_sha256
        or approved.target is not null
          and (approved.target ->> 'target', approved.target ->> 'url', approved.target ->> 'secret_ref') is distinct from
            (coalesce(new.target ->> 'target', 'journal'), new.target ->> 'url', new.target ->> 'secret_ref') then
        raise exception '% does not deliver what % approved', new.delivery_id, new.approval_id
          using errcode = 'insufficient_privilege';
      end if;
    end if;
    new.armed_at := now();
    new.armed_attempts := case when tg_op = 'INSERT' or is_other then 0 else old.attempts end;
    new.refusal := null;
  end if;
  new.customer_id := draft.customer_id;
  if new.state <> 'failed' then
    new.gave_up_at := null;
  elsif tg_op = 'INSERT' or old.state <> 'failed' then
    new.gave_up_at := now();
  end if;
  return new;
end
$execution$;

insert into schema_scripts (name) values ('132_revisions') on conflict (name) do nothing;

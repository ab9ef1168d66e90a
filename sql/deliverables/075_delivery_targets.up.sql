-- An approval is of content and target, an execution is held to both, and a delivery that ended keeps the reason.
-- Before: what 0.2.0 does not write is null or filled in by the triggers, and all that it writes is as they hold it to be.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table approvals
  add column target jsonb,
  add constraint ck_approvals_target check (jsonb_typeof(target) = 'object');

comment on column approvals.target is 'Where the content may go: target, url, secret''s name; null when a program of 0.2.0 approved it, or it was rejected.';

alter table executions
  add column customer_id varchar,
  add column armed_at timestamptz,
  add column armed_attempts integer not null default 0,
  add column refusal varchar,
  add column gave_up_at timestamptz,
  add constraint ck_executions_armed_attempts check (armed_attempts >= 0);

update executions e set armed_at = e.created_at, customer_id = d.customer_id,
  gave_up_at = case when e.state = 'failed' then e.created_at end
from deliverables d where d.deliverable_id = e.deliverable_id;

create index ix_executions_customer_created on executions (customer_id, created_at, delivery_id);
create index ix_executions_created on executions (created_at, delivery_id);
create index ix_executions_customer_due on executions (customer_id, next_attempt_at) where state = 'pending';
create index ix_executions_gave_up on executions (gave_up_at) where state = 'failed' and refusal is null;

comment on column executions.customer_id is 'Whose it is: the deliverable''s customer.';
comment on column executions.armed_at is 'When it was asked for last, by an execution or a retry: the time to deliver counts from here.';
comment on column executions.armed_attempts is 'How many attempts it had before that.';
comment on column executions.refusal is 'Why it may not be delivered, by a code; null while it may, or when it failed.';
comment on column executions.gave_up_at is 'When it ended undelivered; null while it has not.';

-- What was drafted stays what it was, whoever writes
create function keep_content() returns trigger language plpgsql as $content$
begin
  raise exception 'the content of % is kept as it was made', old.deliverable_id using errcode = 'insufficient_privilege';
end
$content$;

comment on function keep_content() is 'Refuses a change of what a deliverable holds, to everyone.';

create trigger deliverables_keep_content before update on deliverables for each row
  when ((old.deliverable_id, old.hired_instance_id, old.goal_instance_id, old.goal_template_id, old.title, old.payload,
      old.idempotency_key, old.customer_id, old.scheduled_time, old.approval_required, old.created_at)
    is distinct from (new.deliverable_id, new.hired_instance_id, new.goal_instance_id, new.goal_template_id, new.title,
      new.payload, new.idempotency_key, new.customer_id, new.scheduled_time, new.approval_required, new.created_at))
  execute function keep_content();

-- An approval is its customer's
create function check_approval() returns trigger language plpgsql as $approval$
begin
  perform from deliverables d where d.deliverable_id = new.deliverable_id and d.customer_id = new.customer_id;
  if not found then
    raise exception 'the approval % is not of the customer of %', new.approval_id, new.deliverable_id
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$approval$;

comment on function check_approval() is 'Refuses a decision on another customer''s deliverable, to everyone.';

create trigger approvals_are_of_their_customer before insert on approvals
  for each row execute function check_approval();

-- A deliverable names an approval of its own
create function check_approved() returns trigger language plpgsql as $approved$
begin
  perform from approvals a where a.approval_id = new.approval_id and a.deliverable_id = new.deliverable_id
    and a.customer_id = new.customer_id and a.decision = 'approved';
  if not found then
    raise exception '% is no approval of %', new.approval_id, new.deliverable_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$approved$;

comment on function check_approved() is 'Refuses a deliverable that names an approval which is not its own, to everyone.';

create trigger deliverables_name_their_approval before update of approval_id on deliverables for each row
  when (new.approval_id is not null and new.approval_id is distinct from old.approval_id)
  execute function check_approved();

-- What is delivered is what was approved, to where it was approved; it changes only when it is asked for again
create function check_execution() returns trigger language plpgsql as $execution$
declare
  draft deliverables;
  approved approvals;
begin
  select * into draft from deliverables d where d.deliverable_id = new.deliverable_id;
  if tg_op = 'UPDATE' then
    if (old.delivery_id, old.deliverable_id, old.created_at) is distinct from
        (new.delivery_id, new.deliverable_id, new.created_at)
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
    if new.approval_id is not null then
      select * into approved from approvals a where a.approval_id = new.approval_id;
      if approved.content_sha256 <> new.content_sha256
        or approved.target is not null
          and (approved.target ->> 'target', approved.target ->> 'url', approved.target ->> 'secret_ref') is distinct from
            (coalesce(new.target ->> 'target', 'journal'), new.target ->> 'url', new.target ->> 'secret_ref') then
        raise exception '% does not deliver what % approved', new.delivery_id, new.approval_id
          using errcode = 'insufficient_privilege';
      end if;
    end if;
    new.armed_at := now();
    new.armed_attempts := case when tg_op = 'INSERT' then 0 else old.attempts end;
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

comment on function check_execution() is 'Holds an execution to its deliverable and its approval, and notes when it was armed and when it ended.';

create trigger executions_are_held_to_their_approval before insert or update on executions
  for each row execute function check_execution();
create trigger executions_are_kept before delete or truncate on executions
  for each statement execute function refuse_change();

-- Who had a delivery that had failed tried again
create table delivery_action_log (
  log_id varchar not null,
  action varchar not null,
  operator varchar not null,
  role varchar not null,
  timestamp timestamptz not null default now(),
  delivery_id varchar not null,
  deliverable_id varchar not null,
  customer_id varchar not null,
  reason text,
  constraint pk_delivery_action_log primary key (log_id),
  constraint ck_delivery_action_log_action check (action in ('delivery_retry')),
  constraint ck_delivery_action_log_role check (role in ('customer', 'operator'))
);

create index ix_delivery_action_log_delivery on delivery_action_log (delivery_id, timestamp);

comment on table delivery_action_log is 'Deliveries that a person had tried again: an audit trail that nobody changes or takes away.';
comment on column delivery_action_log.log_id is 'Unique identifier (LOG-).';
comment on column delivery_action_log.action is 'delivery_retry.';
comment on column delivery_action_log.operator is 'Who did it: the subject of the token.';
comment on column delivery_action_log.role is 'The role of the token.';
comment on column delivery_action_log.timestamp is 'When.';
comment on column delivery_action_log.delivery_id is 'The delivery.';
comment on column delivery_action_log.deliverable_id is 'The deliverable that it delivers.';
comment on column delivery_action_log.customer_id is 'Whose it is.';
comment on column delivery_action_log.reason is 'Why, in that person''s words; null when they said nothing.';

create trigger delivery_action_log_is_immutable before update or delete or truncate on delivery_action_log
  for each statement execute function refuse_change();

insert into schema_scripts (name) values ('075_delivery_targets') on conflict (name) do nothing;

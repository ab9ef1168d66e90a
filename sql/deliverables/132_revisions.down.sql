-- Takes back 132_revisions: drafts keep their current content as the only one, and decisions are one person's again.

create or replace function check_execution() returns trigger language plpgsql as $execution$
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

create or replace function check_approval() returns trigger language plpgsql as $approval$
begin
  perform from deliverables d where d.deliverable_id = new.deliverable_id and d.customer_id = new.customer_id;
  if not found then
    raise exception 'the approval % is not of the customer of %', new.approval_id, new.deliverable_id
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$approval$;

drop function if exists approvals_of(deliverables);
drop function if exists approvals_alike(deliverables, varchar, jsonb, varchar);
drop table if exists approval_withdrawals;
alter table approvals
  drop constraint if exists ck_approvals_expires_at,
  drop constraint if exists ck_approvals_mandate,
  drop constraint if exists ck_approvals_asks_changes,
  drop constraint if exists ck_approvals_revision,
  drop column if exists expires_at,
  drop column if exists definition_version,
  drop column if exists mandate_id,
  drop column if exists asks_changes,
  drop column if exists revision,
  drop column if exists decided_by;

create or replace function keep_content() returns trigger language plpgsql as $content$
begin
  raise exception 'the content of % is kept as it was made', old.deliverable_id using errcode = 'insufficient_privilege';
end
$content$;

create or replace trigger deliverables_keep_content before update on deliverables for each row
  when ((old.deliverable_id, old.hired_instance_id, old.goal_instance_id, old.goal_template_id, old.title, old.payload,
      old.idempotency_key, old.customer_id, old.scheduled_time, old.approval_required, old.created_at)
    is distinct from (new.deliverable_id, new.hired_instance_id, new.goal_instance_id, new.goal_template_id, new.title,
      new.payload, new.idempotency_key, new.customer_id, new.scheduled_time, new.approval_required, new.created_at))
  execute function keep_content();

drop table if exists deliverable_revisions;
drop index if exists ix_deliverables_revising;
drop index if exists ix_deliverables_expiry;
alter table deliverables
  drop constraint if exists ck_deliverables_approval_rules,
  drop constraint if exists ck_deliverables_revising,
  drop constraint if exists ck_deliverables_revision,
  drop column if exists approval_rules,
  drop column if exists expires_at,
  drop column if exists revising_since,
  drop column if exists edited_by,
  drop column if exists revision;

delete from schema_scripts where name = '132_revisions';

-- An approval is of content: it holds the SHA-256 of what was decided on.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table approvals add column content_sha256 varchar;

-- A decision from before: on what was not written down, so that it stands for no content, and nothing is executed by it
update approvals set content_sha256 = repeat('0', 64);

alter table approvals
  alter column content_sha256 set not null,
  add constraint ck_approvals_content_sha256 check (content_sha256 ~ '^[0-9a-f]{64}$');

create index ix_approvals_customer_created on approvals (customer_id, created_at, approval_id);

comment on column approvals.content_sha256 is 'SHA-256, in hex, of the canonical JSON (RFC 8785) of the payload that was decided on.';

insert into schema_ledger (name) values ('031_approval_content') on conflict (name) do nothing;

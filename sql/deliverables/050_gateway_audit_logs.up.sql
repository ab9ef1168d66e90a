-- Who called what at this service's edge, and what came of it; no bodies, no headers, no query strings. Kept 90 days.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table gateway_audit_logs (
    id uuid not null,
    correlation_id varchar not null,
    causation_id varchar,
    timestamp timestamptz not null,
    service varchar not null,
    request_id varchar not null,
    http_method varchar not null,
    endpoint varchar not null,
    subject varchar,
    role varchar,
    status_code integer not null,
    error_type varchar,
    total_latency_ms double precision not null,
    action varchar,
    resource varchar,
    resource_id varchar,
    constraint pk_gateway_audit_logs primary key (id),
    constraint ck_gateway_audit_logs_correlation_id check (correlation_id ~ '^[0-9a-f]{32}$'),
    constraint ck_gateway_audit_logs_causation_id check (causation_id ~ '^[0-9a-f]{16}$'),
    constraint ck_gateway_audit_logs_service check (service in ('catalog', 'hiring', 'deliverables', 'scheduler')),
    constraint ck_gateway_audit_logs_role check (role in ('customer', 'viewer', 'operator', 'service')),
    constraint ck_gateway_audit_logs_caller check ((subject is null) = (role is null)),
    constraint ck_gateway_audit_logs_status_code check (status_code between 100 and 599),
    constraint ck_gateway_audit_logs_latency check (total_latency_ms >= 0)
);
create index ix_gateway_audit_logs_timestamp on gateway_audit_logs (timestamp);

comment on table gateway_audit_logs is 'Requests to this service: who called what, the status, how long it took; kept 90 days';
comment on column gateway_audit_logs.id is 'Time-ordered uuid: a batch that is written twice stands here once';
comment on column gateway_audit_logs.correlation_id is 'The W3C trace that the request belongs to, the same in every service';
comment on column gateway_audit_logs.causation_id is 'The span of the caller that sent it, when it said one';
comment on column gateway_audit_logs.timestamp is 'When the request came';
comment on column gateway_audit_logs.service is 'The service that was called';
comment on column gateway_audit_logs.request_id is 'The request''s id, as in its answer and in the log';
comment on column gateway_audit_logs.http_method is 'Method';
comment on column gateway_audit_logs.endpoint is 'The route as the contract has it, parameters unfilled';
comment on column gateway_audit_logs.subject is 'Who called; null when the token was missing or refused';
comment on column gateway_audit_logs.role is 'The role in the token: customer, viewer, operator or service';
comment on column gateway_audit_logs.status_code is 'Status of the answer; 499 when the caller went away';
comment on column gateway_audit_logs.error_type is 'The problem''s code, when the answer is one';
comment on column gateway_audit_logs.total_latency_ms is 'From the request''s arrival to its answer, in milliseconds';
comment on column gateway_audit_logs.action is 'What was asked, by its name in the contract';
comment on column gateway_audit_logs.resource is 'The group of the contract that it belongs to';
comment on column gateway_audit_logs.resource_id is 'The first parameter of the path';

insert into schema_ledger (name) values ('050_gateway_audit_logs') on conflict (name) do nothing;

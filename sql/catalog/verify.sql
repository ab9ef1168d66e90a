-- Verification of the database of catalog: one row a check, 'ok' or what differs; what should not be there has a row too.
-- It changes nothing, and is one statement. Rights are checked when the service's role was named before, in the same
-- session: set stint.runtime_role = 'the role';
-- What a dump and its restore spell in another way (restored) is ok too.
-- Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

with expected (kind, name, definition) as (
  values
    ('column', 'agent_type_definitions.agent_type_id', 'character varying not null'),
    ('column', 'agent_type_definitions.created_at', 'timestamp with time zone not null'),
    ('column', 'agent_type_definitions.id', 'character varying not null'),
    ('column', 'agent_type_definitions.payload', 'jsonb not null'),
    ('column', 'agent_type_definitions.updated_at', 'timestamp with time zone not null'),
    ('column', 'agent_type_definitions.version', 'character varying not null'),
    ('column', 'catalog_action_log.action', 'character varying not null'),
    ('column', 'catalog_action_log.action_metadata', 'jsonb not null'),
    ('column', 'catalog_action_log.goal_instance_id', 'character varying'),
    ('column', 'catalog_action_log.log_id', 'character varying not null'),
    ('column', 'catalog_action_log.operator', 'character varying not null'),
    ('column', 'catalog_action_log.reason', 'character varying'),
    ('column', 'catalog_action_log.timestamp', 'timestamp with time zone not null'),
    ('column', 'database_probe.only_row', 'boolean not null default true'),
    ('column', 'database_probe.tried_at', 'timestamp with time zone not null default now()'),
    ('column', 'gateway_audit_logs.action', 'character varying'),
    ('column', 'gateway_audit_logs.causation_id', 'character varying'),
    ('column', 'gateway_audit_logs.correlation_id', 'character varying not null'),
    ('column', 'gateway_audit_logs.endpoint', 'character varying not null'),
    ('column', 'gateway_audit_logs.error_type', 'character varying'),
    ('column', 'gateway_audit_logs.http_method', 'character varying not null'),
    ('column', 'gateway_audit_logs.id', 'uuid not null'),
    ('column', 'gateway_audit_logs.request_id', 'character varying not null'),
    ('column', 'gateway_audit_logs.resource', 'character varying'),
    ('column', 'gateway_audit_logs.resource_id', 'character varying'),
    ('column', 'gateway_audit_logs.role', 'character varying'),
    ('column', 'gateway_audit_logs.service', 'character varying not null'),
    ('column', 'gateway_audit_logs.status_code', 'integer not null'),
    ('column', 'gateway_audit_logs.subject', 'character varying'),
    ('column', 'gateway_audit_logs.timestamp', 'timestamp with time zone not null'),
    ('column', 'gateway_audit_logs.total_latency_ms', 'double precision not null'),
    ('column', 'idempotency_keys.caller', 'text not null'),
    ('column', 'idempotency_keys.canonical', 'text'),
    ('column', 'idempotency_keys.expires_at', 'timestamp with time zone not null'),
    ('column', 'idempotency_keys.fingerprint', 'text not null'),
    ('column', 'idempotency_keys.first_seen', 'timestamp with time zone not null'),
    ('column', 'idempotency_keys.holder', 'uuid'),
    ('column', 'idempotency_keys.key', 'text not null'),
    ('column', 'idempotency_keys.locked_until', 'timestamp with time zone not null'),
    ('column', 'idempotency_keys.reply_body', 'text'),
    ('column', 'idempotency_keys.reply_location', 'text'),
    ('column', 'idempotency_keys.reply_status', 'integer'),
    ('column', 'idempotency_keys.route', 'text not null'),
    ('column', 'rate_buckets.filled_at', 'timestamp with time zone not null'),
    ('column', 'rate_buckets.granted', 'integer not null'),
    ('column', 'rate_buckets.name', 'text not null'),
    ('column', 'rate_buckets.tokens', 'double precision not null'),
    ('column', 'schema_ledger.applied_at', 'timestamp with time zone not null default now()'),
    ('column', 'schema_ledger.name', 'text not null'),
    ('column', 'schema_scripts.applied_at', 'timestamp with time zone not null default now()'),
    ('column', 'schema_scripts.name', 'text not null'),
    ('column', 'schema_scripts.needs', 'text'),
    ('comment', 'agent_type_definitions', 'Versioned storage for agent type schemas and goal templates; a version never changes once published.'),
    ('comment', 'agent_type_definitions.agent_type_id', 'Agent type ID, e.g. marketing.healthcare.v1.'),
    ('comment', 'agent_type_definitions.created_at', 'When the version was published.'),
    ('comment', 'agent_type_definitions.id', 'Unique identifier: {agent_type_id}@{version}.'),
    ('comment', 'agent_type_definitions.payload', 'Full JSON structure with config_schema, goal_templates, enforcement_defaults.'),
    ('comment', 'agent_type_definitions.updated_at', 'When the row was last written.'),
    ('comment', 'agent_type_definitions.version', 'Semantic version, e.g. 1.0.0.'),
    ('comment', 'catalog_action_log', 'Immutable audit trail: an action and its line commit together.'),
    ('comment', 'catalog_action_log.action', 'What was done.'),
    ('comment', 'catalog_action_log.action_metadata', 'What it was done to, and what differs afterwards.'),
    ('comment', 'catalog_action_log.goal_instance_id', 'The goal that it was done to, if it was one.'),
    ('comment', 'catalog_action_log.log_id', 'Unique identifier: LOG- and a time-ordered uuid.'),
    ('comment', 'catalog_action_log.operator', 'The subject of who did it; system for what the system does itself.'),
    ('comment', 'catalog_action_log.reason', 'Why, where a reason was given.'),
    ('comment', 'catalog_action_log.timestamp', 'When it was done.'),
    ('comment', 'database_probe', 'One row, which a service writes to know whether its database can be written'),
    ('comment', 'database_probe.only_row', 'There is one row'),
    ('comment', 'database_probe.tried_at', 'When it was last written'),
    ('comment', 'gateway_audit_logs', 'Requests to this service: who called what, the status, how long it took; kept 90 days'),
    ('comment', 'gateway_audit_logs.action', 'What was asked, by its name in the contract'),
    ('comment', 'gateway_audit_logs.causation_id', 'The span of the caller that sent it, when it said one'),
    ('comment', 'gateway_audit_logs.correlation_id', 'The W3C trace that the request belongs to, the same in every service'),
    ('comment', 'gateway_audit_logs.endpoint', 'The route as the contract has it, parameters unfilled'),
    ('comment', 'gateway_audit_logs.error_type', 'The problem''s code, when the answer is one'),
    ('comment', 'gateway_audit_logs.http_method', 'Method'),
    ('comment', 'gateway_audit_logs.id', 'Time-ordered uuid: a batch that is written twice stands here once'),
    ('comment', 'gateway_audit_logs.request_id', 'The request''s id, as in its answer and in the log'),
    ('comment', 'gateway_audit_logs.resource', 'The group of the contract that it belongs to'),
    ('comment', 'gateway_audit_logs.resource_id', 'The first parameter of the path'),
    ('comment', 'gateway_audit_logs.role', 'The role in the token: customer, viewer, operator or service'),
    ('comment', 'gateway_audit_logs.service', 'The service that was called'),
    ('comment', 'gateway_audit_logs.status_code', 'Status of the answer; 499 when the caller went away'),
    ('comment', 'gateway_audit_logs.subject', 'Who called; null when the token was missing or refused'),
    ('comment', 'gateway_audit_logs.timestamp', 'When the request came'),
    ('comment', 'gateway_audit_logs.total_latency_ms', 'From the request''s arrival to its answer, in milliseconds'),
    ('comment', 'idempotency_keys', 'Replies by Idempotency-Key: a repeat of a request gets the first one''s reply'),
    ('comment', 'idempotency_keys.caller', 'Role and subject of the token'),
    ('comment', 'idempotency_keys.canonical', 'SHA-256 of the decoded url and the canonical body (RFC 8785): the same request, however it is written; null when 0.2.0 took it'),
    ('comment', 'idempotency_keys.expires_at', 'When the key is forgotten'),
    ('comment', 'idempotency_keys.fingerprint', 'SHA-256 of the url and body as they were sent, as 0.2.0 compares them'),
    ('comment', 'idempotency_keys.first_seen', 'When the key was first seen: the ids made under it grow from it'),
    ('comment', 'idempotency_keys.holder', 'The request that holds the key, or held it: only that one renews, ends or fills its reservation; null when 0.2.0 took it'),
    ('comment', 'idempotency_keys.key', 'The Idempotency-Key, without its quotes'),
    ('comment', 'idempotency_keys.locked_until', 'Until when the request under way holds the key unless it renews'),
    ('comment', 'idempotency_keys.reply_body', 'Body of the kept reply'),
    ('comment', 'idempotency_keys.reply_location', 'Location of the kept reply'),
    ('comment', 'idempotency_keys.reply_status', 'Status of the kept reply; null while none is kept'),
    ('comment', 'idempotency_keys.route', 'Method and path template'),
    ('comment', 'idempotency_keys_taken_over()', 'Forgets the holder and the canonical fingerprint of a reservation that was taken over without a holder.'),
    ('comment', 'probe_database()', 'Tries to write a row and a temporary file'),
    ('comment', 'rate_buckets', 'Tokens that callers have left, over all replicas; one that is not here is full.'),
    ('comment', 'rate_buckets.filled_at', 'When it was refilled last; what it gained since is not in it yet.'),
    ('comment', 'rate_buckets.granted', 'How many of the tokens that were asked for last were granted.'),
    ('comment', 'rate_buckets.name', 'What is bounded, and whose it is.'),
    ('comment', 'rate_buckets.tokens', 'Tokens that were left at filled_at.'),
    ('comment', 'refuse_change()', 'Refuses the statement that fires it, to everyone.'),
    ('comment', 'refuse_line_change()', 'Refuses the change of an audit line, and its removal within its time, to everyone.'),
    ('comment', 'schema_scripts.applied_at', 'When it was applied'),
    ('comment', 'schema_scripts.name', 'The script: its file''s name without .up.sql'),
    ('comment', 'schema_scripts.needs', 'The lowest version of a program that may run on it; null when every program before may'),
    ('constraint', 'agent_type_definitions.ck_agent_type_definitions_id', 'CHECK (((id)::text = (((agent_type_id)::text || ''@''::text) || (version)::text)))'),
    ('constraint', 'agent_type_definitions.ck_agent_type_definitions_payload', 'CHECK ((jsonb_typeof(payload) = ''object''::text))'),
    ('constraint', 'agent_type_definitions.pk_agent_type_definitions', 'PRIMARY KEY (id)'),
    ('constraint', 'agent_type_definitions.uq_agent_type_id_version', 'UNIQUE (agent_type_id, version)'),
    ('constraint', 'catalog_action_log.pk_catalog_action_log', 'PRIMARY KEY (log_id)'),
    ('constraint', 'database_probe.ck_database_probe_only_row', 'CHECK (only_row)'),
    ('constraint', 'database_probe.pk_database_probe', 'PRIMARY KEY (only_row)'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_caller', 'CHECK (((subject IS NULL) = (role IS NULL)))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_causation_id', 'CHECK (((causation_id)::text ~ ''^[0-9a-f]{16}$''::text))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_correlation_id', 'CHECK (((correlation_id)::text ~ ''^[0-9a-f]{32}$''::text))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_latency', 'CHECK ((total_latency_ms >= (0)::double precision))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_role', 'CHECK (((role)::text = ANY ((ARRAY[''customer''::character varying, ''viewer''::character varying, ''operator''::character varying, ''service''::character varying])::text[])))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_service', 'CHECK (((service)::text = ANY ((ARRAY[''catalog''::character varying, ''hiring''::character varying, ''deliverables''::character varying, ''scheduler''::character varying])::text[])))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_status_code', 'CHECK (((status_code >= 100) AND (status_code <= 599)))'),
    ('constraint', 'gateway_audit_logs.pk_gateway_audit_logs', 'PRIMARY KEY (id)'),
    ('constraint', 'idempotency_keys.ck_idempotency_keys_reply', 'CHECK (((reply_status IS NULL) = (reply_body IS NULL)))'),
    ('constraint', 'idempotency_keys.idempotency_keys_key_check', 'CHECK (((length(key) >= 1) AND (length(key) <= 255)))'),
    ('constraint', 'idempotency_keys.idempotency_keys_reply_status_check', 'CHECK (((reply_status >= 200) AND (reply_status <= 299)))'),
    ('constraint', 'idempotency_keys.pk_idempotency_keys', 'PRIMARY KEY (caller, route, key)'),
    ('constraint', 'rate_buckets.ck_rate_buckets_tokens', 'CHECK ((tokens >= (0)::double precision))'),
    ('constraint', 'rate_buckets.pk_rate_buckets', 'PRIMARY KEY (name)'),
    ('constraint', 'schema_ledger.schema_ledger_pkey', 'PRIMARY KEY (name)'),
    ('constraint', 'schema_scripts.schema_scripts_needs_check', 'CHECK ((needs ~ ''^[0-9]+[.][0-9]+[.][0-9]+$''::text))'),
    ('constraint', 'schema_scripts.schema_scripts_pkey', 'PRIMARY KEY (name)'),
    ('function', 'idempotency_keys_taken_over()', 'returns trigger, plpgsql, body 277f49667d4601399b81daa679f06564'),
    ('function', 'probe_database()', 'returns void, plpgsql, body f2dec79257e63c7400c0e2d0df62f72e'),
    ('function', 'refuse_change()', 'returns trigger, plpgsql, body d16b9668750eb093a702d28e5690d662'),
    ('function', 'refuse_line_change()', 'returns trigger, plpgsql, body 9db56d72ccb32220826c480e43143599'),
    ('grant', 'schema public', 'usage'),
    ('grant', 'table agent_type_definitions', 'insert, select'),
    ('grant', 'table catalog_action_log', 'insert, select'),
    ('grant', 'table database_probe', 'select, update'),
    ('grant', 'table gateway_audit_logs', 'delete, insert, select'),
    ('grant', 'table idempotency_keys', 'delete, insert, select, update'),
    ('grant', 'table rate_buckets', 'delete, insert, select, update'),
    ('grant', 'table schema_ledger', 'select'),
    ('grant', 'table schema_scripts', 'select'),
    ('index', 'ix_agent_type_definitions_agent_type_id', 'CREATE INDEX ix_agent_type_definitions_agent_type_id ON public.agent_type_definitions USING btree (agent_type_id)'),
    ('index', 'ix_catalog_action_log_operator', 'CREATE INDEX ix_catalog_action_log_operator ON public.catalog_action_log USING btree (operator, "timestamp", log_id)'),
    ('index', 'ix_catalog_action_log_timestamp', 'CREATE INDEX ix_catalog_action_log_timestamp ON public.catalog_action_log USING btree ("timestamp", log_id)'),
    ('index', 'ix_gateway_audit_logs_timestamp', 'CREATE INDEX ix_gateway_audit_logs_timestamp ON public.gateway_audit_logs USING btree ("timestamp")'),
    ('index', 'ix_idempotency_keys_expires_at', 'CREATE INDEX ix_idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at)'),
    ('index', 'pk_agent_type_definitions', 'CREATE UNIQUE INDEX pk_agent_type_definitions ON public.agent_type_definitions USING btree (id)'),
    ('index', 'pk_catalog_action_log', 'CREATE UNIQUE INDEX pk_catalog_action_log ON public.catalog_action_log USING btree (log_id)'),
    ('index', 'pk_database_probe', 'CREATE UNIQUE INDEX pk_database_probe ON public.database_probe USING btree (only_row)'),
    ('index', 'pk_gateway_audit_logs', 'CREATE UNIQUE INDEX pk_gateway_audit_logs ON public.gateway_audit_logs USING btree (id)'),
    ('index', 'pk_idempotency_keys', 'CREATE UNIQUE INDEX pk_idempotency_keys ON public.idempotency_keys USING btree (caller, route, key)'),
    ('index', 'pk_rate_buckets', 'CREATE UNIQUE INDEX pk_rate_buckets ON public.rate_buckets USING btree (name)'),
    ('index', 'schema_ledger_pkey', 'CREATE UNIQUE INDEX schema_ledger_pkey ON public.schema_ledger USING btree (name)'),
    ('index', 'schema_scripts_pkey', 'CREATE UNIQUE INDEX schema_scripts_pkey ON public.schema_scripts USING btree (name)'),
    ('index', 'uq_agent_type_id_version', 'CREATE UNIQUE INDEX uq_agent_type_id_version ON public.agent_type_definitions USING btree (agent_type_id, version)'),
    ('table', 'agent_type_definitions', 'kept'),
    ('table', 'catalog_action_log', 'kept'),
    ('table', 'database_probe', 'kept'),
    ('table', 'gateway_audit_logs', 'kept'),
    ('table', 'idempotency_keys', 'kept'),
    ('table', 'rate_buckets', 'not kept in a crash'),
    ('table', 'schema_ledger', 'kept'),
    ('table', 'schema_scripts', 'kept'),
    ('trigger', 'agent_type_definitions.agent_type_definitions_are_immutable', 'CREATE TRIGGER agent_type_definitions_are_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.agent_type_definitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'catalog_action_log.catalog_action_log_is_immutable', 'CREATE TRIGGER catalog_action_log_is_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.catalog_action_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'gateway_audit_logs.gateway_audit_logs_are_kept', 'CREATE TRIGGER gateway_audit_logs_are_kept BEFORE DELETE OR UPDATE ON public.gateway_audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_line_change()'),
    ('trigger', 'gateway_audit_logs.gateway_audit_logs_are_not_emptied', 'CREATE TRIGGER gateway_audit_logs_are_not_emptied BEFORE TRUNCATE ON public.gateway_audit_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_line_change()'),
    ('trigger', 'idempotency_keys.idempotency_keys_taken_over', 'CREATE TRIGGER idempotency_keys_taken_over BEFORE UPDATE ON public.idempotency_keys FOR EACH ROW WHEN (((new.expires_at IS DISTINCT FROM old.expires_at) AND (NOT (new.holder IS DISTINCT FROM old.holder)))) EXECUTE FUNCTION idempotency_keys_taken_over()')
),
restored (kind, name, spelled) as (
  values
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_role', 'CHECK (((role)::text = ANY (ARRAY[(''customer''::character varying)::text, (''viewer''::character varying)::text, (''operator''::character varying)::text, (''service''::character varying)::text])))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_service', 'CHECK (((service)::text = ANY (ARRAY[(''catalog''::character varying)::text, (''hiring''::character varying)::text, (''deliverables''::character varying)::text, (''scheduler''::character varying)::text])))'),
    ('', '', '')
),
runtime as (
  select oid from pg_roles where rolname = current_setting('stint.runtime_role', true)
),
ours as (
  select c.* from pg_class c where c.relnamespace = to_regnamespace('public')
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
),
functions as (
  select p.oid, p.prorettype, p.prosrc, l.lanname,
      p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as signature
  from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = to_regnamespace('public')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
),
actual as (
select case relkind when 'v' then 'view' when 'm' then 'view' else 'table' end as kind, relname::text as name,
    case relpersistence when 'p' then 'kept' else 'not kept in a crash' end as definition
  from ours where relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'column', o.relname || '.' || a.attname,
    format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
      || case when a.attidentity <> '' then ' identity' else '' end
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum
  where o.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'index', o.relname, pg_get_indexdef(o.oid) || case when i.indisvalid then '' else ' (not valid)' end
  from ours o join pg_index i on i.indexrelid = o.oid
union all
select 'constraint', o.relname || '.' || c.conname,
    pg_get_constraintdef(c.oid) || case when c.convalidated then '' else ' (not validated)' end
  from ours o join pg_constraint c on c.conrelid = o.oid where c.contype in ('c', 'f', 'p', 'u', 'x')
union all
select 'sequence', o.relname, format_type(s.seqtypid, null) || ' from ' || s.seqstart || ' by ' || s.seqincrement
      || case when s.seqcycle then ' around' else '' end
  from ours o join pg_sequence s on s.seqrelid = o.oid
union all
select 'trigger', o.relname || '.' || t.tgname,
    pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else ' (not enabled)' end
  from ours o join pg_trigger t on t.tgrelid = o.oid where not t.tgisinternal
union all
select 'function', f.signature,
    'returns ' || format_type(f.prorettype, null) || ', ' || f.lanname || ', body ' || md5(f.prosrc)
  from functions f
union all
select 'comment', o.relname || coalesce('.' || a.attname, ''), d.description
  from ours o join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = o.oid
  left join pg_attribute a on a.attrelid = o.oid and a.attnum = d.objsubid and d.objsubid > 0
  where not (o.relname in ('schema_ledger', 'schema_scripts') and d.objsubid = 0)
union all
select 'comment', f.signature, d.description
  from functions f join pg_description d on d.classoid = 'pg_proc'::regclass and d.objoid = f.oid
union all
select 'grant', g.what, string_agg(lower(g.privilege), ', ' order by g.privilege)
  from (
    select 'schema public' as what, privilege_type as privilege, grantee
      from pg_namespace, aclexplode(nspacl) where nspname = 'public'
    union all
    select case o.relkind when 'S' then 'sequence ' else 'table ' end || o.relname, privilege_type, grantee
      from ours o, aclexplode(o.relacl)
    union all
    select 'column ' || o.relname || '.' || a.attname, privilege_type, grantee
      from ours o join pg_attribute a on a.attrelid = o.oid and not a.attisdropped, aclexplode(a.attacl)
  ) g
  where g.grantee = (select oid from runtime) group by g.what
union all
select 'grant', 'to everyone: ' || g.what, string_agg(lower(g.privilege), ', ' order by g.privilege)
  from (
    select 'schema public' as what, privilege_type as privilege
      from pg_namespace, aclexplode(nspacl) where nspname = 'public' and grantee = 0
    union all
    select o.relname::text, privilege_type from ours o, aclexplode(o.relacl) where grantee = 0
  ) g
  where exists (select from runtime) group by g.what
)
select kind || ' ' || name as check,
    case
      when a.definition in (e.definition, r.spelled) then 'ok'
      when kind = 'grant' and not exists (select from runtime) then 'ok (not checked: stint.runtime_role names no role)'
      when a.definition is null then 'missing: expected ' || e.definition
      when e.definition is null then 'extra, no script makes it: ' || a.definition
      else 'is ' || a.definition || '; expected ' || e.definition
    end as result
  from expected e full join actual a using (kind, name) left join restored r using (kind, name)
  order by kind, name;

-- Verification of the database of deliverables: one row a check, 'ok' or what differs; what should not be there has a row too.
-- It changes nothing, and is one statement. Rights are checked when the service's role was named before, in the same
-- session: set stint.runtime_role = 'the role';
-- Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

with expected (kind, name, definition) as (
  values
    ('column', 'approvals.approval_id', 'character varying not null'),
    ('column', 'approvals.content_sha256', 'character varying not null'),
    ('column', 'approvals.created_at', 'timestamp with time zone not null'),
    ('column', 'approvals.customer_id', 'character varying not null'),
    ('column', 'approvals.decision', 'character varying not null'),
    ('column', 'approvals.deliverable_id', 'character varying not null'),
    ('column', 'approvals.notes', 'text'),
    ('column', 'deleted_goals.goal_instance_id', 'character varying not null'),
    ('column', 'deleted_goals.recorded_at', 'timestamp with time zone not null default now()'),
    ('column', 'deliverables.approval_id', 'character varying'),
    ('column', 'deliverables.approval_required', 'boolean not null'),
    ('column', 'deliverables.created_at', 'timestamp with time zone not null'),
    ('column', 'deliverables.customer_id', 'character varying not null'),
    ('column', 'deliverables.deleted_at', 'timestamp with time zone'),
    ('column', 'deliverables.deliverable_id', 'character varying not null'),
    ('column', 'deliverables.executed_at', 'timestamp with time zone'),
    ('column', 'deliverables.executing', 'boolean not null default false'),
    ('column', 'deliverables.execution_status', 'character varying not null default ''not_executed''::character varying'),
    ('column', 'deliverables.goal_instance_id', 'character varying not null'),
    ('column', 'deliverables.goal_template_id', 'character varying not null'),
    ('column', 'deliverables.hired_instance_id', 'character varying not null'),
    ('column', 'deliverables.idempotency_key', 'character varying not null'),
    ('column', 'deliverables.payload', 'jsonb not null'),
    ('column', 'deliverables.review_notes', 'text'),
    ('column', 'deliverables.review_status', 'character varying not null default ''pending_review''::character varying'),
    ('column', 'deliverables.scheduled_time', 'timestamp with time zone not null'),
    ('column', 'deliverables.title', 'character varying not null'),
    ('column', 'deliverables.updated_at', 'timestamp with time zone not null'),
    ('column', 'executions.approval_id', 'character varying'),
    ('column', 'executions.attempts', 'integer not null default 0'),
    ('column', 'executions.body', 'text not null'),
    ('column', 'executions.content_sha256', 'character varying not null'),
    ('column', 'executions.created_at', 'timestamp with time zone not null'),
    ('column', 'executions.deliverable_id', 'character varying not null'),
    ('column', 'executions.delivered_at', 'timestamp with time zone'),
    ('column', 'executions.delivery_id', 'character varying not null'),
    ('column', 'executions.fence', 'bigint not null'),
    ('column', 'executions.last_error', 'text'),
    ('column', 'executions.locked_until', 'timestamp with time zone'),
    ('column', 'executions.next_attempt_at', 'timestamp with time zone'),
    ('column', 'executions.requested_by', 'character varying not null'),
    ('column', 'executions.state', 'character varying not null'),
    ('column', 'executions.target', 'jsonb not null'),
    ('column', 'feed_cursor.cursor', 'character varying not null'),
    ('column', 'feed_cursor.only_row', 'boolean not null default true'),
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
    ('column', 'idempotency_keys.expires_at', 'timestamp with time zone not null'),
    ('column', 'idempotency_keys.fingerprint', 'text not null'),
    ('column', 'idempotency_keys.first_seen', 'timestamp with time zone not null'),
    ('column', 'idempotency_keys.key', 'text not null'),
    ('column', 'idempotency_keys.locked_until', 'timestamp with time zone not null'),
    ('column', 'idempotency_keys.reply_body', 'text'),
    ('column', 'idempotency_keys.reply_location', 'text'),
    ('column', 'idempotency_keys.reply_status', 'integer'),
    ('column', 'idempotency_keys.route', 'text not null'),
    ('column', 'schema_ledger.applied_at', 'timestamp with time zone not null default now()'),
    ('column', 'schema_ledger.name', 'text not null'),
    ('column', 'schema_scripts.applied_at', 'timestamp with time zone not null default now()'),
    ('column', 'schema_scripts.name', 'text not null'),
    ('column', 'schema_scripts.needs', 'text'),
    ('column', 'trial_deliverables.created_at', 'timestamp with time zone not null'),
    ('column', 'trial_deliverables.description', 'text'),
    ('column', 'trial_deliverables.file_name', 'character varying not null'),
    ('column', 'trial_deliverables.file_path', 'character varying not null'),
    ('column', 'trial_deliverables.file_size', 'bigint'),
    ('column', 'trial_deliverables.mime_type', 'character varying'),
    ('column', 'trial_deliverables.trial_deliverable_id', 'character varying not null'),
    ('column', 'trial_deliverables.trial_id', 'character varying not null'),
    ('comment', 'approvals', 'Decisions of customers: an audit trail that nobody changes or takes away.'),
    ('comment', 'approvals.approval_id', 'Unique identifier (APR-).'),
    ('comment', 'approvals.content_sha256', 'SHA-256, in hex, of the canonical JSON (RFC 8785) of the payload that was decided on.'),
    ('comment', 'approvals.created_at', 'When the decision was made.'),
    ('comment', 'approvals.customer_id', 'The customer who decided.'),
    ('comment', 'approvals.decision', 'approved or rejected.'),
    ('comment', 'approvals.deliverable_id', 'The deliverable that was decided on.'),
    ('comment', 'approvals.notes', 'What the customer noted.'),
    ('comment', 'deleted_goals', 'Goals that were deleted: a draft that a run still makes for one is deleted as well.'),
    ('comment', 'deleted_goals.goal_instance_id', 'The goal; in hiring''s database.'),
    ('comment', 'deleted_goals.recorded_at', 'When it was found deleted: its drafts were deleted then or later. Of older ones, when this column was added.'),
    ('comment', 'deliverables', 'Agent-generated drafts, the decision on each, and whether it was executed.'),
    ('comment', 'deliverables.approval_id', 'The approval that accepted it; null unless it is approved.'),
    ('comment', 'deliverables.approval_required', 'What the agent type''s definition said when the draft was made: false lets a draft that acts on nothing go unreviewed.'),
    ('comment', 'deliverables.created_at', 'When the draft was made.'),
    ('comment', 'deliverables.customer_id', 'Whose it is: the hire''s customer.'),
    ('comment', 'deliverables.deleted_at', 'When it was deleted, by its customer or with its goal; the row and its approvals stay.'),
    ('comment', 'deliverables.deliverable_id', 'Unique identifier (DEL-).'),
    ('comment', 'deliverables.executed_at', 'When it was executed.'),
    ('comment', 'deliverables.executing', 'Whether an execution is on its way: its outcome is not known yet, so nothing else may be decided.'),
    ('comment', 'deliverables.execution_status', 'not_executed -> executed, once.'),
    ('comment', 'deliverables.goal_instance_id', 'The goal that it was made for; in hiring''s database.'),
    ('comment', 'deliverables.goal_template_id', 'The goal''s template in the agent type''s definition.'),
    ('comment', 'deliverables.hired_instance_id', 'The hired agent that made it; in hiring''s database.'),
    ('comment', 'deliverables.idempotency_key', 'The run''s key, {goal_instance_id}:{slot}: kept for ever, longer than any retry of the run.'),
    ('comment', 'deliverables.payload', 'The draft: one of the tagged union of payloads; never changes.'),
    ('comment', 'deliverables.review_notes', 'What the customer noted with the decision.'),
    ('comment', 'deliverables.review_status', 'pending_review -> approved or rejected, once.'),
    ('comment', 'deliverables.scheduled_time', 'The slot that the run was for.'),
    ('comment', 'deliverables.title', 'What a person reads of it in a list.'),
    ('comment', 'deliverables.updated_at', 'When the row was last written.'),
    ('comment', 'execution_fence', 'Grows with every claim of an execution, so that a holder that lost its lease is recognised.'),
    ('comment', 'executions', 'One execution a deliverable: what is delivered where, under one delivery id for all its attempts.'),
    ('comment', 'executions.approval_id', 'The approval that it is executed under; null when it needed none.'),
    ('comment', 'executions.attempts', 'How many deliveries were begun.'),
    ('comment', 'executions.body', 'What is delivered, byte for byte: the canonical JSON (RFC 8785) of the payload.'),
    ('comment', 'executions.content_sha256', 'SHA-256 of the body, in hex: the approval''s.'),
    ('comment', 'executions.created_at', 'When it was asked for first.'),
    ('comment', 'executions.deliverable_id', 'The deliverable that is executed.'),
    ('comment', 'executions.delivered_at', 'When it was delivered.'),
    ('comment', 'executions.delivery_id', 'The delivery id (DLV-): the receiver knows a repeated attempt by it.'),
    ('comment', 'executions.fence', 'Number of its last claim: only the holder of it may write the outcome.'),
    ('comment', 'executions.last_error', 'Why the last attempt failed; null while none did.'),
    ('comment', 'executions.locked_until', 'Until when an attempt holds it; then its holder counts as dead.'),
    ('comment', 'executions.next_attempt_at', 'When it may be tried (again); null unless pending.'),
    ('comment', 'executions.requested_by', 'The request that armed it last, by the id that its Idempotency-Key derives.'),
    ('comment', 'executions.state', 'pending -> delivered, or failed when no attempt can help; failed -> pending when it is asked for again.'),
    ('comment', 'executions.target', 'Where it goes: settings.execution of the hire when the execution was asked for.'),
    ('comment', 'feed_cursor', 'How far hiring''s feed was applied; no row before the first time.'),
    ('comment', 'feed_cursor.cursor', 'The feed''s cursor after what was applied.'),
    ('comment', 'feed_cursor.only_row', 'There is one row.'),
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
    ('comment', 'idempotency_keys.expires_at', 'When the key is forgotten'),
    ('comment', 'idempotency_keys.fingerprint', 'SHA-256 of the url and body: another request under the key is refused'),
    ('comment', 'idempotency_keys.first_seen', 'When the key was first seen: the ids made under it grow from it'),
    ('comment', 'idempotency_keys.key', 'The Idempotency-Key, without its quotes'),
    ('comment', 'idempotency_keys.locked_until', 'Until when the request under way holds the key unless it renews'),
    ('comment', 'idempotency_keys.reply_body', 'Body of the kept reply'),
    ('comment', 'idempotency_keys.reply_location', 'Location of the kept reply'),
    ('comment', 'idempotency_keys.reply_status', 'Status of the kept reply; null while none is kept'),
    ('comment', 'idempotency_keys.route', 'Method and path template'),
    ('comment', 'refuse_change()', 'Refuses the statement that fires it, to everyone.'),
    ('comment', 'schema_scripts.applied_at', 'When it was applied'),
    ('comment', 'schema_scripts.name', 'The script: its file''s name without .up.sql'),
    ('comment', 'schema_scripts.needs', 'The lowest version of a program that may run on it; null when every program before may'),
    ('comment', 'trial_deliverables', 'What was made in a trial, as a file somewhere; written once, never changed.'),
    ('comment', 'trial_deliverables.created_at', 'Creation timestamp.'),
    ('comment', 'trial_deliverables.description', 'What it is, in words, if that was said.'),
    ('comment', 'trial_deliverables.file_name', 'Name of the file, as people read it.'),
    ('comment', 'trial_deliverables.file_path', 'Where the file is; no service opens it.'),
    ('comment', 'trial_deliverables.file_size', 'Size in bytes, if it was said.'),
    ('comment', 'trial_deliverables.mime_type', 'Media type (RFC 9110), if it was said.'),
    ('comment', 'trial_deliverables.trial_deliverable_id', 'Unique identifier: TRD- and a time-ordered uuid.'),
    ('comment', 'trial_deliverables.trial_id', 'Trial that it was made in; kept by hiring, so no key of this database.'),
    ('constraint', 'approvals.ck_approvals_content_sha256', 'CHECK (((content_sha256)::text ~ ''^[0-9a-f]{64}$''::text))'),
    ('constraint', 'approvals.ck_approvals_decision', 'CHECK (((decision)::text = ANY ((ARRAY[''approved''::character varying, ''rejected''::character varying])::text[])))'),
    ('constraint', 'approvals.fk_approvals_deliverable', 'FOREIGN KEY (deliverable_id) REFERENCES deliverables(deliverable_id) ON DELETE CASCADE'),
    ('constraint', 'approvals.pk_approvals', 'PRIMARY KEY (approval_id)'),
    ('constraint', 'deleted_goals.pk_deleted_goals', 'PRIMARY KEY (goal_instance_id)'),
    ('constraint', 'deliverables.ck_deliverables_approved', 'CHECK ((((review_status)::text = ''approved''::text) = (approval_id IS NOT NULL)))'),
    ('constraint', 'deliverables.ck_deliverables_executed_at', 'CHECK ((((execution_status)::text = ''executed''::text) = (executed_at IS NOT NULL)))'),
    ('constraint', 'deliverables.ck_deliverables_executing', 'CHECK (((NOT executing) OR (((execution_status)::text = ''not_executed''::text) AND ((review_status)::text <> ''rejected''::text) AND (deleted_at IS NULL))))'),
    ('constraint', 'deliverables.ck_deliverables_execution_status', 'CHECK (((execution_status)::text = ANY ((ARRAY[''not_executed''::character varying, ''executed''::character varying])::text[])))'),
    ('constraint', 'deliverables.ck_deliverables_payload', 'CHECK ((jsonb_typeof(payload) = ''object''::text))'),
    ('constraint', 'deliverables.ck_deliverables_rejected', 'CHECK ((((review_status)::text <> ''rejected''::text) OR ((execution_status)::text = ''not_executed''::text)))'),
    ('constraint', 'deliverables.ck_deliverables_review_status', 'CHECK (((review_status)::text = ANY ((ARRAY[''pending_review''::character varying, ''approved''::character varying, ''rejected''::character varying])::text[])))'),
    ('constraint', 'deliverables.ck_deliverables_unreviewed', 'CHECK ((((execution_status)::text = ''not_executed''::text) OR ((review_status)::text = ''approved''::text) OR (NOT approval_required)))'),
    ('constraint', 'deliverables.fk_deliverables_approval_id', 'FOREIGN KEY (approval_id) REFERENCES approvals(approval_id) ON DELETE SET NULL'),
    ('constraint', 'deliverables.pk_deliverables', 'PRIMARY KEY (deliverable_id)'),
    ('constraint', 'deliverables.uq_deliverables_idempotency_key', 'UNIQUE (idempotency_key)'),
    ('constraint', 'executions.ck_executions_attempts', 'CHECK ((attempts >= 0))'),
    ('constraint', 'executions.ck_executions_content_sha256', 'CHECK (((content_sha256)::text = encode(sha256(convert_to(body, ''UTF8''::name)), ''hex''::text)))'),
    ('constraint', 'executions.ck_executions_delivered_at', 'CHECK ((((state)::text = ''delivered''::text) = (delivered_at IS NOT NULL)))'),
    ('constraint', 'executions.ck_executions_failed', 'CHECK ((((state)::text <> ''failed''::text) OR (last_error IS NOT NULL)))'),
    ('constraint', 'executions.ck_executions_locked_until', 'CHECK (((locked_until IS NULL) OR ((state)::text = ''pending''::text)))'),
    ('constraint', 'executions.ck_executions_pending', 'CHECK ((((state)::text = ''pending''::text) = (next_attempt_at IS NOT NULL)))'),
    ('constraint', 'executions.ck_executions_state', 'CHECK (((state)::text = ANY ((ARRAY[''pending''::character varying, ''delivered''::character varying, ''failed''::character varying])::text[])))'),
    ('constraint', 'executions.ck_executions_target', 'CHECK ((jsonb_typeof(target) = ''object''::text))'),
    ('constraint', 'executions.fk_executions_approval', 'FOREIGN KEY (approval_id) REFERENCES approvals(approval_id)'),
    ('constraint', 'executions.fk_executions_deliverable', 'FOREIGN KEY (deliverable_id) REFERENCES deliverables(deliverable_id)'),
    ('constraint', 'executions.pk_executions', 'PRIMARY KEY (delivery_id)'),
    ('constraint', 'executions.uq_executions_deliverable_id', 'UNIQUE (deliverable_id)'),
    ('constraint', 'feed_cursor.ck_feed_cursor_only_row', 'CHECK (only_row)'),
    ('constraint', 'feed_cursor.pk_feed_cursor', 'PRIMARY KEY (only_row)'),
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
    ('constraint', 'schema_ledger.schema_ledger_pkey', 'PRIMARY KEY (name)'),
    ('constraint', 'schema_scripts.schema_scripts_needs_check', 'CHECK ((needs ~ ''^[0-9]+[.][0-9]+[.][0-9]+$''::text))'),
    ('constraint', 'schema_scripts.schema_scripts_pkey', 'PRIMARY KEY (name)'),
    ('constraint', 'trial_deliverables.ck_trial_deliverables_file_name', 'CHECK (((file_name)::text ~ ''\S''::text))'),
    ('constraint', 'trial_deliverables.ck_trial_deliverables_file_path', 'CHECK (((file_path)::text ~ ''\S''::text))'),
    ('constraint', 'trial_deliverables.ck_trial_deliverables_file_size', 'CHECK (((file_size >= 0) AND (file_size <= ''9007199254740991''::bigint)))'),
    ('constraint', 'trial_deliverables.ck_trial_deliverables_mime_type', 'CHECK (((mime_type)::text ~~ ''%/%''::text))'),
    ('constraint', 'trial_deliverables.pk_trial_deliverables', 'PRIMARY KEY (trial_deliverable_id)'),
    ('function', 'refuse_change()', 'returns trigger, plpgsql, body d16b9668750eb093a702d28e5690d662'),
    ('grant', 'column deliverables.approval_id', 'update'),
    ('grant', 'column deliverables.deleted_at', 'update'),
    ('grant', 'column deliverables.executed_at', 'update'),
    ('grant', 'column deliverables.executing', 'update'),
    ('grant', 'column deliverables.execution_status', 'update'),
    ('grant', 'column deliverables.review_notes', 'update'),
    ('grant', 'column deliverables.review_status', 'update'),
    ('grant', 'column deliverables.updated_at', 'update'),
    ('grant', 'schema public', 'usage'),
    ('grant', 'sequence execution_fence', 'usage'),
    ('grant', 'table approvals', 'insert, select'),
    ('grant', 'table deleted_goals', 'delete, insert, select'),
    ('grant', 'table deliverables', 'insert, select'),
    ('grant', 'table executions', 'insert, select, update'),
    ('grant', 'table feed_cursor', 'insert, select, update'),
    ('grant', 'table gateway_audit_logs', 'delete, insert, select'),
    ('grant', 'table idempotency_keys', 'delete, insert, select, update'),
    ('grant', 'table schema_ledger', 'select'),
    ('grant', 'table schema_scripts', 'select'),
    ('grant', 'table trial_deliverables', 'insert, select'),
    ('index', 'ix_approvals_customer', 'CREATE INDEX ix_approvals_customer ON public.approvals USING btree (customer_id)'),
    ('index', 'ix_approvals_customer_created', 'CREATE INDEX ix_approvals_customer_created ON public.approvals USING btree (customer_id, created_at, approval_id)'),
    ('index', 'ix_approvals_deliverable', 'CREATE INDEX ix_approvals_deliverable ON public.approvals USING btree (deliverable_id)'),
    ('index', 'ix_deliverables_customer_created', 'CREATE INDEX ix_deliverables_customer_created ON public.deliverables USING btree (customer_id, created_at, deliverable_id) WHERE (deleted_at IS NULL)'),
    ('index', 'ix_deliverables_customer_pending', 'CREATE INDEX ix_deliverables_customer_pending ON public.deliverables USING btree (customer_id, created_at, deliverable_id) WHERE ((deleted_at IS NULL) AND ((review_status)::text = ''pending_review''::text))'),
    ('index', 'ix_deliverables_goal_instance', 'CREATE INDEX ix_deliverables_goal_instance ON public.deliverables USING btree (goal_instance_id)'),
    ('index', 'ix_deliverables_hired_instance_created', 'CREATE INDEX ix_deliverables_hired_instance_created ON public.deliverables USING btree (hired_instance_id, created_at)'),
    ('index', 'ix_deliverables_hired_instance_id', 'CREATE INDEX ix_deliverables_hired_instance_id ON public.deliverables USING btree (hired_instance_id)'),
    ('index', 'ix_deliverables_review_status', 'CREATE INDEX ix_deliverables_review_status ON public.deliverables USING btree (review_status)'),
    ('index', 'ix_executions_due', 'CREATE INDEX ix_executions_due ON public.executions USING btree (next_attempt_at) WHERE ((state)::text = ''pending''::text)'),
    ('index', 'ix_gateway_audit_logs_timestamp', 'CREATE INDEX ix_gateway_audit_logs_timestamp ON public.gateway_audit_logs USING btree ("timestamp")'),
    ('index', 'ix_idempotency_keys_expires_at', 'CREATE INDEX ix_idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at)'),
    ('index', 'ix_trial_deliverables_trial_id', 'CREATE INDEX ix_trial_deliverables_trial_id ON public.trial_deliverables USING btree (trial_id, created_at, trial_deliverable_id)'),
    ('index', 'pk_approvals', 'CREATE UNIQUE INDEX pk_approvals ON public.approvals USING btree (approval_id)'),
    ('index', 'pk_deleted_goals', 'CREATE UNIQUE INDEX pk_deleted_goals ON public.deleted_goals USING btree (goal_instance_id)'),
    ('index', 'pk_deliverables', 'CREATE UNIQUE INDEX pk_deliverables ON public.deliverables USING btree (deliverable_id)'),
    ('index', 'pk_executions', 'CREATE UNIQUE INDEX pk_executions ON public.executions USING btree (delivery_id)'),
    ('index', 'pk_feed_cursor', 'CREATE UNIQUE INDEX pk_feed_cursor ON public.feed_cursor USING btree (only_row)'),
    ('index', 'pk_gateway_audit_logs', 'CREATE UNIQUE INDEX pk_gateway_audit_logs ON public.gateway_audit_logs USING btree (id)'),
    ('index', 'pk_idempotency_keys', 'CREATE UNIQUE INDEX pk_idempotency_keys ON public.idempotency_keys USING btree (caller, route, key)'),
    ('index', 'pk_trial_deliverables', 'CREATE UNIQUE INDEX pk_trial_deliverables ON public.trial_deliverables USING btree (trial_deliverable_id)'),
    ('index', 'schema_ledger_pkey', 'CREATE UNIQUE INDEX schema_ledger_pkey ON public.schema_ledger USING btree (name)'),
    ('index', 'schema_scripts_pkey', 'CREATE UNIQUE INDEX schema_scripts_pkey ON public.schema_scripts USING btree (name)'),
    ('index', 'uq_deliverables_idempotency_key', 'CREATE UNIQUE INDEX uq_deliverables_idempotency_key ON public.deliverables USING btree (idempotency_key)'),
    ('index', 'uq_executions_deliverable_id', 'CREATE UNIQUE INDEX uq_executions_deliverable_id ON public.executions USING btree (deliverable_id)'),
    ('sequence', 'execution_fence', 'bigint from 1 by 1'),
    ('table', 'approvals', 'kept'),
    ('table', 'deleted_goals', 'kept'),
    ('table', 'deliverables', 'kept'),
    ('table', 'executions', 'kept'),
    ('table', 'feed_cursor', 'kept'),
    ('table', 'gateway_audit_logs', 'kept'),
    ('table', 'idempotency_keys', 'kept'),
    ('table', 'schema_ledger', 'kept'),
    ('table', 'schema_scripts', 'kept'),
    ('table', 'trial_deliverables', 'kept'),
    ('trigger', 'approvals.approvals_are_immutable', 'CREATE TRIGGER approvals_are_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.approvals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'deliverables.deliverables_are_kept', 'CREATE TRIGGER deliverables_are_kept BEFORE DELETE OR TRUNCATE ON public.deliverables FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()')
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
      when a.definition = e.definition then 'ok'
      when kind = 'grant' and not exists (select from runtime) then 'ok (not checked: stint.runtime_role names no role)'
      when a.definition is null then 'missing: expected ' || e.definition
      when e.definition is null then 'extra, no script makes it: ' || a.definition
      else 'is ' || a.definition || '; expected ' || e.definition
    end as result
  from expected e full join actual a using (kind, name)
  order by kind, name;

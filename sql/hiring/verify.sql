-- Verification of the database of hiring: one row a check, 'ok' or what differs; what should not be there has a row too.
-- It changes nothing, and is one statement. Rights are checked when the service's role was named before, in the same
-- session: set stint.runtime_role = 'the role';
-- Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

with expected (kind, name, definition) as (
  values
    ('column', 'customer_entity.business_address', 'character varying not null'),
    ('column', 'customer_entity.business_industry', 'character varying not null'),
    ('column', 'customer_entity.business_name', 'character varying not null'),
    ('column', 'customer_entity.consent', 'boolean not null'),
    ('column', 'customer_entity.created_at', 'timestamp with time zone not null'),
    ('column', 'customer_entity.customer_id', 'character varying not null'),
    ('column', 'customer_entity.email', 'character varying not null'),
    ('column', 'customer_entity.full_name', 'character varying not null'),
    ('column', 'customer_entity.gst_number', 'character varying'),
    ('column', 'customer_entity.phone', 'character varying not null'),
    ('column', 'customer_entity.preferred_contact_method', 'character varying not null'),
    ('column', 'customer_entity.updated_at', 'timestamp with time zone not null'),
    ('column', 'customer_entity.website', 'character varying'),
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
    ('column', 'goal_instances.created_at', 'timestamp with time zone not null'),
    ('column', 'goal_instances.default_at', 'character varying'),
    ('column', 'goal_instances.enabled', 'boolean not null default true'),
    ('column', 'goal_instances.frequency', 'character varying not null'),
    ('column', 'goal_instances.goal_instance_id', 'character varying not null'),
    ('column', 'goal_instances.goal_template_id', 'character varying not null'),
    ('column', 'goal_instances.hired_instance_id', 'character varying not null'),
    ('column', 'goal_instances.settings', 'jsonb not null default ''{}''::jsonb'),
    ('column', 'goal_instances.updated_at', 'timestamp with time zone not null'),
    ('column', 'goal_instances.version', 'bigint not null default 1'),
    ('column', 'hired_agents.active', 'boolean not null default true'),
    ('column', 'hired_agents.agent_id', 'character varying not null'),
    ('column', 'hired_agents.config', 'jsonb not null default ''{}''::jsonb'),
    ('column', 'hired_agents.configured', 'boolean not null default false'),
    ('column', 'hired_agents.created_at', 'timestamp with time zone not null'),
    ('column', 'hired_agents.customer_id', 'character varying not null'),
    ('column', 'hired_agents.deactivated_at', 'timestamp with time zone'),
    ('column', 'hired_agents.definition_version', 'character varying not null'),
    ('column', 'hired_agents.finalized_at', 'timestamp with time zone'),
    ('column', 'hired_agents.goals_completed', 'boolean not null default false'),
    ('column', 'hired_agents.hired_instance_id', 'character varying not null'),
    ('column', 'hired_agents.missing', 'jsonb not null default ''[]''::jsonb'),
    ('column', 'hired_agents.settings', 'jsonb not null default ''{}''::jsonb'),
    ('column', 'hired_agents.subscription_id', 'character varying not null'),
    ('column', 'hired_agents.timezone', 'character varying not null default ''UTC''::character varying'),
    ('column', 'hired_agents.trial_end', 'timestamp with time zone'),
    ('column', 'hired_agents.trial_start', 'timestamp with time zone'),
    ('column', 'hired_agents.trial_status', 'character varying not null default ''not_started''::character varying'),
    ('column', 'hired_agents.updated_at', 'timestamp with time zone not null'),
    ('column', 'hired_agents.version', 'bigint not null default 1'),
    ('column', 'hiring_feed_floor.only_row', 'boolean not null default true'),
    ('column', 'hiring_feed_floor.seq', 'bigint not null'),
    ('column', 'hiring_feed_floor.xid', 'xid8 not null'),
    ('column', 'hiring_outbox.created_at', 'timestamp with time zone not null default now()'),
    ('column', 'hiring_outbox.kind', 'character varying not null'),
    ('column', 'hiring_outbox.payload', 'jsonb not null'),
    ('column', 'hiring_outbox.seq', 'bigint not null default nextval(''hiring_outbox_seq_seq''::regclass)'),
    ('column', 'hiring_outbox.xid', 'xid8 not null default pg_current_xact_id()'),
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
    ('column', 'subscriptions.agent_id', 'character varying not null'),
    ('column', 'subscriptions.anchor_at', 'timestamp with time zone not null'),
    ('column', 'subscriptions.cancel_at_period_end', 'boolean not null default false'),
    ('column', 'subscriptions.created_at', 'timestamp with time zone not null'),
    ('column', 'subscriptions.current_period_end', 'timestamp with time zone not null'),
    ('column', 'subscriptions.current_period_start', 'timestamp with time zone not null'),
    ('column', 'subscriptions.customer_id', 'character varying not null'),
    ('column', 'subscriptions.duration', 'character varying not null'),
    ('column', 'subscriptions.ended_at', 'timestamp with time zone'),
    ('column', 'subscriptions.past_due_since', 'timestamp with time zone'),
    ('column', 'subscriptions.status', 'character varying not null'),
    ('column', 'subscriptions.subscription_id', 'character varying not null'),
    ('column', 'subscriptions.updated_at', 'timestamp with time zone not null'),
    ('column', 'subscriptions.version', 'bigint not null default 1'),
    ('column', 'trials.agent_id', 'character varying not null'),
    ('column', 'trials.company', 'character varying not null'),
    ('column', 'trials.created_at', 'timestamp with time zone not null'),
    ('column', 'trials.customer_email', 'character varying not null'),
    ('column', 'trials.customer_id', 'character varying'),
    ('column', 'trials.customer_name', 'character varying not null'),
    ('column', 'trials.end_date', 'timestamp with time zone not null'),
    ('column', 'trials.phone', 'character varying'),
    ('column', 'trials.start_date', 'timestamp with time zone not null'),
    ('column', 'trials.status', 'character varying not null default ''active''::character varying'),
    ('column', 'trials.trial_id', 'character varying not null'),
    ('column', 'trials.updated_at', 'timestamp with time zone not null'),
    ('comment', 'customer_entity', 'Customers as a business. A subscription needs no record here: the identity provider may not be ours.'),
    ('comment', 'customer_entity.business_address', 'Where the business is.'),
    ('comment', 'customer_entity.business_industry', 'What the business does.'),
    ('comment', 'customer_entity.business_name', 'Name of the business.'),
    ('comment', 'customer_entity.consent', 'Whether the customer consents to being contacted.'),
    ('comment', 'customer_entity.created_at', 'Creation timestamp.'),
    ('comment', 'customer_entity.customer_id', 'The subject of the customer''s tokens, or CUS- and a time-ordered uuid where an operator made the record.'),
    ('comment', 'customer_entity.email', 'E-mail address, lower-cased; one customer each.'),
    ('comment', 'customer_entity.full_name', 'Name of the person.'),
    ('comment', 'customer_entity.gst_number', 'Goods and services tax number, if it has one.'),
    ('comment', 'customer_entity.phone', 'Phone number, without spaces; one customer each.'),
    ('comment', 'customer_entity.preferred_contact_method', 'email or phone.'),
    ('comment', 'customer_entity.updated_at', 'Last update timestamp.'),
    ('comment', 'customer_entity.website', 'Web site of the business, if it has one.'),
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
    ('comment', 'goal_instances', 'Each goal activated on a hired agent.'),
    ('comment', 'goal_instances.created_at', 'Creation timestamp.'),
    ('comment', 'goal_instances.default_at', 'Local time HH:MM that schedule.at defaults to, when the goal''s own settings say one.'),
    ('comment', 'goal_instances.enabled', 'Whether it runs: false stops it without losing it.'),
    ('comment', 'goal_instances.frequency', 'Execution frequency: daily, weekly, monthly, on_demand or cron.'),
    ('comment', 'goal_instances.goal_instance_id', 'Unique identifier: GOI- and a time-ordered uuid.'),
    ('comment', 'goal_instances.goal_template_id', 'Reference to goal template of the hired agent''s definition.'),
    ('comment', 'goal_instances.hired_instance_id', 'Parent hired agent.'),
    ('comment', 'goal_instances.settings', 'Goal-specific settings, schedule included.'),
    ('comment', 'goal_instances.updated_at', 'Last update timestamp.'),
    ('comment', 'goal_instances.version', 'Grows with every write, so that a reader of the feed recognises an old change.'),
    ('comment', 'hired_agents', 'Hired agent instances: an agent type, configured, under a subscription.'),
    ('comment', 'hired_agents.active', 'Whether agent active: false once it is deactivated.'),
    ('comment', 'hired_agents.agent_id', 'Agent type ID.'),
    ('comment', 'hired_agents.config', 'Configuration, as the agent type''s config_schema says.'),
    ('comment', 'hired_agents.configured', 'Whether every required field of the definition is present and valid.'),
    ('comment', 'hired_agents.created_at', 'Creation timestamp.'),
    ('comment', 'hired_agents.customer_id', 'Customer who hired agent.'),
    ('comment', 'hired_agents.deactivated_at', 'When it was deactivated, which is final.'),
    ('comment', 'hired_agents.definition_version', 'Version of the agent type''s definition, pinned at the first draft.'),
    ('comment', 'hired_agents.finalized_at', 'When it was finalized; null while it is a draft.'),
    ('comment', 'hired_agents.goals_completed', 'Whether there is at least one goal.'),
    ('comment', 'hired_agents.hired_instance_id', 'Unique identifier for hired agent: HAI- and a time-ordered uuid.'),
    ('comment', 'hired_agents.missing', 'What keeps it from being configured: [{path, message}]; empty when it is.'),
    ('comment', 'hired_agents.settings', 'Additional runtime settings: execution.'),
    ('comment', 'hired_agents.subscription_id', 'The subscription that it is hired under; one hire each.'),
    ('comment', 'hired_agents.timezone', 'Zone that its goals run in, taken from config when that is written; UTC when it has none.'),
    ('comment', 'hired_agents.trial_end', 'Trial period end timestamp: seven days after its start.'),
    ('comment', 'hired_agents.trial_start', 'Trial period start timestamp.'),
    ('comment', 'hired_agents.trial_status', 'not_started -> active -> ended_converted or ended_not_converted; it starts once.'),
    ('comment', 'hired_agents.updated_at', 'Last update timestamp.'),
    ('comment', 'hired_agents.version', 'Grows with every write, so that a reader of the feed recognises an old change.'),
    ('comment', 'hiring_feed_floor', 'Up to where the outbox was pruned: a cursor below it has missed something.'),
    ('comment', 'hiring_feed_floor.only_row', 'There is one row.'),
    ('comment', 'hiring_feed_floor.seq', 'Sequence of the last change that was pruned.'),
    ('comment', 'hiring_feed_floor.xid', 'Transaction of the last change that was pruned.'),
    ('comment', 'hiring_outbox', 'Changes in the order (xid, seq); one is served once no older transaction can still commit; kept 7 days.'),
    ('comment', 'hiring_outbox.created_at', 'When its transaction began.'),
    ('comment', 'hiring_outbox.kind', 'goal, hire, subscription or run.'),
    ('comment', 'hiring_outbox.payload', 'The change, as the feed serves it.'),
    ('comment', 'hiring_outbox.seq', 'Its place among the changes of that transaction.'),
    ('comment', 'hiring_outbox.xid', 'Transaction that wrote it.'),
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
    ('comment', 'subscriptions', 'What a customer pays for: a hired agent runs while its subscription is active.'),
    ('comment', 'subscriptions.agent_id', 'Agent type ID that may be hired under it.'),
    ('comment', 'subscriptions.anchor_at', 'Start of its first paid period: every later one is counted in months from here, so that the 31st comes back after February.'),
    ('comment', 'subscriptions.cancel_at_period_end', 'Whether the subscription ends with its period.'),
    ('comment', 'subscriptions.created_at', 'Creation timestamp.'),
    ('comment', 'subscriptions.current_period_end', 'End of the period, by calendar months, clamped to the month''s last day.'),
    ('comment', 'subscriptions.current_period_start', 'Start of the period; it starts anew at the first activation.'),
    ('comment', 'subscriptions.customer_id', 'Customer who subscribed: the subject of its tokens.'),
    ('comment', 'subscriptions.duration', 'Length of a period: monthly, quarterly or yearly.'),
    ('comment', 'subscriptions.ended_at', 'When it was canceled; its hire can be read for 30 days more.'),
    ('comment', 'subscriptions.past_due_since', 'Since when it is past due: 14 days later it is canceled.'),
    ('comment', 'subscriptions.status', 'pending_payment -> active <-> past_due; any -> canceled, which is final.'),
    ('comment', 'subscriptions.subscription_id', 'Unique identifier: SUB- and a time-ordered uuid.'),
    ('comment', 'subscriptions.updated_at', 'Last update timestamp.'),
    ('comment', 'subscriptions.version', 'Grows with every write, so that a reader of the feed recognises an old change.'),
    ('comment', 'trials', 'Seven days with an agent type for someone who may become a customer.'),
    ('comment', 'trials.agent_id', 'Agent type ID that is tried.'),
    ('comment', 'trials.company', 'For which company.'),
    ('comment', 'trials.created_at', 'Creation timestamp.'),
    ('comment', 'trials.customer_email', 'E-mail address, lower-cased.'),
    ('comment', 'trials.customer_id', 'The customer that began it, who alone sees it beside operators and viewers; null when an operator did.'),
    ('comment', 'trials.customer_name', 'Who tries it.'),
    ('comment', 'trials.end_date', 'When it expires unless it ended before: seven days after its start.'),
    ('comment', 'trials.phone', 'Phone number, without spaces, if one was left.'),
    ('comment', 'trials.start_date', 'When it began.'),
    ('comment', 'trials.status', 'active -> converted, cancelled or expired, each of which is final.'),
    ('comment', 'trials.trial_id', 'Unique identifier: TRL- and a time-ordered uuid.'),
    ('comment', 'trials.updated_at', 'Last update timestamp.'),
    ('constraint', 'customer_entity.ck_customer_entity_email', 'CHECK ((((email)::text = lower((email)::text)) AND ((email)::text !~ ''\s''::text) AND ((email)::text ~~ ''%@%''::text)))'),
    ('constraint', 'customer_entity.ck_customer_entity_phone', 'CHECK ((((phone)::text !~ ''\s''::text) AND ((phone)::text ~ ''[0-9]''::text)))'),
    ('constraint', 'customer_entity.ck_customer_entity_preferred_contact_method', 'CHECK (((preferred_contact_method)::text = ANY ((ARRAY[''email''::character varying, ''phone''::character varying])::text[])))'),
    ('constraint', 'customer_entity.pk_customer_entity', 'PRIMARY KEY (customer_id)'),
    ('constraint', 'customer_entity.uq_customer_entity_email', 'UNIQUE (email)'),
    ('constraint', 'customer_entity.uq_customer_entity_phone', 'UNIQUE (phone)'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_caller', 'CHECK (((subject IS NULL) = (role IS NULL)))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_causation_id', 'CHECK (((causation_id)::text ~ ''^[0-9a-f]{16}$''::text))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_correlation_id', 'CHECK (((correlation_id)::text ~ ''^[0-9a-f]{32}$''::text))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_latency', 'CHECK ((total_latency_ms >= (0)::double precision))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_role', 'CHECK (((role)::text = ANY ((ARRAY[''customer''::character varying, ''viewer''::character varying, ''operator''::character varying, ''service''::character varying])::text[])))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_service', 'CHECK (((service)::text = ANY ((ARRAY[''catalog''::character varying, ''hiring''::character varying, ''deliverables''::character varying, ''scheduler''::character varying])::text[])))'),
    ('constraint', 'gateway_audit_logs.ck_gateway_audit_logs_status_code', 'CHECK (((status_code >= 100) AND (status_code <= 599)))'),
    ('constraint', 'gateway_audit_logs.pk_gateway_audit_logs', 'PRIMARY KEY (id)'),
    ('constraint', 'goal_instances.ck_goal_instances_default_at', 'CHECK (((default_at)::text ~ ''^([01][0-9]|2[0-3]):[0-5][0-9]$''::text))'),
    ('constraint', 'goal_instances.ck_goal_instances_frequency', 'CHECK (((frequency)::text = ANY ((ARRAY[''daily''::character varying, ''weekly''::character varying, ''monthly''::character varying, ''on_demand''::character varying, ''cron''::character varying])::text[])))'),
    ('constraint', 'goal_instances.ck_goal_instances_settings', 'CHECK ((jsonb_typeof(settings) = ''object''::text))'),
    ('constraint', 'goal_instances.ck_goal_instances_version', 'CHECK ((version > 0))'),
    ('constraint', 'goal_instances.fk_goal_instances_hired_instance_id', 'FOREIGN KEY (hired_instance_id) REFERENCES hired_agents(hired_instance_id) ON DELETE CASCADE'),
    ('constraint', 'goal_instances.pk_goal_instances', 'PRIMARY KEY (goal_instance_id)'),
    ('constraint', 'hired_agents.ck_hired_agents_config', 'CHECK ((jsonb_typeof(config) = ''object''::text))'),
    ('constraint', 'hired_agents.ck_hired_agents_configured', 'CHECK (((NOT configured) OR (missing = ''[]''::jsonb)))'),
    ('constraint', 'hired_agents.ck_hired_agents_deactivated_at', 'CHECK ((active = (deactivated_at IS NULL)))'),
    ('constraint', 'hired_agents.ck_hired_agents_finalized_at', 'CHECK (((finalized_at IS NULL) OR configured))'),
    ('constraint', 'hired_agents.ck_hired_agents_missing', 'CHECK ((jsonb_typeof(missing) = ''array''::text))'),
    ('constraint', 'hired_agents.ck_hired_agents_settings', 'CHECK ((jsonb_typeof(settings) = ''object''::text))'),
    ('constraint', 'hired_agents.ck_hired_agents_trial', 'CHECK (((((trial_status)::text = ''not_started''::text) = (trial_start IS NULL)) AND ((trial_start IS NULL) = (trial_end IS NULL)) AND ((trial_start IS NULL) OR (trial_end > trial_start))))'),
    ('constraint', 'hired_agents.ck_hired_agents_trial_status', 'CHECK (((trial_status)::text = ANY ((ARRAY[''not_started''::character varying, ''active''::character varying, ''ended_converted''::character varying, ''ended_not_converted''::character varying])::text[])))'),
    ('constraint', 'hired_agents.ck_hired_agents_version', 'CHECK ((version > 0))'),
    ('constraint', 'hired_agents.fk_hired_agents_subscription_id', 'FOREIGN KEY (subscription_id) REFERENCES subscriptions(subscription_id)'),
    ('constraint', 'hired_agents.pk_hired_agents', 'PRIMARY KEY (hired_instance_id)'),
    ('constraint', 'hired_agents.uq_hired_agents_subscription_id', 'UNIQUE (subscription_id)'),
    ('constraint', 'hiring_feed_floor.ck_hiring_feed_floor_only_row', 'CHECK (only_row)'),
    ('constraint', 'hiring_feed_floor.pk_hiring_feed_floor', 'PRIMARY KEY (only_row)'),
    ('constraint', 'hiring_outbox.ck_hiring_outbox_kind', 'CHECK (((kind)::text = ANY ((ARRAY[''goal''::character varying, ''hire''::character varying, ''subscription''::character varying, ''run''::character varying])::text[])))'),
    ('constraint', 'hiring_outbox.ck_hiring_outbox_payload', 'CHECK (((jsonb_typeof(payload) = ''object''::text) AND ((payload ->> ''type''::text) = (kind)::text)))'),
    ('constraint', 'hiring_outbox.pk_hiring_outbox', 'PRIMARY KEY (xid, seq)'),
    ('constraint', 'idempotency_keys.ck_idempotency_keys_reply', 'CHECK (((reply_status IS NULL) = (reply_body IS NULL)))'),
    ('constraint', 'idempotency_keys.idempotency_keys_key_check', 'CHECK (((length(key) >= 1) AND (length(key) <= 255)))'),
    ('constraint', 'idempotency_keys.idempotency_keys_reply_status_check', 'CHECK (((reply_status >= 200) AND (reply_status <= 299)))'),
    ('constraint', 'idempotency_keys.pk_idempotency_keys', 'PRIMARY KEY (caller, route, key)'),
    ('constraint', 'schema_ledger.schema_ledger_pkey', 'PRIMARY KEY (name)'),
    ('constraint', 'subscriptions.ck_subscriptions_duration', 'CHECK (((duration)::text = ANY ((ARRAY[''monthly''::character varying, ''quarterly''::character varying, ''yearly''::character varying])::text[])))'),
    ('constraint', 'subscriptions.ck_subscriptions_ended_at', 'CHECK ((((status)::text = ''canceled''::text) = (ended_at IS NOT NULL)))'),
    ('constraint', 'subscriptions.ck_subscriptions_past_due_since', 'CHECK ((((status)::text = ''past_due''::text) = (past_due_since IS NOT NULL)))'),
    ('constraint', 'subscriptions.ck_subscriptions_period', 'CHECK ((current_period_end > current_period_start))'),
    ('constraint', 'subscriptions.ck_subscriptions_status', 'CHECK (((status)::text = ANY ((ARRAY[''pending_payment''::character varying, ''active''::character varying, ''past_due''::character varying, ''canceled''::character varying])::text[])))'),
    ('constraint', 'subscriptions.ck_subscriptions_version', 'CHECK ((version > 0))'),
    ('constraint', 'subscriptions.pk_subscriptions', 'PRIMARY KEY (subscription_id)'),
    ('constraint', 'trials.ck_trials_customer_email', 'CHECK (((customer_email)::text = lower((customer_email)::text)))'),
    ('constraint', 'trials.ck_trials_end_date', 'CHECK ((end_date > start_date))'),
    ('constraint', 'trials.ck_trials_phone', 'CHECK (((phone)::text !~ ''\s''::text))'),
    ('constraint', 'trials.ck_trials_status', 'CHECK (((status)::text = ANY ((ARRAY[''active''::character varying, ''converted''::character varying, ''cancelled''::character varying, ''expired''::character varying])::text[])))'),
    ('constraint', 'trials.pk_trials', 'PRIMARY KEY (trial_id)'),
    ('grant', 'schema public', 'usage'),
    ('grant', 'sequence hiring_outbox_seq_seq', 'usage'),
    ('grant', 'table customer_entity', 'insert, select'),
    ('grant', 'table gateway_audit_logs', 'delete, insert, select'),
    ('grant', 'table goal_instances', 'delete, insert, select, update'),
    ('grant', 'table hired_agents', 'insert, select, update'),
    ('grant', 'table hiring_feed_floor', 'select, update'),
    ('grant', 'table hiring_outbox', 'delete, insert, select'),
    ('grant', 'table idempotency_keys', 'delete, insert, select, update'),
    ('grant', 'table schema_ledger', 'select'),
    ('grant', 'table subscriptions', 'insert, select, update'),
    ('grant', 'table trials', 'delete, insert, select, update'),
    ('index', 'ix_gateway_audit_logs_timestamp', 'CREATE INDEX ix_gateway_audit_logs_timestamp ON public.gateway_audit_logs USING btree ("timestamp")'),
    ('index', 'ix_goal_instances_hired_instance_id', 'CREATE INDEX ix_goal_instances_hired_instance_id ON public.goal_instances USING btree (hired_instance_id)'),
    ('index', 'ix_hired_agents_active', 'CREATE INDEX ix_hired_agents_active ON public.hired_agents USING btree (active)'),
    ('index', 'ix_hired_agents_agent_id', 'CREATE INDEX ix_hired_agents_agent_id ON public.hired_agents USING btree (agent_id)'),
    ('index', 'ix_hired_agents_customer_id', 'CREATE INDEX ix_hired_agents_customer_id ON public.hired_agents USING btree (customer_id)'),
    ('index', 'ix_hired_agents_trial_end', 'CREATE INDEX ix_hired_agents_trial_end ON public.hired_agents USING btree (trial_end) WHERE ((trial_status)::text = ''active''::text)'),
    ('index', 'ix_hired_agents_trial_status', 'CREATE INDEX ix_hired_agents_trial_status ON public.hired_agents USING btree (trial_status)'),
    ('index', 'ix_hiring_outbox_run', 'CREATE INDEX ix_hiring_outbox_run ON public.hiring_outbox USING btree (xid, seq) WHERE ((kind)::text = ''run''::text)'),
    ('index', 'ix_idempotency_keys_expires_at', 'CREATE INDEX ix_idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at)'),
    ('index', 'ix_subscriptions_current_period_end', 'CREATE INDEX ix_subscriptions_current_period_end ON public.subscriptions USING btree (current_period_end) WHERE (((status)::text = ''active''::text) OR (((status)::text = ''past_due''::text) AND cancel_at_period_end))'),
    ('index', 'ix_subscriptions_customer_id', 'CREATE INDEX ix_subscriptions_customer_id ON public.subscriptions USING btree (customer_id, subscription_id)'),
    ('index', 'ix_subscriptions_past_due_since', 'CREATE INDEX ix_subscriptions_past_due_since ON public.subscriptions USING btree (past_due_since) WHERE ((status)::text = ''past_due''::text)'),
    ('index', 'ix_trials_customer_id', 'CREATE INDEX ix_trials_customer_id ON public.trials USING btree (customer_id, trial_id)'),
    ('index', 'ix_trials_end_date', 'CREATE INDEX ix_trials_end_date ON public.trials USING btree (end_date) WHERE ((status)::text = ''active''::text)'),
    ('index', 'ix_trials_status', 'CREATE INDEX ix_trials_status ON public.trials USING btree (status, trial_id)'),
    ('index', 'pk_customer_entity', 'CREATE UNIQUE INDEX pk_customer_entity ON public.customer_entity USING btree (customer_id)'),
    ('index', 'pk_gateway_audit_logs', 'CREATE UNIQUE INDEX pk_gateway_audit_logs ON public.gateway_audit_logs USING btree (id)'),
    ('index', 'pk_goal_instances', 'CREATE UNIQUE INDEX pk_goal_instances ON public.goal_instances USING btree (goal_instance_id)'),
    ('index', 'pk_hired_agents', 'CREATE UNIQUE INDEX pk_hired_agents ON public.hired_agents USING btree (hired_instance_id)'),
    ('index', 'pk_hiring_feed_floor', 'CREATE UNIQUE INDEX pk_hiring_feed_floor ON public.hiring_feed_floor USING btree (only_row)'),
    ('index', 'pk_hiring_outbox', 'CREATE UNIQUE INDEX pk_hiring_outbox ON public.hiring_outbox USING btree (xid, seq)'),
    ('index', 'pk_idempotency_keys', 'CREATE UNIQUE INDEX pk_idempotency_keys ON public.idempotency_keys USING btree (caller, route, key)'),
    ('index', 'pk_subscriptions', 'CREATE UNIQUE INDEX pk_subscriptions ON public.subscriptions USING btree (subscription_id)'),
    ('index', 'pk_trials', 'CREATE UNIQUE INDEX pk_trials ON public.trials USING btree (trial_id)'),
    ('index', 'schema_ledger_pkey', 'CREATE UNIQUE INDEX schema_ledger_pkey ON public.schema_ledger USING btree (name)'),
    ('index', 'uq_customer_entity_email', 'CREATE UNIQUE INDEX uq_customer_entity_email ON public.customer_entity USING btree (email)'),
    ('index', 'uq_customer_entity_phone', 'CREATE UNIQUE INDEX uq_customer_entity_phone ON public.customer_entity USING btree (phone)'),
    ('index', 'uq_hired_agents_subscription_id', 'CREATE UNIQUE INDEX uq_hired_agents_subscription_id ON public.hired_agents USING btree (subscription_id)'),
    ('index', 'uq_hiring_outbox_request_id', 'CREATE UNIQUE INDEX uq_hiring_outbox_request_id ON public.hiring_outbox USING btree (((payload ->> ''request_id''::text))) WHERE ((kind)::text = ''run''::text)'),
    ('sequence', 'hiring_outbox_seq_seq', 'bigint from 1 by 1'),
    ('table', 'customer_entity', 'kept'),
    ('table', 'gateway_audit_logs', 'kept'),
    ('table', 'goal_instances', 'kept'),
    ('table', 'hired_agents', 'kept'),
    ('table', 'hiring_feed_floor', 'kept'),
    ('table', 'hiring_outbox', 'kept'),
    ('table', 'idempotency_keys', 'kept'),
    ('table', 'schema_ledger', 'kept'),
    ('table', 'subscriptions', 'kept'),
    ('table', 'trials', 'kept')
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
  where not (o.relname = 'schema_ledger' and d.objsubid = 0)
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

-- Notices: whom a customer wants told of what and how, what happened, and the messages of it, each until its channel took it.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table reviewers (
  customer_id varchar not null,
  person varchar not null,
  channels jsonb not null,
  events jsonb not null,
  digest_at varchar not null,
  quiet_from varchar,
  quiet_to varchar,
  timezone varchar not null,
  escalate_after integer,
  escalate_to varchar,
  updated_by varchar not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pk_reviewers primary key (customer_id, person),
  constraint ck_reviewers_channels check (jsonb_typeof(channels) = 'array'),
  constraint ck_reviewers_events check (jsonb_typeof(events) = 'object'),
  constraint ck_reviewers_digest_at check (digest_at ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint ck_reviewers_quiet check ((quiet_from is null) = (quiet_to is null)),
  constraint ck_reviewers_escalation check ((escalate_after is null) = (escalate_to is null) and escalate_after >= 60)
);

comment on table reviewers is 'The people of customers who are told of what happens, and how: a customer without a row here costs nothing.';
comment on column reviewers.customer_id is 'The customer.';
comment on column reviewers.person is 'The person, as its tokens name it; the customer id itself where a customer has no people.';
comment on column reviewers.channels is 'Its channels: an address or a url each, the name of a secret, and whether a link that decides may go there.';
comment on column reviewers.events is 'For each event now, digest or off; what is left out has its default.';
comment on column reviewers.digest_at is 'When its digest is sent, local time HH:MM.';
comment on column reviewers.quiet_from is 'Since when nothing is sent, local time HH:MM; null without quiet hours.';
comment on column reviewers.quiet_to is 'Until when.';
comment on column reviewers.timezone is 'The zone of these times.';
comment on column reviewers.escalate_after is 'After how many seconds a draft that nobody decided on goes to the next person; null: never.';
comment on column reviewers.escalate_to is 'That person.';
comment on column reviewers.updated_by is 'Who wrote it last.';
comment on column reviewers.created_at is 'When it was written first.';
comment on column reviewers.updated_at is 'When it was written last.';

create table reviewer_channels (
  customer_id varchar not null,
  person varchar not null,
  channel_id varchar not null,
  failures integer not null default 0,
  last_error text,
  failing_since timestamptz,
  dead_since timestamptz,
  sent_at timestamptz,
  constraint pk_reviewer_channels primary key (customer_id, person, channel_id),
  constraint ck_reviewer_channels_failures check (failures >= 0),
  constraint ck_reviewer_channels_failing check ((failures = 0) = (failing_since is null)),
  constraint ck_reviewer_channels_dead check (dead_since is null or failing_since is not null)
);
create index ix_reviewer_channels_dead on reviewer_channels (customer_id) where dead_since is not null;

comment on table reviewer_channels is 'How each channel stands: one that was tried in vain for long is dead until a message arrives again.';
comment on column reviewer_channels.customer_id is 'The customer.';
comment on column reviewer_channels.person is 'The person.';
comment on column reviewer_channels.channel_id is 'The channel, by a digest of its kind and address.';
comment on column reviewer_channels.failures is 'How many attempts failed since one succeeded.';
comment on column reviewer_channels.last_error is 'Why the last of these failed.';
comment on column reviewer_channels.failing_since is 'When the first of these failed; null while it works.';
comment on column reviewer_channels.dead_since is 'When a message to it was given up; null while none was since it worked.';
comment on column reviewer_channels.sent_at is 'When it took a message last.';

create table notice_events (
  event_id bigint generated always as identity,
  customer_id varchar not null,
  event varchar not null,
  subject varchar not null,
  key varchar not null,
  details jsonb not null,
  at timestamptz not null default now(),
  planned_at timestamptz,
  constraint pk_notice_events primary key (event_id),
  constraint uq_notice_events_key unique (customer_id, event, key),
  constraint ck_notice_events_details check (jsonb_typeof(details) = 'object')
);
create index ix_notice_events_unplanned on notice_events (event_id) where planned_at is null;
create index ix_notice_events_at on notice_events (at);

comment on table notice_events is 'What happened to customers that have reviewers, recorded in the transaction in which it happened; kept 90 days.';
comment on column notice_events.event_id is 'The event.';
comment on column notice_events.customer_id is 'Whose it is.';
comment on column notice_events.event is 'What happened, by name (domain.md, "Notifications").';
comment on column notice_events.subject is 'The deliverable, mandate or goal that it happened to.';
comment on column notice_events.key is 'What makes it one event: it is recorded once.';
comment on column notice_events.details is 'What a message says of it.';
comment on column notice_events.at is 'When.';
comment on column notice_events.planned_at is 'When it was planned whom to tell; null while it was not.';

create table notice_items (
  item_id bigint generated always as identity,
  event_id bigint not null,
  customer_id varchar not null,
  person varchar not null,
  mode varchar not null,
  due_at timestamptz not null,
  held boolean not null default false,
  made_at timestamptz,
  constraint pk_notice_items primary key (item_id),
  constraint uq_notice_items_person unique (event_id, person, mode),
  constraint fk_notice_items_event foreign key (event_id) references notice_events (event_id) on delete cascade,
  constraint ck_notice_items_mode check (mode in ('now', 'digest', 'escalated'))
);
create index ix_notice_items_due on notice_items (due_at) where made_at is null;

comment on table notice_items is 'Whom to tell of an event and when: at once, in a digest, or because nobody decided in time.';
comment on column notice_items.item_id is 'The item.';
comment on column notice_items.event_id is 'The event.';
comment on column notice_items.customer_id is 'Whose event it is.';
comment on column notice_items.person is 'Whom to tell.';
comment on column notice_items.mode is 'now, digest, or escalated: nobody decided, and it came from another person.';
comment on column notice_items.due_at is 'When its message is made: after quiet hours, at the time of the digest.';
comment on column notice_items.held is 'Whether quiet hours held it back.';
comment on column notice_items.made_at is 'When its messages were made, or it was over before; null while it waits.';

create sequence notice_fence;
comment on sequence notice_fence is 'Grows with every claim of a message, so that a holder that lost its lease is recognised.';

create table notices (
  notice_id varchar not null,
  customer_id varchar not null,
  person varchar not null,
  channel_id varchar not null,
  kind varchar not null,
  target varchar not null,
  purpose varchar not null,
  subject varchar not null,
  events jsonb not null,
  state varchar not null default 'waiting',
  tries integer not null default 0,
  next_try_at timestamptz not null default now(),
  leased_until timestamptz,
  fence bigint,
  last_error text,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint pk_notices primary key (notice_id),
  constraint ck_notices_kind check (kind in ('email', 'webhook', 'slack')),
  constraint ck_notices_purpose check (purpose in ('event', 'digest', 'test')),
  constraint ck_notices_events check (jsonb_typeof(events) = 'array'),
  constraint ck_notices_state check (state in ('waiting', 'sent', 'failed', 'dropped')),
  constraint ck_notices_ended check ((state = 'waiting') = (ended_at is null)),
  constraint ck_notices_tries check (tries >= 0)
);
create index ix_notices_customer on notices (customer_id, created_at, notice_id);
create index ix_notices_due on notices (customer_id, next_try_at) where state = 'waiting';
create index ix_notices_created_at on notices (created_at);

comment on table notices is 'Messages to people, one for each channel, and what became of each; kept 90 days.';
comment on column notices.notice_id is 'The message: its Message-ID or webhook-id, the same on every attempt.';
comment on column notices.customer_id is 'Whose it is.';
comment on column notices.person is 'To whom.';
comment on column notices.channel_id is 'By which of its channels.';
comment on column notices.kind is 'email, webhook or slack.';
comment on column notices.target is 'Where it goes, as it may be shown.';
comment on column notices.purpose is 'event, digest, or test: asked for by the person.';
comment on column notices.subject is 'Its first line.';
comment on column notices.events is 'What it tells, as it was when the message was made.';
comment on column notices.state is 'waiting, sent (its channel took it), failed (given up), or dropped: its channel was removed.';
comment on column notices.tries is 'How many attempts were made.';
comment on column notices.next_try_at is 'When the next may be made.';
comment on column notices.leased_until is 'Until when an attempt is under way, unless its holder is lost; null while none is.';
comment on column notices.fence is 'Of its last claim.';
comment on column notices.last_error is 'Why the last attempt failed.';
comment on column notices.created_at is 'When it was made.';
comment on column notices.ended_at is 'When it was sent, given up or dropped.';

create table decision_links (
  token_sha256 varchar not null,
  notice_id varchar not null,
  customer_id varchar not null,
  person varchar not null,
  deliverable_id varchar not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint pk_decision_links primary key (token_sha256),
  constraint ck_decision_links_sha256 check (token_sha256 ~ '^[0-9a-f]{64}$')
);
create index ix_decision_links_expires_at on decision_links (expires_at);

comment on table decision_links is 'Tokens of links in messages: each decides on one draft as one person. Only their digests are kept.';
comment on column decision_links.token_sha256 is 'SHA-256, in hex, of the token.';
comment on column decision_links.notice_id is 'The message that it was sent in.';
comment on column decision_links.customer_id is 'The customer whose draft it is.';
comment on column decision_links.person is 'The person that it was sent to.';
comment on column decision_links.deliverable_id is 'The draft.';
comment on column decision_links.created_at is 'When it was made.';
comment on column decision_links.expires_at is 'Until when it is good.';

-- One replica looks at a time; what came within an hour of its expiry before the row's instant was told
create table notice_looks (
  what varchar not null,
  looked_until timestamptz not null default now(),
  constraint pk_notice_looks primary key (what)
);
insert into notice_looks (what) values ('expiry');

comment on table notice_looks is 'Until which instant was looked for what no statement tells of: drafts that expire soon.';
comment on column notice_looks.what is 'What is looked for.';
comment on column notice_looks.looked_until is 'Until when.';

-- Records an event of a customer that has reviewers, once by its key. For any other it writes nothing: one look at an index.
create function tell(customer varchar, event varchar, subject varchar, key varchar, details jsonb) returns void
  language sql security definer set search_path from current as $tell$
  with told as (
    insert into notice_events (customer_id, event, subject, key, details)
    select $1, $2, $3, $4, $5 where exists (select from reviewers r where r.customer_id = $1)
    on conflict on constraint uq_notice_events_key do nothing returning 1
  ) select pg_notify('stint_notices', '') from told limit 1
$tell$;

comment on function tell(varchar, varchar, varchar, varchar, jsonb) is 'Records what happened, for customers that have reviewers.';

create function draft_details(draft deliverables) returns jsonb language sql stable as $details$
  select jsonb_build_object('deliverable_id', draft.deliverable_id, 'title', left(draft.title, 200), 'revision', draft.revision,
    'goal_instance_id', draft.goal_instance_id, 'hired_instance_id', draft.hired_instance_id, 'expires_at', draft.expires_at)
$details$;

comment on function draft_details(deliverables) is 'What messages say of a draft.';

create function tell_of_drafts() returns trigger language plpgsql security definer set search_path from current as $drafts$
begin
  if exists (select from made m join reviewers r on r.customer_id = m.customer_id) then
    perform tell(d.customer_id, 'draft_waiting', d.deliverable_id, d.deliverable_id, draft_details(d))
    from made m join deliverables d on d.deliverable_id = m.deliverable_id where m.review_status = 'pending_review';
  end if;
  return null;
end
$drafts$;

-- Before: 0.2.0 inserts drafts as before; the trigger writes other tables alone, as their owner.
create trigger deliverables_are_told_of after insert on deliverables referencing new table as made
  for each statement execute function tell_of_drafts();

create function tell_of_revision() returns trigger language plpgsql security definer set search_path from current as $revision$
begin
  perform tell(new.customer_id, 'changes_made', new.deliverable_id, new.deliverable_id || ':' || new.revision,
    draft_details(new) || jsonb_build_object('by', new.edited_by));
  return null;
end
$revision$;

-- Before: 0.2.0 changes no content, so it never fires for it.
create trigger deliverables_revisions_are_told_of after update of revision on deliverables for each row
  when (new.revision > old.revision) execute function tell_of_revision();

create function tell_of_execution() returns trigger language plpgsql security definer set search_path from current as $execution$
begin
  if exists (select from reviewers r where r.customer_id = new.customer_id) then
    perform tell(new.customer_id, case new.state when 'delivered' then 'executed' else 'delivery_failed' end, new.deliverable_id,
      new.delivery_id || ':' || new.attempts || ':' || new.state, draft_details(d)
        || jsonb_build_object('delivery_id', new.delivery_id, 'error', left(new.last_error, 300), 'refusal', new.refusal))
    from deliverables d where d.deliverable_id = new.deliverable_id;
  end if;
  return null;
end
$execution$;

-- Before: 0.2.0 writes outcomes as before; the trigger writes other tables alone, as their owner.
create trigger executions_are_told_of after update of state on executions for each row
  when (new.state <> old.state and (new.state = 'delivered'
    or new.state = 'failed' and new.refusal is distinct from 'deliverable_deleted'))
  execute function tell_of_execution();

create function tell_of_expired() returns trigger language plpgsql security definer set search_path from current as $expired$
begin
  perform tell(new.customer_id, 'expired', new.deliverable_id, new.deliverable_id || ':' || new.revision, draft_details(new));
  return null;
end
$expired$;

-- Before: 0.2.0 writes no expired_at, so it never fires for it.
create trigger deliverables_expired_are_told_of after update of expired_at on deliverables for each row
  when (old.expired_at is null and new.expired_at is not null) execute function tell_of_expired();

create function tell_of_mandate_use() returns trigger language plpgsql security definer set search_path from current as $use$
begin
  perform tell(m.customer_id, 'mandate_used_up', m.mandate_id, m.mandate_id || ':' || new.period,
    jsonb_build_object('mandate_id', m.mandate_id, 'hired_instance_id', m.hired_instance_id, 'max_uses', m.max_uses, 'per', m.per))
  from mandates m where m.mandate_id = new.mandate_id and new.nth >= m.max_uses;
  return null;
end
$use$;

-- Before: 0.2.0 knows no mandates.
create trigger mandate_uses_are_told_of after insert on mandate_uses for each row execute function tell_of_mandate_use();

create function tell_of_revoked_mandate() returns trigger language plpgsql security definer set search_path from current as $revoked$
begin
  perform tell(new.customer_id, 'mandate_ended', new.mandate_id, new.mandate_id, jsonb_build_object('mandate_id', new.mandate_id,
    'hired_instance_id', new.hired_instance_id, 'why', 'revoked', 'by', new.revoked_by));
  return null;
end
$revoked$;

-- Before: 0.2.0 knows no mandates.
create trigger mandates_revoked_are_told_of after update of revoked_at on mandates for each row
  when (old.revoked_at is null and new.revoked_at is not null) execute function tell_of_revoked_mandate();

-- Drafts that expire within the hour, and mandates that ended: no statement writes what time alone does. Each is told once, by its key;
-- the window reaches back for drafts that were committed later than they were written.
create function tell_of_expiry() returns void language plpgsql security definer set search_path from current as $expiry$
declare
  since timestamptz;
begin
  select looked_until - interval '10 minutes' into since from notice_looks where what = 'expiry' for update skip locked;
  if not found then
    return;
  end if;
  perform tell((x.draft).customer_id, 'expires_soon', (x.draft).deliverable_id,
    (x.draft).deliverable_id || ':' || (x.draft).revision, draft_details(x.draft))
  from (select distinct customer_id from reviewers) c
  cross join lateral (
    select d as draft from deliverables d
    where d.customer_id = c.customer_id and d.review_status = 'pending_review' and d.deleted_at is null
      and d.expires_at > since + interval '1 hour' and d.expires_at <= now() + interval '1 hour' and d.expires_at > now()
      and d.revising_since is null
  ) x;
  perform tell(m.customer_id, 'mandate_ended', m.mandate_id, m.mandate_id,
    jsonb_build_object('mandate_id', m.mandate_id, 'hired_instance_id', m.hired_instance_id, 'why', 'expired'))
  from (select distinct customer_id from reviewers) c join mandates m on m.customer_id = c.customer_id
  where m.revoked_at is null and m.valid_until > since and m.valid_until <= now();
  update notice_looks set looked_until = now() where what = 'expiry';
end
$expiry$;

comment on function tell_of_expiry() is 'Records the drafts that came to expire within the hour, and the mandates that ended, since it looked last.';

insert into schema_scripts (name) values ('160_notices') on conflict (name) do nothing;

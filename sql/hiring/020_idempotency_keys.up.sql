-- Idempotency-Keys and the replies kept under them, for 24 hours.
create table if not exists schema_ledger (name text primary key, applied_at timestamptz not null default now());

create table if not exists idempotency_keys (
    caller         text        not null,
    route          text        not null,
    key            text        not null check (length(key) between 1 and 255),
    fingerprint    text        not null,
    first_seen     timestamptz not null,
    locked_until   timestamptz not null,
    expires_at     timestamptz not null,
    reply_status   integer     check (reply_status between 200 and 299),
    reply_location text,
    reply_body     text,
    constraint pk_idempotency_keys primary key (caller, route, key),
    constraint ck_idempotency_keys_reply check ((reply_status is null) = (reply_body is null))
);
create index if not exists ix_idempotency_keys_expires_at on idempotency_keys (expires_at);

comment on table idempotency_keys is 'Replies by Idempotency-Key: a repeat of a request gets the first one''s reply';
comment on column idempotency_keys.caller is 'Role and subject of the token';
comment on column idempotency_keys.route is 'Method and path template';
comment on column idempotency_keys.key is 'The Idempotency-Key, without its quotes';
comment on column idempotency_keys.fingerprint is 'SHA-256 of the url and body: another request under the key is refused';
comment on column idempotency_keys.first_seen is 'When the key was first seen: the ids made under it grow from it';
comment on column idempotency_keys.locked_until is 'Until when the request under way holds the key unless it renews';
comment on column idempotency_keys.expires_at is 'When the key is forgotten';
comment on column idempotency_keys.reply_status is 'Status of the kept reply; null while none is kept';
comment on column idempotency_keys.reply_location is 'Location of the kept reply';
comment on column idempotency_keys.reply_body is 'Body of the kept reply';

insert into schema_ledger (name) values ('020_idempotency_keys') on conflict (name) do nothing;

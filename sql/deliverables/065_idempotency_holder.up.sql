-- A reservation of an Idempotency-Key has a holder, and the request a canonical fingerprint.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table idempotency_keys
  add column holder uuid,
  add column canonical text;

comment on column idempotency_keys.fingerprint is 'SHA-256 of the url and body as they were sent, as 0.2.0 compares them';
comment on column idempotency_keys.holder is 'The request that holds the key, or held it: only that one renews, ends or fills its reservation; null when 0.2.0 took it';
comment on column idempotency_keys.canonical is 'SHA-256 of the decoded url and the canonical body (RFC 8785): the same request, however it is written; null when 0.2.0 took it';

-- Before: 0.2.0 takes a key over without naming a holder: the holder before it, and its request, must not be taken for its own
create function idempotency_keys_taken_over() returns trigger language plpgsql as $taken$
begin
  new.holder := null;
  new.canonical := null;
  return new;
end
$taken$;

comment on function idempotency_keys_taken_over() is 'Forgets the holder and the canonical fingerprint of a reservation that was taken over without a holder.';

create trigger idempotency_keys_taken_over before update on idempotency_keys
  for each row when (new.expires_at is distinct from old.expires_at and new.holder is not distinct from old.holder)
  execute function idempotency_keys_taken_over();

insert into schema_scripts (name) values ('065_idempotency_holder') on conflict (name) do nothing;

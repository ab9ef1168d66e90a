-- Takes back 065_idempotency_holder.

drop trigger if exists idempotency_keys_taken_over on idempotency_keys;
drop function if exists idempotency_keys_taken_over();
alter table if exists idempotency_keys
  drop column if exists holder,
  drop column if exists canonical;
comment on column idempotency_keys.fingerprint is 'SHA-256 of the url and body: another request under the key is refused';
delete from schema_scripts where name = '065_idempotency_holder';

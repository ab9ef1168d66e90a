-- Dead letters by their cause: what failed of the same thing has the same fingerprint, whatever goal it was.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table scheduler_dlq add column fingerprint varchar;

-- As the scheduler writes it (services/scheduler/src/DeadLetters/Fingerprint.ts): two polynomial hashes, modulo primes
-- below 2^24, of the error type, the error's name and its message without what that names
create function pg_temp.fingerprint_of(error_type text, error_message text) returns text language plpgsql as $body$
declare
    name text := split_part(coalesce(error_message, ''), ': ', 1);
    message text := substr(coalesce(error_message, ''), length(name) + 3);
    one bigint := 1;
    two bigint := 1;
    point bigint;
begin
    message := regexp_replace(message, '[A-Za-z][A-Za-z0-9+.-]*://[^ \t\r\n]+', '<url>', 'g');
    message := regexp_replace(message, '"[^"]*"|`[^`]*`|(?<![A-Za-z0-9])''[^'']*''(?![A-Za-z0-9])', '<value>', 'g');
    message := regexp_replace(message, '(?<![A-Za-z0-9])[A-Z]{3}-[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*', '<id>', 'g');
    message := regexp_replace(message,
        '(?<![A-Za-z0-9])[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![A-Za-z0-9])', '<id>', 'g');
    message := regexp_replace(message, '(?<![A-Za-z0-9])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{8,}(?![A-Za-z0-9])', '<id>', 'g');
    message := regexp_replace(message, '[0-9]+([.:,][0-9]+)*', '#', 'g');
    message := coalesce(error_type, '') || E'\n' || name || E'\n' || message;
    for nth in 1 .. length(message) loop
        point := ascii(substr(message, nth, 1));
        one := (one * 8191 + point) % 16777213;
        two := (two * 131071 + point) % 16777199;
    end loop;
    return lpad(to_hex(one), 6, '0') || lpad(to_hex(two), 6, '0');
end
$body$;
update scheduler_dlq set fingerprint = pg_temp.fingerprint_of(error_type, error_message);
drop function pg_temp.fingerprint_of(text, text);

alter table scheduler_dlq alter column fingerprint set not null;
create index ix_scheduler_dlq_fingerprint on scheduler_dlq (fingerprint) where state = 'open';
comment on column scheduler_dlq.fingerprint is 'Stands for the cause of its latest failure: the same for every goal that failed of it';

insert into schema_ledger (name) values ('170_dead_letter_cause') on conflict (name) do nothing;

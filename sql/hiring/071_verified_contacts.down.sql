-- Takes back 071_verified_contacts. Where customers say the same of themselves by now, all of them stay, and so does the
-- constraint's absence: losing none of them is more than the constraint.

drop index if exists ix_customer_entity_email;
drop index if exists uq_customer_entity_verified_email;
drop index if exists uq_customer_entity_verified_phone;

alter table if exists customer_entity drop column if exists verified_at;

do $back$
declare
  one text;
begin
  if to_regclass('customer_entity') is null then return; end if;
  foreach one in array array['email', 'phone'] loop
    begin
      execute format('alter table customer_entity add constraint uq_customer_entity_%1$s unique (%1$s)', one);
    exception
      when unique_violation then raise notice 'customers share a %, which stays possible', one;
      when duplicate_table or duplicate_object then null;
    end;
  end loop;
  comment on column customer_entity.email is 'E-mail address, lower-cased; one customer each.';
  comment on column customer_entity.phone is 'Phone number, without spaces; one customer each.';
end
$back$;

delete from schema_scripts where name = '071_verified_contacts';

-- A customer's e-mail address and phone number are its own once an operator has verified them. Among verified customers both
-- are unique; what a customer says of itself blocks nobody, so that nobody learns from a refusal that an address is taken,
-- and nobody can take a stranger's.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table customer_entity add column verified_at timestamptz;

-- Records under an id of ours were made by operators
update customer_entity set verified_at = created_at where customer_id like 'CUS-%';

create unique index uq_customer_entity_verified_email on customer_entity (email) where verified_at is not null;
create unique index uq_customer_entity_verified_phone on customer_entity (phone) where verified_at is not null;
create index ix_customer_entity_email on customer_entity (email);

-- Before: 0.2.0 leaves verified_at null, so the new indexes bind none of its rows; its inserts say `on conflict do nothing`,
-- which names no constraint, so they pass without the two
alter table customer_entity
  drop constraint if exists uq_customer_entity_email,
  drop constraint if exists uq_customer_entity_phone;

comment on column customer_entity.verified_at is 'When an operator made or verified its contacts; null: the customer''s own word.';
comment on column customer_entity.email is 'E-mail address, lower-cased; one verified customer each.';
comment on column customer_entity.phone is 'Phone number, without spaces; one verified customer each.';

insert into schema_scripts (name) values ('071_verified_contacts') on conflict (name) do nothing;

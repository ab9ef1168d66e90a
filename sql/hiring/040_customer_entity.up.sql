-- Customers as a business: who they are and how they are reached.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table customer_entity (
  customer_id varchar not null,
  full_name varchar not null,
  email varchar not null,
  phone varchar not null,
  business_name varchar not null,
  business_industry varchar not null,
  business_address varchar not null,
  website varchar,
  gst_number varchar,
  preferred_contact_method varchar not null,
  consent boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint pk_customer_entity primary key (customer_id),
  constraint uq_customer_entity_email unique (email),
  constraint uq_customer_entity_phone unique (phone),
  constraint ck_customer_entity_email check (email = lower(email) and email !~ '\s' and email like '%@%'),
  constraint ck_customer_entity_phone check (phone !~ '\s' and phone ~ '[0-9]'),
  constraint ck_customer_entity_preferred_contact_method check (preferred_contact_method in ('email', 'phone'))
);

comment on table customer_entity is 'Customers as a business. A subscription needs no record here: the identity provider may not be ours.';
comment on column customer_entity.customer_id is 'The subject of the customer''s tokens, or CUS- and a time-ordered uuid where an operator made the record.';
comment on column customer_entity.full_name is 'Name of the person.';
comment on column customer_entity.email is 'E-mail address, lower-cased; one customer each.';
comment on column customer_entity.phone is 'Phone number, without spaces; one customer each.';
comment on column customer_entity.business_name is 'Name of the business.';
comment on column customer_entity.business_industry is 'What the business does.';
comment on column customer_entity.business_address is 'Where the business is.';
comment on column customer_entity.website is 'Web site of the business, if it has one.';
comment on column customer_entity.gst_number is 'Goods and services tax number, if it has one.';
comment on column customer_entity.preferred_contact_method is 'email or phone.';
comment on column customer_entity.consent is 'Whether the customer consents to being contacted.';
comment on column customer_entity.created_at is 'Creation timestamp.';
comment on column customer_entity.updated_at is 'Last update timestamp.';

insert into schema_ledger (name) values ('040_customer_entity') on conflict (name) do nothing;

-- What was made in trials of the lead-generation kind: files, by name and place.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table trial_deliverables (
  trial_deliverable_id varchar not null,
  trial_id varchar not null,
  file_name varchar not null,
  file_path varchar not null,
  file_size bigint,
  mime_type varchar,
  description text,
  created_at timestamptz not null,
  constraint pk_trial_deliverables primary key (trial_deliverable_id),
  constraint ck_trial_deliverables_file_name check (file_name ~ '\S'),
  constraint ck_trial_deliverables_file_path check (file_path ~ '\S'),
  constraint ck_trial_deliverables_file_size check (file_size between 0 and 9007199254740991),
  constraint ck_trial_deliverables_mime_type check (mime_type like '%/%')
);

create index ix_trial_deliverables_trial_id on trial_deliverables (trial_id, created_at, trial_deliverable_id);

comment on table trial_deliverables is 'What was made in a trial, as a file somewhere; written once, never changed.';
comment on column trial_deliverables.trial_deliverable_id is 'Unique identifier: TRD- and a time-ordered uuid.';
comment on column trial_deliverables.trial_id is 'Trial that it was made in; kept by hiring, so no key of this database.';
comment on column trial_deliverables.file_name is 'Name of the file, as people read it.';
comment on column trial_deliverables.file_path is 'Where the file is; no service opens it.';
comment on column trial_deliverables.file_size is 'Size in bytes, if it was said.';
comment on column trial_deliverables.mime_type is 'Media type (RFC 9110), if it was said.';
comment on column trial_deliverables.description is 'What it is, in words, if that was said.';
comment on column trial_deliverables.created_at is 'Creation timestamp.';

insert into schema_ledger (name) values ('040_trial_deliverables') on conflict (name) do nothing;

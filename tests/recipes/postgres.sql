-- What must hold of the generated SQL and of the minted token. Each request is as PostgREST makes it: a transaction, the role,
-- the claims as a setting.
\set QUIET on
\pset tuples_only on
\pset format unaligned

create schema proof;
grant usage on schema proof to public;

create function proof.must(what text, truth boolean) returns void language plpgsql as $$
begin
  if truth is not true then
    raise exception 'FAILED: %', what;
  end if;
  raise notice 'ok  %', what;
end $$;

-- Becomes a user for the rest of the transaction.
create function proof.become(role name, claims text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', claims, true);
  execute format('set local role %I', role);
end $$;

create function proof.from_base64url(part text) returns bytea language sql immutable as $$
  select decode(rpad(translate(part, '-_', '+/'), (ceil(length(part) / 4.0) * 4)::int, '='), 'base64')
$$;

create function proof.refused(statement text) returns text language plpgsql as $$
begin
  execute statement;
  return null;
exception when others then
  return sqlstate;
end $$;

grant execute on all functions in schema proof to public;

-- ---------------------------------------------------------------- the token
select set_config('proof.token', :'token', false), set_config('proof.secret', :'secret', false) \g /dev/null
select proof.must('pgcrypto recomputes the HS256 of the minted token',
  public.hmac(
    convert_to(split_part(:'token', '.', 1) || '.' || split_part(:'token', '.', 2), 'utf8'),
    convert_to(:'secret', 'utf8'),
    'sha256'
  ) = proof.from_base64url(split_part(:'token', '.', 3)));
select set_config('proof.claims', convert_from(proof.from_base64url(split_part(:'token', '.', 2)), 'utf8'), false) \g /dev/null
select proof.must('its claims are those the policies need',
  current_setting('proof.claims')::json ->> 'sub' = 'kp_1a2b'
  and current_setting('proof.claims')::json ->> 'role' = 'authenticated'
  and current_setting('proof.claims')::json ->> 'aud' = 'authenticated'
  and (current_setting('proof.claims')::json ->> 'exp')::bigint - (current_setting('proof.claims')::json ->> 'iat')::bigint = 300);

-- ---------------------------------------------------------------- the claim function
select proof.must('without a setting there is nobody', public.get_user_id() is null);
begin;
set local request.jwt.claims = '';
select proof.must('an empty setting is nobody, and no error', public.get_user_id() is null);
commit;
select proof.must('nor is it one afterwards, on the same connection', public.get_user_id() is null);
begin;
set local request.jwt.claims = '{"role":"anon"}';
select proof.must('claims without a sub are nobody', public.get_user_id() is null);
rollback;
begin;
set local request.jwt.claims = '{"sub":""}';
select proof.must('an empty sub is nobody', public.get_user_id() is null);
rollback;
begin;
select proof.become('authenticated', current_setting('proof.claims'));
select proof.must('the minted token is its user', public.get_user_id() = 'kp_1a2b');
rollback;

-- ---------------------------------------------------------------- the policies
begin;
select proof.become('authenticated', current_setting('proof.claims'));
select proof.must('the sample rows are nobody''s yet', (select count(*) from public.todos) = 0);
rollback;
\set ON_ERROR_STOP off
\i :nobody
\set stopped :ERROR
\set ON_ERROR_STOP on
select proof.must('without a user the statement stops', :'stopped' = 'true');
select proof.must('and the rows can still be given', (select count(*) from public.todos where user_id = 'kp_sample') = 4);
\i :give
begin;
select proof.become('authenticated', current_setting('proof.claims'));
select proof.must('given, the user sees all four', (select count(*) from public.todos where user_id = 'kp_1a2b') = 4);
insert into public.todos (task) values ('mine');
select proof.must('the owner of a new row is the user of the token', (select user_id from public.todos where task = 'mine') = 'kp_1a2b');
update public.todos set completed_state = true where task = 'mine';
select proof.must('it can be changed', (select completed_state from public.todos where task = 'mine'));
select proof.must('not given away', proof.refused('update public.todos set user_id = ''kp_other'' where task = ''mine''') = '42501');
select proof.must('nor added in the name of another', proof.refused('insert into public.todos (task, user_id) values (''x'', ''kp_other'')') = '42501');
commit;
begin;
select proof.become('authenticated', '{"sub":"kp_other","role":"authenticated"}');
select proof.must('another user sees none of it', (select count(*) from public.todos) = 0);
update public.todos set task = 'stolen';
delete from public.todos;
insert into public.todos (task) values ('theirs');
select proof.must('and adds rows of their own', (select count(*) from public.todos) = 1);
commit;
select proof.must('nothing of the first was touched', (select count(*) from public.todos where user_id = 'kp_1a2b' and task <> 'stolen') = 5);
begin;
select proof.become('authenticated', current_setting('proof.claims'));
delete from public.todos where task = 'mine';
select proof.must('own rows can be deleted', (select count(*) from public.todos) = 4);
commit;
begin;
select proof.become('anon', '{"role":"anon"}');
select proof.must('nobody signed in reads nothing', (select count(*) from public.todos) = 0);
select proof.must('and adds nothing', proof.refused('insert into public.todos (task) values (''x'')') = '42501');
rollback;
begin;
select proof.become('authenticated', '');
select proof.must('a role without claims reads no row', (select count(*) from public.todos) = 0);
select proof.must('and adds none', proof.refused('insert into public.todos (task) values (''x'')') is not null);
rollback;
select proof.must('the policies use the index', exists (
  select from pg_indexes where schemaname = 'public' and tablename = 'todos' and indexdef like '%(user_id)%'));

-- ---------------------------------------------------------------- and back
\i :rollback
select proof.must('the rollback leaves nothing', to_regclass('public.todos') is null and to_regproc('public.get_user_id') is null);

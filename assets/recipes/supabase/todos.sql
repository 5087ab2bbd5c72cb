-- supabase/todos.sql: the to-do table, each person's own. Run it after kinde.sql.

begin;

create table if not exists public.todos (
  id bigint primary key generated always as identity,
  task text not null,
  -- Text: a Kinde user ID is no uuid. Whoever inserts a row owns it.
  user_id text not null default public.get_user_id(),
  completed_state boolean not null default false
);

-- A table that was there before, as Kinde's guide makes it, fills in no owner, and may say of a task neither yes nor no.
alter table public.todos alter column user_id set default public.get_user_id();
update public.todos set completed_state = false where completed_state is null;
alter table public.todos alter column completed_state set default false, alter column completed_state set not null;
-- The guide's policy, which the first of those below takes the place of.
drop policy if exists "users can read only their todos" on public.todos;

create index if not exists todos_user_id_idx on public.todos (user_id);

alter table public.todos enable row level security;

grant select, insert, update, delete on public.todos to authenticated;
-- Nobody signed in: an empty list in the place of an error, since no policy lets them see a row.
revoke insert, update, delete on public.todos from anon;

drop policy if exists "own todos: read" on public.todos;
drop policy if exists "own todos: add" on public.todos;
drop policy if exists "own todos: change" on public.todos;
drop policy if exists "own todos: delete" on public.todos;

-- The function within a select is asked once a query, and not once a row.
create policy "own todos: read" on public.todos
  for select to authenticated
  using ((select public.get_user_id()) = user_id);

create policy "own todos: add" on public.todos
  for insert to authenticated
  with check ((select public.get_user_id()) = user_id);

create policy "own todos: change" on public.todos
  for update to authenticated
  using ((select public.get_user_id()) = user_id)
  with check ((select public.get_user_id()) = user_id);

create policy "own todos: delete" on public.todos
  for delete to authenticated
  using ((select public.get_user_id()) = user_id);

-- Some rows to look at, where there are none yet. Their owner is nobody until give-todos.sql gives them to you.
insert into public.todos (task, user_id, completed_state)
select task, 'kp_sample', done
from (values
  ('Finish writing blog post', false),
  ('Buy groceries', true),
  ('Work out at the gym', false),
  ('Read 10 pages of a book', true)
) as sample (task, done)
where not exists (select from public.todos);

commit;

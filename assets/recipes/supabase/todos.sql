-- supabase/todos.sql: the to-do table, each person's own. Run it after kinde.sql.

begin;

create table if not exists public.todos (
  id bigint primary key generated always as identity,
  task text not null,
  -- Text: a Kinde user ID is no uuid. Whoever inserts a row owns it.
  user_id text not null default public.get_user_id(),
  completed_state boolean not null default false
);

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

-- Some rows to look at. Their owner is nobody until give-todos.sql gives them to you.
insert into public.todos (task, user_id, completed_state) values
  ('Finish writing blog post', 'kp_sample', false),
  ('Buy groceries', 'kp_sample', true),
  ('Work out at the gym', 'kp_sample', false),
  ('Read 10 pages of a book', 'kp_sample', true);

commit;

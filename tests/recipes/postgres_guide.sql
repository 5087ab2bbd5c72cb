-- What Kinde's guide leaves behind: a function that breaks on an empty setting, a table whose owner nothing fills in, four samples of
-- made-up users, and one policy, for reading. And a row of somebody real.
create function public.get_user_id() returns text language sql stable as
  'select nullif(current_setting(''request.jwt.claims'', true)::json ->> ''sub'', '''')::text';
create table public.todos (
  id bigint primary key generated always as identity,
  task text not null,
  user_id text not null,
  completed_state boolean default false
);
insert into public.todos (task, user_id, completed_state) values
  ('a', 'kp_123', false), ('b', 'kp_456', true), ('c', 'kp_789', null), ('d', 'kp_101', true), ('real', 'kp_real', false);
alter table public.todos enable row level security;
create policy "users can read only their todos" on public.todos for select to public using (get_user_id() = user_id);

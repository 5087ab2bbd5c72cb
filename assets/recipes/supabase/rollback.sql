-- supabase/rollback.sql: takes away everything that kinde.sql and todos.sql made, the to-dos included.

begin;

drop table if exists public.todos;
drop function if exists public.get_user_id();

commit;

-- supabase/give-todos.sql: gives the sample rows to a Kinde user. The SQL Editor runs as the owner of the table, whom no
-- policy binds: what it shows proves nothing of what your app may see.

update public.todos set user_id = %%user_id%% where user_id = 'kp_sample';

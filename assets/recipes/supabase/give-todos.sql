-- supabase/give-todos.sql: gives the sample rows to a Kinde user, those of Kinde's guide too. The SQL Editor runs as the owner of
-- the table, whom no policy binds: what it shows proves nothing of what your app may see.

update public.todos set user_id = %%user_id%%
where user_id in ('kp_sample', 'kp_123', 'kp_456', 'kp_789', 'kp_101');

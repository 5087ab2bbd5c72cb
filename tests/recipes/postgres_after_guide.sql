-- What must hold of the generated SQL on the table of Kinde's guide, after each run of it.
\set QUIET on
\pset tuples_only on

select proof.must('run ' || :'run' || ': no row came in that was not there, and none went', (select count(*) from public.todos) = 4 + :run);
select proof.must('the guide''s policy is gone, and there are four', (
  select count(*) = 4 and bool_and(policyname like 'own todos: %') from pg_policies where tablename = 'todos'));
begin;
select proof.become('authenticated', '{"sub":"kp_1a2b","role":"authenticated"}');
select proof.must('the guide''s samples are the user''s', (select count(*) from public.todos where user_id = 'kp_1a2b') = 3 + :run);
insert into public.todos (task) values ('mine');
select proof.must('a new row has its owner filled in, and is not done', (
  select count(*) = :run and bool_and(user_id = 'kp_1a2b' and not completed_state) from public.todos where task = 'mine'));
select proof.must('a task is done or it is not', proof.refused('update public.todos set completed_state = null') = '23502');
commit;
select proof.must('what belonged to somebody still does', (select user_id from public.todos where task = 'real') = 'kp_real');

-- supabase/give-todos.sql: gives the sample rows to a Kinde user, once one is named. As it is it stops with an error and changes
-- nothing: rows that were given to nobody could not be found again.

do $$
begin
  raise exception 'No Kinde user was named for the sample rows'
    using hint = 'Enter the user''s ID (kp_…) as the Kinde user, make the files again, and run this one';
end
$$;

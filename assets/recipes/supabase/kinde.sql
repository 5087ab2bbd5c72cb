-- supabase/kinde.sql: the Kinde user behind a request. Run it once in Supabase > SQL Editor.

begin;

-- The `sub` of the request's token, null without one. On a pooled connection the setting is an empty text after the first
-- request that had a token, and an empty text is no JSON.
create or replace function public.get_user_id()
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub', '')
$$;

comment on function public.get_user_id() is 'The Kinde user ID (kp_…) of the request''s token';

commit;

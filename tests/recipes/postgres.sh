#!/usr/bin/env bash
# postgres.sh FOLDER: the generated SQL and the minted token of FOLDER in a PostgreSQL of its own, on a Unix socket in a temporary
# folder. Sets the roles up as Supabase does, and each request as PostgREST does. Exit 77: PostgreSQL is not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo /nonexistent/initdb)")
[ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] || exit 77

base=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then
    # It refuses to run as root.
    user=postgres
    id $user >/dev/null 2>&1 || user=nobody
    as=(setpriv --reuid=$user --regid="$(id -g $user)" --clear-groups env HOME="$base")
    chown "$user" "$base"
fi
run() { "${as[@]}" "$@"; }
end() {
    run "$bin/pg_ctl" -D "$base/db" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$base"
}
trap end EXIT
cd "$base"
run "$bin/initdb" -D "$base/db" -U owner -A trust --no-sync >/dev/null
run "$bin/pg_ctl" -D "$base/db" -w -l "$base/log" -o "-k $base -c listen_addresses= -c fsync=off" start >/dev/null
run "$bin/postgres" --version

psql() { "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$base" -U owner -d postgres "$@" 2>&1 >/dev/null | sed '/skipping$/d; s/^psql:[^ ]* NOTICE:  //'; }
token=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).values.token' "$folder/supabase.json")
# What the SQL Editor would be given.
psql -f "$here/postgres_roles.sql"
for file in kinde todos; do psql -f "$folder/supabase/supabase/$file.sql"; done
# And once more: a person who runs it twice loses nothing, and gets nothing twice.
for file in kinde todos; do psql -f "$folder/supabase/supabase/$file.sql"; done
psql -v token="$token" -v secret="$(cat "$folder/jwt.secret")" -v give="$folder/supabase/supabase/give-todos.sql" \
    -v nobody="$folder/supabase-nobody/supabase/give-todos.sql" \
    -v rollback="$folder/supabase/supabase/rollback.sql" -f "$here/postgres.sql"
# Whoever followed Kinde's guide first.
psql -f "$here/postgres_guide.sql"
for run in 1 2; do
    for file in kinde todos give-todos; do psql -f "$folder/supabase/supabase/$file.sql"; done
    psql -v run=$run -f "$here/postgres_after_guide.sql"
done

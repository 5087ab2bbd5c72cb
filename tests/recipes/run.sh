#!/usr/bin/env bash
# The recipes beside what we did not write: other implementations, the type checker, Kinde's own packages, PostgreSQL. Not part
# of `cargo test`: it installs packages, each at a fixed version, into a temporary folder, and runs their install scripts for
# none. Needs node 20 or newer, npm, python3, cargo, PostgreSQL's programs and the built program. The WordPress plugin is on no
# registry: KINDE_PANEL_WORDPRESS_PLUGIN may name the folder of one, and then PHP is needed.
#   cargo build && tests/recipes/run.sh [PART…]      parts: state multipass env webhooks next as-test zapier
#                                                  edge cloudflare wordpress trustpath terminal todo supabase
#
# A part that lacks its program is skipped aloud, and in CI a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${KINDE_PANEL:-${CARGO_TARGET_DIR:-$here/../../target}/debug/kinde-panel}
case " ${KINDE_PANEL_SKIP:-} " in *" recipes "*) echo 'SKIPPED by your choice: PostgreSQL' && database= ;; *) database=supabase ;; esac
parts=${*:-state multipass env webhooks next as-test zapier edge cloudflare wordpress trustpath terminal todo $database}
temp=$(mktemp -d)
servers=()
end() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    rm -rf "$temp"
}
trap end EXIT
# A proxy or an authority of this machine's own has no business here.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

say() { printf '\n-- %s\n' "$*"; }
wants() { case " $parts " in *" $1 "*) ;; *) return 1 ;; esac; }
skip() {
    echo "SKIPPED: $*"
    [ "${CI:-}" != true ] || exit 1
}
for tool in node npm python3; do
    command -v $tool >/dev/null || { skip "the recipes, without $tool"; exit 0; }
done
recipe() { "$program" --data-dir "$temp/data" --json recipe "$@"; }

say "Installing the counterparts"
cp "$here/package.json" "$temp"
(cd "$temp" && npm install --silent --no-audit --no-fund --ignore-scripts)
export COUNTERPARTS=$temp
cp "$here"/*.mjs "$here"/*.py "$here"/*.capnp "$temp"

printf '%s' 1234567890abcdef1234567890abcdef >"$temp/multipass.secret"
printf '%s' 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f >"$temp/state.key"
printf '%s' 'kinde-client-secret-0123456789abcdefABCDEFGHIJ' >"$temp/jwt.secret"

# Everything that can be generated, once, for a tenant that is not asked.
say "Generating"
export KINDE_DOMAIN=acme.kinde.com
recipe generate campaign-state --set source=reddit --set 'campaign=juné+launch & co=50%' --set client_id=0123456789abcdef \
    --secret "key=$temp/state.key" --out "$temp/app" >"$temp/state.json"
recipe generate shopify-multipass --set store=acme --set email=nic@example.com --set first_name=Zoë --set 'tag_string=a, b' \
    --secret "multipass_secret=$temp/multipass.secret" --out "$temp/multipass" >"$temp/multipass.json"
recipe generate nextjs --out "$temp/nextjs" >/dev/null
recipe generate zapier --out "$temp/zapier" >/dev/null
for runtime in cloudflare next nuxt deno; do
    recipe generate edge-workers --set runtime=$runtime --set audience=https://api.example.com --out "$temp/edge-$runtime" >/dev/null
done
for failure in open closed; do
    recipe generate trustpath --set on_failure=$failure --set on_review=deny --out "$temp/trustpath-$failure" >/dev/null
    recipe simulate trustpath --set on_failure=$failure --set on_review=deny >"$temp/trustpath-$failure.json"
done
recipe generate supabase --set project=abcdefghijklmnopqrst --set publishable_key=sb_publishable_x --set user_id=kp_1a2b \
    --set client_id=0123456789abcdef --secret "jwt_secret=$temp/jwt.secret" --out "$temp/supabase" >"$temp/supabase.json"
recipe generate supabase --set project=abcdefghijklmnopqrst --out "$temp/supabase-nobody" >/dev/null
unset KINDE_DOMAIN

# The binary of a package for this machine; empty where its makers have none.
binary() { find "$temp/node_modules" -path "$1" -type f -perm -u+r 2>/dev/null | head -1; }

# The generated TypeScript of a folder: checked, and as JavaScript that node runs.
compile() {
    cp "$here/tsconfig.json" "$temp/$1/tsconfig.json"
    (cd "$temp" && node_modules/.bin/tsc --project "$1/tsconfig.json" --noEmit false --noEmitOnError --outDir "js/$1" --rootDir "$1")
    echo "$1"
}

say "Types: everything generated, under strict and more"
# What stands around them in the template that the guide starts from.
cp -r "$here/todo/." "$temp/supabase"
# Two at a time: it is most of the time that all of this takes.
export -f compile
export here temp
printf '%s\n' app supabase multipass nextjs edge-cloudflare edge-next edge-nuxt trustpath-open trustpath-closed |
    xargs -P 2 -I{} bash -euo pipefail -c 'compile {}'

if wants state; then
    say "state: Node's own crypto, URLSearchParams, and Python"
    node "$temp/state.mjs" "$program"
fi
if wants multipass; then
    say "Multipass: multipassify and multipass-js"
    node "$temp/multipass.mjs" "$program"
fi

if wants env; then
    say "Environment files: Next.js's loader, dotenv, Deno, a shell"
    deno=$(binary '*/@deno/*/deno')
    [ -z "$deno" ] || chmod +x "$deno"
    (cd "$temp" && KINDE_DOMAIN=acme.kinde.com node env.mjs "$program" "$deno")
fi

# A tenant that signs.
"$program" sandbox --data-dir "$temp/data" >"$temp/ready.json" 2>"$temp/sandbox.err" &
servers+=($!)
tries=0
until [ -s "$temp/ready.json" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || { cat "$temp/sandbox.err"; exit 1; }
    sleep 0.1
done
issuer=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).ready.issuer' "$temp/ready.json")
export ISSUER=$issuer

serve() { # name, script…: starts it, and waits until it says where it is
    local name=$1
    shift
    (cd "$temp" && exec node "$@") >"$temp/$name.out" 2>"$temp/$name.err" &
    servers+=($!)
    local tries=0
    until [ -s "$temp/$name.out" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 300 ] || { cat "$temp/$name.err"; exit 1; }
        sleep 0.1
    done
    head -1 "$temp/$name.out"
}
answers() { # address, log: waits until something answers there
    local tries=0
    until node -e 'fetch(process.argv[1]).then(() => process.exit(0), () => process.exit(1))' "$1"; do
        tries=$((tries + 1))
        [ "$tries" -le 300 ] || { cat "$2"; exit 1; }
        sleep 0.1
    done
}
same() { # two answers: fails where a check of one has another verdict in the other
    node -e 'const [a, b] = process.argv.slice(1).map((file) => JSON.parse(require("fs").readFileSync(file)).checks.map((check) => `${check.name} ${check.verdict}`).join("\n"));
        if (a !== b) { console.error(a, "\n---\n", b); process.exit(1); }' "$temp/$1.json" "$temp/$2.json"
}
judge() { # file: prints the checks; fails where one fails
    node "$temp/checks.mjs" "$1" "${@:2}"
}

if wants webhooks; then
    say "The Next.js route in node, posted to by the panel's own check"
    url=$(KINDE_ISSUER_URL=$issuer serve webhooks webhooks.mjs "$temp/js/nextjs/app/api/kinde-webhook/route.js")
    recipe check nextjs --set "url=$url" >"$temp/nextjs.json" || true
    judge "$temp/nextjs.json"
    echo "And what it answers so that Kinde comes again"
    (cd "$temp" && node webhooks_retries.mjs "$temp/js/nextjs/app/api/kinde-webhook/route.js")
    echo "@kinde/webhooks reads what the sandbox signs"
    (cd "$temp" && node webhooks_sdk.mjs "$program" "$temp/data")
fi
if wants next; then
    say "The route in a real Next.js: built, started, and posted to by the panel's own check"
    app=$temp/nextjs
    cp -r "$here/app" "$app/"
    (cd "$app" && NEXT_TELEMETRY_DISABLED=1 ../node_modules/.bin/next build) >"$temp/next.out" 2>&1 || { cat "$temp/next.out"; exit 1; }
    grep -i 'kinde-webhook' "$temp/next.out"
    port=$(node "$temp/free-port.mjs")
    (cd "$app" && NEXT_TELEMETRY_DISABLED=1 KINDE_ISSUER_URL=$issuer exec node ../node_modules/next/dist/bin/next start -H 127.0.0.1 -p "$port") \
        >"$temp/next-start.out" 2>&1 &
    servers+=($!)
    answers "http://127.0.0.1:$port/" "$temp/next-start.out"
    recipe check nextjs --set "url=http://127.0.0.1:$port/api/kinde-webhook" >"$temp/next.json" || true
    judge "$temp/next.json"
fi
if wants as-test; then
    say "The test that is copied of a webhook: under Vitest, against the route and one as Kinde's guide has it; in Rust, compiled with the crates that it names"
    (cd "$here/../.." && KINDE_PANEL_NODE_KIT=$temp KINDE_PANEL_RUST_KIT=$temp/as-test-rust \
        CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/../../target} cargo test --quiet --locked --lib as_test -- --ignored)
fi
if wants zapier; then
    say "The Zapier step in node"
    (cd "$temp" && node zapier.mjs "$temp/zapier/zapier/code-step.js" "$program" "$temp/data")
    hook=$(serve hook hook.mjs)
    recipe check zapier --set "url=$hook" >"$temp/zapier.json" || true
    judge "$temp/zapier.json" address webhook
    head -c 60 "$temp/hook.body" | grep -q '^eyJ' || { echo "the hook did not get a JWT"; exit 1; }
fi
if wants edge; then
    say "The edge verifier in node, asked by the panel's own check"
    url=$(KINDE_ISSUER_URL=$issuer KINDE_AUDIENCE=https://api.example.com serve edge edge.mjs "$temp/js/edge-cloudflare/src/index.js")
    recipe check edge-workers --set "url=$url" --set audience=https://api.example.com >"$temp/edge.json" || true
    judge "$temp/edge.json"
    say "And while the keys are out of reach, in three of its wrappers"
    (cd "$temp" && node edge_keys.mjs)
fi
if wants edge; then
    export KINDE_ISSUER_URL=$issuer KINDE_AUDIENCE=https://api.example.com
    say "The same in workerd, which runs Cloudflare's Workers"
    workerd=$(binary '*/@cloudflare/workerd-*/bin/workerd')
    if [ -n "$workerd" ]; then
        port=$(node "$temp/free-port.mjs")
        sed "s|%PORT%|$port|; s|%ISSUER%|$issuer|" "$here/worker.capnp" >"$temp/worker.capnp"
        chmod +x "$workerd"
        (cd "$temp" && exec "$workerd" serve worker.capnp) >"$temp/workerd.out" 2>&1 &
        servers+=($!)
        answers "http://127.0.0.1:$port/" "$temp/workerd.out"
        recipe check edge-workers --set "url=http://127.0.0.1:$port/" --set audience=$KINDE_AUDIENCE >"$temp/workerd.json" || true
        judge "$temp/workerd.json"
        same edge workerd
    else
        skip "workerd has no program for this machine"
    fi
    say "And in Deno"
    deno=$(binary '*/@deno/*/deno')
    in_deno() { # log, tenant: serves the generated service; its address is in $url
        local port
        port=$(node "$temp/free-port.mjs")
        url=http://127.0.0.1:$port/
        (cd "$temp/edge-deno" && KINDE_ISSUER_URL=$2 DENO_SERVE_ADDRESS="tcp:127.0.0.1:$port" exec "$deno" run --no-remote --no-config --no-lock \
            --node-modules-dir=none --allow-net --allow-env main.ts) >"$temp/$1" 2>&1 &
        servers+=($!)
        answers "$url" "$temp/$1"
    }
    if [ -n "$deno" ]; then
        chmod +x "$deno"
        in_deno deno.out "$issuer"
        recipe check edge-workers --set "url=$url" --set audience=$KINDE_AUDIENCE >"$temp/deno.json" || true
        judge "$temp/deno.json"
        same edge deno
        in_deno deno_keys.out "http://127.0.0.1:$(node "$temp/free-port.mjs")"
        node -e 'const part = (it) => Buffer.from(JSON.stringify(it)).toString("base64url");
            const authorization = `Bearer ${part({ alg: "RS256", kid: "x" })}.${part({})}.AAAA`;
            fetch(process.argv[1], { headers: { authorization } }).then(({ status }) => {
                console.log("keys out of reach:", status);
                process.exit(status === 503 ? 0 : 1);
            });' "$url"
    else
        skip "Deno has no program for this machine"
    fi
    unset KINDE_ISSUER_URL KINDE_AUDIENCE
fi
if wants cloudflare; then
    say "Cloudflare's fields with openid-client"
    recipe generate cloudflare-zero-trust --set team=mirosaurus --out "$temp/cloudflare" >"$temp/cloudflare.json"
    (cd "$temp" && node cloudflare.mjs)
fi
if wants wordpress; then
    say "WordPress: the requests of OpenID Connect Generic Client"
    recipe generate wordpress --set site=https://blog.example.com --out "$temp/wordpress" >"$temp/wordpress.json"
    (cd "$temp" && node wordpress.mjs "$program")
    if [ -n "${KINDE_PANEL_WORDPRESS_PLUGIN:-}" ]; then
        say "The plugin itself, in PHP"
        cp "$here/wordpress_plugin.php" "$temp"
        (cd "$temp" && node wordpress_plugin.mjs "$KINDE_PANEL_WORDPRESS_PLUGIN" https://blog.example.com)
    else
        echo "The plugin itself is on no package registry: unpack it, and name its folder in KINDE_PANEL_WORDPRESS_PLUGIN (needs php)"
    fi
fi
if wants trustpath; then
    say "The TrustPath workflow with @kinde/infrastructure"
    for failure in open closed; do
        (cd "$temp" && node trustpath.mjs "js/trustpath-$failure/kindeSrc/environment/workflows/FraudDetectionWorkflow.js" \
            "trustpath-$failure.json")
    done
fi
if wants terminal; then
    say "A person at a terminal is asked for every secret, without echo"
    python3 "$temp/terminal.py" "$program" "$temp/data"
fi
if wants todo; then
    say "The to-do app in a real Next.js, with Kinde's own SDK: built, started, signed in to"
    port=$(node "$temp/free-port.mjs")
    app=$temp/todo
    recipe generate supabase --set project=abcdefghijklmnopqrst --set publishable_key=sb_publishable_x --set "site=http://127.0.0.1:$port" \
        --secret "jwt_secret=$temp/jwt.secret" --out "$app" >/dev/null
    # The routes of the other recipes as well: an app with Cache Components takes none that chooses its runtime or how it is cached.
    cp -r "$temp"/{nextjs,app,multipass}/app "$temp"/{app,multipass}/lib "$app"
    cp -r "$here/todo/." "$here/tsconfig.json" "$app"
    (cd "$app" && NEXT_TELEMETRY_DISABLED=1 ../node_modules/.bin/next build) >"$temp/todo.out" 2>&1 || { cat "$temp/todo.out"; exit 1; }
    for route in /api/kinde-webhook /api/multipass /auth/campaign /auth/campaign/callback; do
        grep -q "ƒ $route\$" "$temp/todo.out" || { cat "$temp/todo.out"; echo "$route is not asked anew for every request"; exit 1; }
    done
    (cd "$temp" && node todo.mjs "$app" "$port" "$program" "$temp/data")
fi
if wants supabase; then
    say "Supabase's SQL and token in PostgreSQL"
    "$here/postgres.sh" "$temp" || { code=$?; [ $code = 77 ] && skip "PostgreSQL is not installed" || exit $code; }
fi
printf '\nAll counterparts agree\n'

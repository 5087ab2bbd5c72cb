// todo.mjs APP PORT PROGRAM DATA: the generated to-do app, built by Next.js in an app of the template's shape, started and used:
// Kinde's sign-in at the sandbox, and the rows of a stand-in for Supabase that verifies the token itself. The route of Multipass
// stands in the same app, and gets its session from the same SDK.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { jwtVerify } from "jose";
import { allow, inEnv, signIn } from "./browser.mjs";
import { delivered, home, must, panel, serve } from "./tools.mjs";

const [app, port, program, folder] = process.argv.slice(2);
const site = `http://127.0.0.1:${port}`;
const env = (name) => inEnv(`${app}/.env.local`, name);
const secret = new TextEncoder().encode(env("SUPABASE_JWT_SECRET"));

const rows = [];
const asked = [];
const supabase = await serve(async (request) => {
  const bearer = /^Bearer (.*)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  const options = { algorithms: ["HS256"], audience: "authenticated" };
  const user = bearer && (await jwtVerify(bearer, secret, options)).payload;
  asked.push({ method: request.method, user, key: request.headers.get("apikey") });
  if (!user) return Response.json([]);
  if (request.method === "POST") {
    rows.push({ id: rows.length + 1, task: (await request.json()).task, completed_state: false });
    return new Response(null, { status: 201 });
  }
  // PostgREST's filter: id=eq.1
  const at = rows.findIndex((row) => `eq.${row.id}` === new URL(request.url).searchParams.get("id"));
  if (request.method === "PATCH") Object.assign(rows[at], await request.json());
  if (request.method === "DELETE") rows.splice(at, 1);
  if (request.method !== "GET") return new Response(null, { status: 204 });
  return Response.json(rows);
});

const next = spawn("node", [`${home}/node_modules/next/dist/bin/next`, "start", "-H", "127.0.0.1", "-p", port], {
  cwd: app,
  env: {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: "1",
    NEXT_PUBLIC_SUPABASE_URL: supabase.url,
    SHOPIFY_STORE: "acme.myshopify.com",
    SHOPIFY_MULTIPASS_SECRET: readFileSync(`${home}/multipass.secret`, "utf8"),
  },
  stdio: ["ignore", "ignore", "inherit"],
});
process.on("exit", () => next.kill());
let up = false;
for (let tries = 0; !up && tries < 300; tries += 1) {
  up = await fetch(site).then(() => true, () => new Promise((resolve) => setTimeout(() => resolve(false), 100)));
}
must("it starts", up);

const jar = new Map();
/** Asks the app as a browser does that keeps its cookies. */
async function visit(path, options = {}) {
  const cookie = Array.from(jar, ([name, value]) => `${name}=${value}`).join("; ");
  const answer = await fetch(new URL(path, site), { redirect: "manual", ...options, headers: { cookie, origin: site } });
  for (const line of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    jar.set(name, value);
  }
  return answer;
}

const nobody = await (await visit("/")).text();
must("nobody is offered Kinde's sign-in", nobody.includes("/api/auth/login") && nobody.includes("/api/auth/register"), nobody);
must("and sees no list", nobody.includes("Sign in to see your list") && !nobody.includes("could not be read"), nobody);
const first = asked.at(-1);
must("asked for without a token", first.user === undefined && first.key === "sb_publishable_x", first);

await allow(env("KINDE_CLIENT_ID"), `${site}/api/auth/kinde_callback`);
const login = new URL((await visit("/api/auth/login")).headers.get("location"), site);
must("sign-in goes to Kinde", login.origin === process.env.ISSUER && login.pathname === "/oauth2/auth", login.href);
const { back, refused } = await signIn(login);
must("which sends the browser back", back?.pathname === "/api/auth/kinde_callback", refused);
const done = await visit(back.href);
must("and the app takes it", new URL(done.headers.get("location"), site).origin === site, done.headers.get("location"));

const home_page = await (await visit("/")).text();
const person = asked.at(-1).user;
must("somebody's name is there", home_page.includes("/api/auth/logout") && home_page.includes(person?.email), home_page);
must("the list is asked for as that person", person.sub.startsWith("kp_") && person.role === "authenticated", person);

/** Sends a form of the page as a browser without script does: `fields` beside what the form holds already. */
async function send(page, button, fields) {
  const form = page.split("<form").find((part) => part.split("</form>")[0].includes(button));
  const body = new FormData();
  for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const [, name] = /name="([^"]+)"/.exec(input);
    body.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? "");
  }
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const answer = await visit("/", { method: "POST", body });
  must("the form is taken", answer.status < 400, answer.status);
  return (await visit("/")).text();
}

let list = await send(home_page, ">Add<", { task: "Buy groceries" });
must("a task is added as that person", asked.some((one) => one.method === "POST" && one.user?.sub === person.sub), asked);
must("and shown", list.includes("Buy groceries") && list.includes(">Done</button>"), list);
list = await send(list, ">Delete<", { do: "done" });
must("ticked off", rows[0].completed_state === true && list.includes("Open again"), rows);
list = await send(list, ">Delete<", { do: "open" });
must("opened again", rows[0].completed_state === false && !list.includes("Open again"), rows);

// ---- The store: the same session, signed in to it by a token of its own.
const judged = (token) => {
  writeFileSync(`${home}/token`, token);
  const words = ["recipe", "check", "shopify-multipass", "--set", `token=@${home}/token`];
  return panel(program, folder, ...words, "--password-file", `${home}/multipass.secret`);
};
const shop = await visit("/api/multipass?return_to=/cart");
const login_at_store = new URL(shop.headers.get("location"));
must("Multipass sends the browser to the store", login_at_store.href.startsWith("https://acme.myshopify.com/account/login/multipass/"));
const { verdict, values } = judged(login_at_store.href);
must("with a token that is good", verdict === "pass" && values.customer.email === person.email, values);
must("and the page to end on", values.customer.return_to === "https://acme.myshopify.com/cart", values);

// ---- An hour later: every token has expired.
const past = Math.floor(Date.now() / 1000) - 60;
const claims = { iss: process.env.ISSUER, exp: past, sub: person.sub, azp: env("KINDE_CLIENT_ID"), email: person.email, email_verified: true };
const members = Object.entries(claims).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
const expired = await delivered(program, folder, "user.created", ...members);
function expire() {
  for (const name of [...jar.keys()].filter((name) => /^(id|access)_token\d*$/.test(name))) jar.delete(name);
  for (const name of ["id_token", "access_token"]) jar.set(name, expired);
}
expire();
const later = await (await visit("/")).text();
must("an hour later the list is still that person's", later.includes("Buy groceries") && later.includes("/api/auth/logout"), later);
must("asked for as that person", asked.at(-1).user?.sub === person.sub, asked.at(-1));
must("and the browser has new tokens", jar.get("id_token") !== expired && jar.get("access_token") !== expired);
list = await send(later, ">Delete<", { do: "delete" });
must("a task is deleted", rows.length === 0 && list.includes("Nothing to do."), rows);

// ---- And where Kinde refreshes nothing any more.
expire();
jar.set("refresh_token", "gone");
const over = await visit("/?from=here");
const again = new URL(over.headers.get("location") ?? site, site);
must("a session that has ended leads to the sign-in", [302, 303, 307].includes(over.status) && again.pathname === "/api/auth/login", over.status);
must("which comes back to the page", again.searchParams.get("post_login_redirect_url") === "/?from=here", again.href);
const store_again = await visit("/api/multipass?return_to=/cart");
must("so does the store's route", new URL(store_again.headers.get("location"), site).pathname === "/api/auth/login");
const out = new URL((await visit("/api/auth/logout")).headers.get("location"), site);
must("and who signs out is not asked to sign in", out.origin === process.env.ISSUER && out.pathname === "/logout", out.href);
process.exit(0);

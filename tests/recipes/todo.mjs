// todo.mjs APP PORT: the generated to-do app, built by Next.js in an app of the template's shape, started and used: Kinde's sign-in
// at the sandbox, and the rows of a stand-in for Supabase that verifies the token itself.
import { spawn } from "node:child_process";
import { jwtVerify } from "jose";
import { allow, inEnv, signIn } from "./browser.mjs";
import { home, must, serve } from "./tools.mjs";

const [app, port] = process.argv.slice(2);
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
  return Response.json(rows);
});

const next = spawn("node", [`${home}/node_modules/next/dist/bin/next`, "start", "-H", "127.0.0.1", "-p", port], {
  cwd: app,
  env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NEXT_PUBLIC_SUPABASE_URL: supabase.url },
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
must("and sees an empty list", nobody.includes("Nothing to do") && !nobody.includes("could not be read"), nobody);
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

const action = /name="(\$ACTION_ID_[^"]+)"/.exec(home_page)[1];
const form = new FormData();
form.set(action, "");
form.set("task", "Buy groceries");
await visit("/", { method: "POST", body: form });
must("a task is added as that person", asked.some((one) => one.method === "POST" && one.user?.sub === person.sub), asked);
must("and shown", (await (await visit("/")).text()).includes("Buy groceries"));
process.exit(0);

// The campaign's state: written by the panel and read by the generated code, and the other way round; through
// URLSearchParams and Python's urllib; and the generated sender and receiver walked from end to end.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { load } from "./resolve.mjs";
import { home, must, panel, serve } from "./tools.mjs";

const program = process.env.KINDE_PANEL ?? process.argv[2];
const key = readFileSync(`${home}/state.key`, "utf8");
process.env.CAMPAIGN_STATE_KEY = key;
const { readState, writeState, newNonce } = await load(`${home}/js/app/lib/campaign-state.js`);
const made = JSON.parse(readFileSync(`${home}/state.json`, "utf8")).values;

const [part, mac] = made.state.split(".");
const tag = createHmac("sha256", Buffer.from(key, "hex")).update(part).digest("base64url").slice(0, 22);
must("node recomputes the signature", tag === mac);
const read = readState(made.state, made.nonce);
must("the generated code reads what the panel wrote", read.ok && read.campaign.campaign === "juné+launch & co=50%", read);
must("another browser is refused", readState(made.state, newNonce()).reason === "nonce");
must("a changed state is refused", readState(`A${made.state.slice(1)}`, made.nonce).reason === "signature");
must("an old state is refused", readState(made.state, made.nonce, Date.now() + 3_700_000).reason === "expired");

for (const campaign of [
  { source: "a+b/c=d", campaign: "???>>>&#%", content: "naïve 漢字 🚀" },
  { source: "newsletter", term: "x".repeat(100) },
  {},
]) {
  const nonce = newNonce();
  const state = writeState(campaign, nonce);
  const query = new URLSearchParams({ code: "c", state });
  must("it comes back from URLSearchParams as it was", new URLSearchParams(query.toString()).get("state") === state);
  const url = `https://acme.kinde.com/oauth2/auth?${new URLSearchParams({ redirect_uri: "https://app.example/cb?x=1", state })}`;
  const back = execFileSync("python3", [`${home}/state.py`, url], { encoding: "utf8" }).trim();
  must("and from Python's urllib", new URL(back).searchParams.get("state") === state, back);
  const given = [`callback_url=${back}`, `nonce=${nonce}`].flatMap((word) => ["--set", word]);
  const judged = panel(program, `${home}/data`, "recipe", "check", "campaign-state", ...given, "--secret", `key=${home}/state.key`);
  must("and the panel finds it good", judged.verdict === "pass", JSON.stringify(judged));
  const said = { source: undefined, term: undefined, campaign: undefined, content: undefined, ...judged.values.campaign };
  must("with the same campaign", Object.entries(said).every(([name, value]) => campaign[name] === value), said);
}

// Sender and receiver, with a token endpoint that answers as Kinde does.
const tenant = await serve(async (request) => {
  const form = new URLSearchParams(await request.text());
  if (form.get("code") !== "good") return Response.json({ error: "invalid_grant" }, { status: 400 });
  const claims = Buffer.from(JSON.stringify({ sub: "kp_1" })).toString("base64url");
  return Response.json({ id_token: `e30.${claims}.x` });
});
process.env.KINDE_ISSUER_URL = `${tenant.url}/`;
process.env.KINDE_SITE_URL = "http://localhost:3000";
process.env.KINDE_CLIENT_ID = "id";
process.env.KINDE_CLIENT_SECRET = "secret";
const sender = await load(`${home}/js/app/app/auth/campaign/route.js`);
const receiver = await load(`${home}/js/app/app/auth/campaign/callback/route.js`);
const sent = await sender.GET(new Request(made.campaign_link));
const authorize = new URL(sent.headers.get("location"));
const cookie = sent.headers.get("set-cookie").split(";")[0];
must("the sender goes to the tenant", authorize.origin === tenant.url && authorize.searchParams.get("state").length >= 8);
const come = (query, headers = { cookie }) =>
  receiver.GET(new Request(`http://localhost:3000/auth/campaign/callback?${new URLSearchParams(query)}`, { headers }));
const state = authorize.searchParams.get("state");
const logged = [];
const info = console.info;
console.info = (...words) => logged.push(words);
must("the receiver takes it", (await come({ code: "good", state })).status === 303);
console.info = info;
must("and hands out campaign and user", logged[0][1].user === "kp_1" && logged[0][1].campaign.source === "reddit", logged);
must("not without the cookie", (await come({ code: "good", state }, {})).status === 400);
must("not with a forged state", (await come({ code: "good", state: `${state}x` })).status === 400);
must("not with a bad code", (await come({ code: "bad", state })).status === 502);
const six = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid"];
const carried = async (query) => {
  const answer = await sender.GET(new Request(`http://localhost:3000/auth/campaign?${new URLSearchParams(query)}`));
  const state = new URL(answer.headers.get("location")).searchParams.get("state");
  const nonce = answer.headers.get("set-cookie").split(";")[0].split("=")[1];
  must("however long the names are, the browser goes on to the tenant", answer.status === 302 && state.length <= 1500, state.length);
  const given = ["--set", `callback_url=http://localhost:3000/cb?code=c&state=${state}`, "--set", `nonce=${nonce}`];
  const judged = panel(program, `${home}/data`, "recipe", "check", "campaign-state", ...given, "--secret", `key=${home}/state.key`);
  must("with a state that the panel finds sound", judged.checks.every((check) => check.verdict !== "fail"), JSON.stringify(judged));
  return readState(state, nonce).campaign;
};
const long = "夏のセール".repeat(40);
const kept = await carried(six.map((name) => [name, long]));
must("which keeps what tells most", kept.source === long.slice(0, 120) && !("content" in kept) && !("term" in kept), kept);
const fewer = await carried([["utm_source", "reddit"], ["utm_content", long], ["utm_term", long], ["gclid", "g".repeat(100)], ["utm_medium", long]]);
must("and drops the content alone where that is enough", "term" in fewer && "medium" in fewer && !("content" in fewer), fewer);
const faces = await carried([["utm_source", `a${"🚀".repeat(200)}`]]);
must("no character is cut in two", faces.source === `a${"🚀".repeat(119)}`, faces);
// An app below a path: the browser brings a cookie back to where its Path leads, and nowhere else.
for (const [site, below] of [["http://localhost:3000", ""], ["https://example.com/shop", "/shop"], ["https://example.com/shop/", "/shop"]]) {
  process.env.KINDE_SITE_URL = site;
  const sent = await sender.GET(new Request(`${site}/auth/campaign?utm_source=reddit`));
  const back = new URL(new URL(sent.headers.get("location")).searchParams.get("redirect_uri"));
  const set = sent.headers.get("set-cookie");
  const path = /; Path=([^;]*)/.exec(set)[1];
  must(`the cookie of ${site} is below it`, path === `${below}/auth/campaign` && back.pathname.startsWith(`${path}/`), set);
  const nonce = { cookie: set.split(";")[0] };
  const done = await come({ code: "good", state: new URL(sent.headers.get("location")).searchParams.get("state") }, nonce);
  must("and taken away there", done.status === 303 && done.headers.get("set-cookie").includes(`; Path=${path}; Max-Age=0`), done.status);
}
must("not after an error", (await come({ error: "access_denied" })).status === 400);
tenant.close();

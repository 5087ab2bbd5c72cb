// webhooks_retries.mjs ROUTE: what the generated route answers so that Kinde comes again, and when it no longer has to: ages, handling
// that fails or is still under way, keys out of reach, bodies too large. Keys are made here; the clock is moved, never waited for.
import { readFileSync, writeFileSync } from "node:fs";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { load } from "./resolve.mjs";
import { must, serve } from "./tools.mjs";

const HOUR = 3_600_000;
const { privateKey, publicKey } = await generateKeyPair("RS256");
const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
let keys = () => Response.json({ keys: [jwk] });
const tenant = await serve(() => keys());
process.env.KINDE_ISSUER_URL = tenant.url;

// The route with an app's own work in `handle`, which is what that function is for.
const [file] = process.argv.slice(2);
const code = readFileSync(file, "utf8");
const begin = "async function handle(event) {";
must("the route has a place for the app's own work", code.split(begin).length === 2);
const worked = file.replace(/route\.js$/, "worked.js");
writeFileSync(worked, code.replace(begin, `${begin} await globalThis.work(event);`));
globalThis.work = () => {};
const { POST } = await load(worked);
// What the route says of its own, and no failure of this test.
const error = console.error;
console.error = (...words) => String(words[0]).startsWith("kinde-webhook:") || error(...words);
console.info = () => {};

const real = Date.now;
let ahead = 0;
Date.now = () => real() + ahead;

let count = 0;
/** A delivery, and later attempts at it: the same body and the same webhook-id. */
async function event(age = 0) {
  count += 1;
  const timestamp = new Date(Date.now() - age).toISOString();
  const payload = { type: "user.created", event_id: `event_${count}`, timestamp, data: { user: { id: "kp_1" } } };
  const body = await new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: "one" }).sign(privateKey);
  return { body, id: `webhook_${count}` };
}
async function post({ body, id }, headers = {}) {
  const all = { "content-type": "application/jwt", "webhook-id": id, ...headers };
  const answer = await POST(new Request("http://127.0.0.1/api/kinde-webhook", { method: "POST", body, headers: all }));
  return `${answer.status} ${(await answer.json()).outcome}`;
}
async function answers(what, wanted, delivery, headers) {
  const got = await post(delivery, headers);
  must(`${what}: ${wanted}`, got === wanted, got);
}

// ---- How old it may be: Kinde's last attempt comes 36 hours after the first.
await answers("signed just now", "200 handled", await event());
await answers("36 hours ago", "200 handled", await event(36 * HOUR));
await answers("38 hours ago", "400 too old", await event(38 * HOUR));
await answers("4 minutes ahead", "200 handled", await event(-4 * 60_000));
await answers("6 minutes ahead", "400 from the future", await event(-6 * 60_000));
const often = await event();
await answers("the first attempt", "200 handled", often);
ahead += 36 * HOUR;
await answers("the same one 36 hours later", "200 duplicate", often);
ahead += 2 * HOUR;
await answers("played again 38 hours later", "400 too old", often);

// ---- Handling that fails is tried again, and done once.
const failing = await event();
globalThis.work = async () => {
  throw new Error("the database is away");
};
await answers("handling that throws", "500 handling failed", failing);
await answers("and throws again", "500 handling failed", failing);
globalThis.work = () => {};
await answers("the next attempt", "200 handled", failing);
await answers("and the one after", "200 duplicate", failing);

// ---- While the first attempt is under way.
const slow = await event();
let finish;
const started = new Promise((begun) => {
  globalThis.work = () => new Promise((done) => {
    finish = done;
    begun();
  });
});
const first = post(slow);
await started;
await answers("a second attempt meanwhile", "503 being handled", slow);
await answers("and one by another webhook", "503 being handled", { ...slow, id: "webhook_other" });
finish();
must("the first: 200 handled", (await first) === "200 handled");
await answers("the second attempt, later", "200 duplicate", slow);
const doomed = await event();
let fail;
const begun = new Promise((yes) => {
  globalThis.work = () => new Promise((_, no) => {
    fail = no;
    yes();
  });
});
const lost = post(doomed);
await begun;
await answers("an attempt while the first is about to fail", "503 being handled", doomed);
fail(new Error("no"));
must("the first: 500 handling failed", (await lost) === "500 handling failed");
globalThis.work = () => {};
await answers("Kinde's next attempt", "200 handled", doomed);

// ---- Keys out of reach: nothing is wrong with the delivery.
const early = await event();
const troubles = {
  "an error": () => new Response("no", { status: 500 }),
  "a page": () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  "no keys": () => Response.json({ keys: [] }),
};
for (const [trouble, answer] of Object.entries(troubles)) {
  keys = answer;
  // Another address is another tenant to the route: nothing is kept for it.
  const other = await serve(() => keys());
  process.env.KINDE_ISSUER_URL = other.url;
  await answers(`${trouble} in the place of the keys`, "503 the keys could not be fetched", early);
  other.close();
}
const dead = await serve(() => new Response());
dead.close();
process.env.KINDE_ISSUER_URL = dead.url;
await answers("nobody answers for the keys", "503 the keys could not be fetched", early);
keys = () => Response.json({ keys: [jwk] });
process.env.KINDE_ISSUER_URL = `${tenant.url}/`;
await answers("once they are there", "200 handled", early);
const strange = await new SignJWT({}).setProtectedHeader({ alg: "RS256", kid: "two" }).sign(privateKey);
await answers("a key that the tenant does not have", "400 no key of this tenant has that ID", { body: strange, id: "x" });

// ---- And what is not read at all.
await answers("a body over a million characters", "413 too large", { body: "a".repeat(1_000_001), id: "x" });
await answers("one that says it is", "413 too large", { body: "a", id: "x" }, { "content-length": "1000001" });
delete process.env.KINDE_ISSUER_URL;
await answers("without a tenant", "500 KINDE_ISSUER_URL is not set", await event());
process.exit(0);

// Multipass: byte by byte the token of another package over the same JSON and vector, and its tokens judged by the panel; and the
// generated route, run with ID tokens of a tenant of our own.
import crypto from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { load } from "./resolve.mjs";
import { session } from "./session.mjs";
import { home, must, panel, serve } from "./tools.mjs";

const require = createRequire(`${home}/`);
const Multipassify = require("multipassify");
const { Multipass } = require("multipass-js");
const program = process.env.KINDE_PANEL ?? process.argv[2];
const secret = readFileSync(`${home}/multipass.secret`, "utf8");
const made = JSON.parse(readFileSync(`${home}/multipass.json`, "utf8")).values;

const bytes = Buffer.from(made.token.replaceAll("-", "+").replaceAll("_", "/"), "base64");
const keys = crypto.createHash("sha256").update(secret).digest();
const iv = bytes.subarray(0, 16);
const sealed = bytes.subarray(0, -32);
const mac = crypto.createHmac("sha256", keys.subarray(16)).update(sealed).digest();
must("node finds the MAC right", mac.equals(bytes.subarray(-32)));
const decipher = crypto.createDecipheriv("aes-128-cbc", keys.subarray(0, 16), iv);
const json = Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]).toString("utf8");
const customer = JSON.parse(json);
must("and decrypts the customer", customer.email === "nic@example.com" && customer.first_name === "Zoë", json);
const madeAt = statSync(`${home}/multipass.json`).mtimeMs;
must("created_at is ISO 8601 of when it was made", Math.abs(Date.parse(customer.created_at) - madeAt) < 60_000, customer.created_at);

// The package takes its vector from crypto.randomBytes and the time from the clock: it is given ours.
const random = crypto.randomBytes;
const written = Date.prototype.toISOString;
crypto.randomBytes = (count) => (count === 16 ? iv : random(count));
Date.prototype.toISOString = () => customer.created_at;
const theirs = new Multipassify(secret).encode({ ...customer });
crypto.randomBytes = random;
Date.prototype.toISOString = written;
must("multipassify makes the same token, byte by byte", theirs === made.token, `${theirs}\n${made.token}`);
must("the address is the store's", made.url === `https://acme.myshopify.com/account/login/multipass/${made.token}`);

const judged = (token) => {
  writeFileSync(`${home}/token`, token);
  const words = ["recipe", "check", "shopify-multipass", "--set", `token=@${home}/token`];
  return panel(program, `${home}/data`, ...words, "--password-file", `${home}/multipass.secret`);
};
const firstBad = (answer) => answer.checks.find((check) => check.verdict === "fail")?.name;
must("the panel takes multipassify's token", judged(new Multipassify(secret).encode({ email: "a@example.com" })).verdict === "pass");
const js = (data) => new Multipass(secret).withCustomerData(data).withDomain("acme.myshopify.com").url();
must("and that of multipass-js", judged(js({ email: "a@example.com" })).verdict === "pass");
const now = Math.floor(Date.now() / 1000);
must("and names the number of the guide", firstBad(judged(js({ email: "a@example.com", created_at: now }))) === "created_at");
must("and the time that was taken away", firstBad(judged(js({ email: "a@example.com", created_at: undefined }))) === "created_at");

const { multipassToken } = await load(`${home}/js/multipass/lib/multipass.js`);
must("the generated code's token is good", judged(multipassToken(secret, { email: "a@example.com" })).verdict === "pass");
must("and has its padding", multipassToken(secret, { email: "a@b.c" }).length % 4 === 0);

// ---- The route.
const { privateKey, publicKey } = await generateKeyPair("RS256");
const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256" };
const tenant = await serve(() => Response.json({ keys: [jwk] }));
Object.assign(process.env, {
  KINDE_ISSUER_URL: `${tenant.url}/`,
  KINDE_SITE_URL: "http://localhost:3000",
  KINDE_CLIENT_ID: "app",
  SHOPIFY_STORE: "acme.myshopify.com",
  SHOPIFY_MULTIPASS_SECRET: secret,
});
const { GET } = await load(`${home}/js/multipass/app/api/multipass/route.js`);
// What the route says of its own, and no failure of this test.
const error = console.error;
console.error = (...words) => words[0] instanceof Error || error(...words);
const ada = { sub: "kp_1", azp: "app", aud: ["app"], email: "ada@example.com", email_verified: true, given_name: "Ada" };

/** What the route answers whoever is signed in with these claims; nobody is where they are null. */
async function ask(changes, { query = "", age = 0, key = privateKey } = {}) {
  const claims = { iss: tenant.url, ...ada, ...changes };
  const at = Math.floor(Date.now() / 1000) - age;
  const made = new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "one" }).setIssuedAt(at).setExpirationTime(at + 3600);
  session.idToken = changes === null ? null : await made.sign(key);
  return GET(new Request(`http://localhost:3000/api/multipass${query}`));
}
/** The customer that the store is told of. */
async function told(changes, query) {
  const answer = await ask(changes, { query });
  must("the browser is sent to the store, by an address nobody keeps", answer.status === 302 && answer.headers.get("cache-control") === "no-store", answer.status);
  const at = new URL(answer.headers.get("location"));
  must("which is the store's own", at.origin === "https://acme.myshopify.com" && at.pathname.startsWith("/account/login/multipass/"), at.href);
  const found = judged(at.href);
  must("with a token that the panel finds good", found.verdict === "pass", JSON.stringify(found));
  return found.values.customer;
}
const customer_of = await told({});
must("of who is signed in", customer_of.email === "ada@example.com" && customer_of.first_name === "Ada" && !("last_name" in customer_of), customer_of);
must("made now", Math.abs(Date.parse(customer_of.created_at) - Date.now()) < 60_000, customer_of.created_at);
must("for the application alone in aud too", (await told({ azp: undefined })).email === "ada@example.com");
for (const [what, changes] of [
  ["an email that nobody verified", { email_verified: false }],
  ["one that only says so", { email_verified: "true" }],
  ["no email", { email: undefined }],
  ["a token of another application", { azp: "other", aud: ["other"] }],
  ["a token of another tenant", { iss: "https://other.kinde.com" }],
]) {
  must(`${what} is refused`, (await ask(changes)).status === 403);
}
must("so is a key of nobody", (await ask({}, { key: (await generateKeyPair("RS256")).privateKey })).status === 403);
for (const [who, changes, age] of [["nobody", null, 0], ["whose token has expired", {}, 7200]]) {
  const answer = await ask(changes, { age, query: "?return_to=/cart" });
  const at = new URL(answer.headers.get("location"));
  must(`${who} signs in first`, answer.status === 302 && at.origin === "http://localhost:3000" && at.pathname === "/api/auth/login");
  must("and comes back", at.searchParams.get("post_login_redirect_url") === "http://localhost:3000/api/multipass?return_to=/cart", at.href);
}
const store = "https://acme.myshopify.com";
for (const [page, ends] of [
  ["/cart", `${store}/cart`],
  ["/collections/all?sort=a&b=c#top", `${store}/collections/all?sort=a&b=c#top`],
  ["cart", `${store}/cart`],
  [`${store}/cart`, `${store}/cart`],
  ["//evil.example", undefined],
  ["/\\evil.example", undefined],
  ["\\\\evil.example", undefined],
  ["/\t/evil.example", undefined],
  ["/\n/evil.example", undefined],
  ["\t//evil.example", undefined],
  ["https://evil.example/", undefined],
  ["https:evil.example", `${store}/evil.example`],
  ["https:/\\evil.example", undefined],
  ["http://acme.myshopify.com/cart", undefined],
  ["https://acme.myshopify.com@evil.example", undefined],
  ["https://acme.myshopify.com.evil.example", undefined],
  ["javascript:alert(1)", undefined],
  ["https://[", undefined],
  ["", undefined],
]) {
  const { return_to } = await told({}, `?${new URLSearchParams({ return_to: page })}`);
  must(`return_to ${JSON.stringify(page)} ends at ${ends ?? "the store's own choice"}`, return_to === ends, return_to);
}
process.exit(0);

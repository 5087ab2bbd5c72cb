// The edge verifier while the tenant's keys are out of reach, and with tokens that are no access tokens: in the wrappers of
// Cloudflare, Next.js and Nuxt. Keys and tokens are made here, by WebCrypto; the clock is moved, never waited for.
import { createApp, toWebHandler } from "h3";
import { load } from "./resolve.mjs";
import { home, must, serve } from "./tools.mjs";

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const pair = await crypto.subtle.generateKey(RS256, true, ["sign", "verify"]);
const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: "one" };
const base64 = (it) => Buffer.from(it).toString("base64url");

let tenant = "error";
let asked = 0;
const { url: issuer } = await serve(() => {
  asked += 1;
  if (tenant === "keys") return Response.json({ keys: [jwk] });
  return tenant === "page" ? new Response("<html>") : new Response("no", { status: 500 });
});

async function token(claims, kid = "one") {
  const now = Math.floor(Date.now() / 1000);
  const body = { iss: issuer, sub: "kp_1", azp: "app", aud: [], iat: now, exp: now + 3600, ...claims };
  const input = `${base64(JSON.stringify({ alg: "RS256", kid }))}.${base64(JSON.stringify(body))}`;
  return `${input}.${base64(await crypto.subtle.sign(RS256, pair.privateKey, Buffer.from(input)))}`;
}

process.env.KINDE_ISSUER_URL = issuer;
delete process.env.KINDE_AUDIENCE;
const cloudflare = (await load(`${home}/js/edge-cloudflare/src/index.js`)).default;
const next = await load(`${home}/js/edge-next/app/api/me/route.js`);
const nuxt = toWebHandler(createApp().use((await load(`${home}/js/edge-nuxt/server/api/me.get.js`)).default));
const wrappers = {
  cloudflare: (request) => cloudflare.fetch(request, { KINDE_ISSUER_URL: issuer }),
  next: (request) => next.GET(request),
  nuxt: (request) => nuxt(request),
};
must("a worker without a tenant says so", (await cloudflare.fetch(new Request(issuer), {})).status === 500);

const real = Date.now;
let ahead = 0;
Date.now = () => real() + ahead;
console.error = () => {};

for (const [name, answer] of Object.entries(wrappers)) {
  const ask = (jwt) => answer(new Request("http://worker.example/", { headers: { authorization: `Bearer ${jwt}` } }));
  const fetches = async (deed) => {
    const before = asked;
    await deed();
    return asked - before;
  };
  const forge = async () => {
    for (let n = 0; n < 20; n += 1) await ask(await token({ scp: [] }, `made-up-${n}`));
  };

  for (const trouble of ["error", "page"]) {
    tenant = trouble;
    const out = await ask(await token({ scp: [] }));
    must(`${name}: keys out of reach (${trouble}) are 503`, out.status === 503 && out.headers.has("retry-after"), out.status);
    must(`${name}: and are not asked for again by each forged key ID`, (await fetches(forge)) === 0);
    ahead += 6_000;
  }
  tenant = "keys";
  const good = await token({ scp: ["read:things"] });
  must(`${name}: once they are there the token is taken`, (await ask(good)).status === 200);
  must(`${name}: a token with a scope alone too`, (await ask(await token({ scope: "read:things" }))).status === 200);
  const id = await ask(await token({ aud: ["app"], at_hash: "x", email: "ada@example.com", email_verified: true }));
  must(`${name}: an ID token is refused`, id.status === 401 && (await id.json()).error === "no access token", id.status);

  tenant = "error";
  ahead += 11 * 60_000;
  const later = await token({ scp: [] });
  const count = await fetches(async () => {
    must(`${name}: a known key outlives an outage`, (await ask(later)).status === 200);
    must(`${name}: an unknown one is 503 in it`, (await ask(await token({ scp: [] }, "new"))).status === 503);
    await forge();
  });
  must(`${name}: with one more fetch in all`, count === 1, count);
  ahead += 6_000;
}
process.exit(0);

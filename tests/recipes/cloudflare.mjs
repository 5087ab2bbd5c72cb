// openid-client in the place of Cloudflare: only the fields that the recipe has people paste, no discovery.
import { readFileSync } from "node:fs";
import * as oidc from "openid-client";
import { allow, inEnv, signIn } from "./browser.mjs";
import { home, must } from "./tools.mjs";

const fields = JSON.parse(readFileSync(`${home}/cloudflare.json`, "utf8")).values;
const provider = JSON.parse(readFileSync(`${home}/cloudflare/cloudflare/identity-provider.json`, "utf8"));
must("the file for Cloudflare's API has the same fields", provider.config.certs_url === fields.certificate_url && provider.config.auth_url === fields.auth_url && provider.config.token_url === fields.token_url && provider.config.client_id === fields.client_id);
const secret = inEnv(`${home}/cloudflare/.env`, "KINDE_CLIENT_SECRET");
const pasted = {
  issuer: process.env.ISSUER,
  authorization_endpoint: fields.auth_url,
  token_endpoint: fields.token_url,
  jwks_uri: fields.certificate_url,
};
const config = new oidc.Configuration(pasted, fields.client_id, undefined, oidc.ClientSecretPost(secret));
oidc.allowInsecureRequests(config);
// The ID token's signature is checked with the certificate URL, as Cloudflare does.
oidc.enableNonRepudiationChecks(config);

const ask = async (redirect_uri, pkce) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: fields.scopes,
    state,
    ...(pkce && { code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
  });
  return { ...(await signIn(url)), verifier: pkce ? verifier : undefined, state };
};

must("before it is registered the callback is refused", (await ask(fields.callback_url, true)).refused >= 400);
await allow(fields.client_id, fields.callback_url);
for (const pkce of [true, false]) {
  const { back, verifier, state } = await ask(fields.callback_url, pkce);
  const tokens = await oidc.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    idTokenExpected: true,
  });
  must(`${pkce ? "with" : "without"} PKCE somebody signs in`, tokens.claims()?.[fields.email_claim]?.includes("@"), JSON.stringify(tokens.claims()));
}
must("the guide's callback without https:// is refused", (await ask(fields.callback_url.replace("https://", ""), true)).refused >= 400);
must("and one with a slash at the end", (await ask(`${fields.callback_url}/`, true)).refused >= 400);

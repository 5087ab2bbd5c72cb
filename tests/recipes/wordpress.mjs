// The request sequence that OpenID Connect Generic Client documents, with the settings that the recipe makes. The plugin itself
// is on no package registry; where its folder is given, wordpress_plugin.mjs signs in with it.
import { readFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { allow, inEnv, signIn } from "./browser.mjs";
import { home, must, panelAsks, serve } from "./tools.mjs";

const values = JSON.parse(readFileSync(`${home}/wordpress.json`, "utf8")).values;
const settings = JSON.parse(readFileSync(`${home}/wordpress/openid-connect-generic-settings.json`, "utf8"));
const constants = readFileSync(`${home}/wordpress/wp-config-kinde.php`, "utf8");
const constant = (name) => new RegExp(`define\\( '${name}', '([^']*)' \\)`).exec(constants)?.[1];
for (const [name, value] of [
  ["OIDC_CLIENT_ID", settings.client_id],
  ["OIDC_CLIENT_SCOPE", settings.scope],
  ["OIDC_ENDPOINT_LOGIN_URL", settings.endpoint_login],
  ["OIDC_ENDPOINT_TOKEN_URL", settings.endpoint_token],
  ["OIDC_ENDPOINT_USERINFO_URL", settings.endpoint_userinfo],
]) {
  must(`${name} is what the settings say`, constant(name) === value, constant(name));
}
const client_secret = inEnv(`${home}/wordpress/outside-the-web-root/.env`, "OIDC_CLIENT_SECRET");
must("the secret stands in the environment alone", !constants.includes(client_secret) && settings.client_secret === "");
await allow(settings.client_id, values.callback_url);

/** From the button on the sign-in page to a WordPress user; the plugin's error where it stops. */
async function login(scope, callback = values.callback_url) {
  const state = "0123456789abcdef0123456789abcdef";
  const url = new URL(settings.endpoint_login);
  url.search = new URLSearchParams({ response_type: "code", scope, client_id: settings.client_id, state, redirect_uri: callback });
  const { back, refused } = await signIn(url);
  if (refused) return `refused ${refused}`;
  if (!back.href.startsWith(callback) || back.searchParams.get("state") !== state) return "invalid-state";
  const answer = await fetch(settings.endpoint_token, {
    method: "POST",
    body: new URLSearchParams({
      code: back.searchParams.get("code"),
      client_id: settings.client_id,
      client_secret,
      redirect_uri: callback,
      grant_type: "authorization_code",
      scope,
    }),
  });
  const tokens = await answer.json();
  if (!tokens.id_token || !/^bearer$/i.test(tokens.token_type ?? "")) return "invalid-token-response";
  // The plugin only reads it; here it is verified too.
  const { payload } = await jwtVerify(tokens.id_token, createRemoteJWKSet(new URL(`${process.env.ISSUER}/.well-known/jwks.json`)));
  if (!payload.sub) return "no-subject-identity";
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const claims = await (await fetch(settings.endpoint_userinfo, { headers })).json();
  if (claims.sub !== payload.sub) return "incorrect-user-claim";
  const filled = (format) => format.replaceAll(/\{(\w+)\}/g, (_, name) => claims[name] ?? "");
  if (!claims[settings.identity_key] || !claims[settings.nickname_key]) return "incomplete-user-claim";
  if (!filled(settings.email_format)) return "incomplete-user-claim";
  return { email: filled(settings.email_format), name: filled(settings.displayname_format), refresh: "refresh_token" in tokens };
}

const user = await login(settings.scope);
must("somebody new signs in", user.email?.includes("@") && user.name, JSON.stringify(user));
must("and stays signed in", user.refresh);
must("the guide's scope openid alone stops with incomplete-user-claim", (await login("openid")) === "incomplete-user-claim");

// A site whose web root has the file with the secret, as many servers hand it out.
let open = true;
const site = await serve((request) => {
  const asked = new URL(request.url).pathname === "/.env";
  return asked && open ? new Response(`OIDC_CLIENT_SECRET=${client_secret}\n`) : new Response("<h1>Blog</h1>");
});
const look = async () => {
  const told = await panelAsks(process.argv[2], `${home}/data`, "recipe", "check", "wordpress", "--set", `site=${site.url}`);
  must("the check does not repeat the secret", !JSON.stringify(told).includes(client_secret));
  return told.checks.find((check) => check.name === "env file").verdict;
};
must("a .env in the web root fails the check", (await look()) === "fail");
open = false;
must("and one elsewhere does not", (await look()) === "pass");
site.close();

must("a callback that is not registered is refused", String(await login(`${values.callback_url}&x=1`)).startsWith("refused"));

// wordpress_plugin.mjs PLUGIN SITE: the plugin itself, with the generated constants and settings, signs somebody in at the sandbox.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { allow, inEnv, signIn } from "./browser.mjs";
import { home, must } from "./tools.mjs";

const [plugin, site] = process.argv.slice(2);
const generated = `${home}/wordpress`;
const settings = `${generated}/openid-connect-generic-settings.json`;
const callback = JSON.parse(readFileSync(`${home}/wordpress.json`, "utf8")).values.callback_url;

async function login(change = (query) => query) {
  const env = { ...process.env, OIDC_CLIENT_SECRET: inEnv(`${generated}/outside-the-web-root/.env`, "OIDC_CLIENT_SECRET") };
  const php = spawn("php", [`${home}/wordpress_plugin.php`, plugin, generated, site], { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: php.stdout })[Symbol.asyncIterator]();
  const url = new URL((await lines.next()).value);
  const { back, refused } = await signIn(url);
  must("the sandbox takes its authorize address", back, `${refused} ${url}`);
  php.stdin.end(`${change(back.searchParams)}\n`);
  const told = (await lines.next()).value;
  must("it ends in a redirect", told?.startsWith("{"), told);
  return { url, back, ...JSON.parse(told) };
}

const { client_id } = JSON.parse(readFileSync(settings, "utf8"));
await allow(client_id, callback);
await allow(client_id, `${site}/`, "auth_logout_urls");
const done = await login();
console.log(`OpenID Connect Generic Client ${done.version}`);
must("it asks with the scope of the constants", done.url.searchParams.get("scope") === "openid profile email offline", done.url.href);
must("for the callback that the recipe registers", done.url.searchParams.get("redirect_uri") === callback, done.url.href);
must("it signs somebody new in", done.to === site && done.user.user_email?.includes("@"), done.to);
must("whose nickname is a name", done.user.nickname && !done.user.nickname.startsWith("kp_"), done.user);
must("and who stays signed in", done.refresh);
const logout = await fetch(done.logout, { redirect: "manual" });
must("its logout ends at the site", logout.headers.get("location") === `${site}/`, logout.status);
const forged = await login((query) => new URLSearchParams({ ...Object.fromEntries(query), state: "0".repeat(32) }));
must("a state of nobody is refused", forged.to.includes("login-error=invalid-state"), forged.to);

// The guide's scope and nickname, by what the plugin itself makes of them.
const constants = readFileSync(`${generated}/wp-config-kinde.php`, "utf8");
writeFileSync(`${generated}/wp-config-kinde.php`, constants.replace("openid profile email offline", "openid"));
const bare = await login();
must("with the guide's scope openid nobody new gets in", bare.to.includes("login-error=incomplete-user-claim"), bare.to);

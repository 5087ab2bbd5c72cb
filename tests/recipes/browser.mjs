// What a browser does at the sandbox: it follows the sign-in page without script; and the tenant's Management API, to allow
// an address as the panel's window does.
import { readFileSync } from "node:fs";
import { home, must } from "./tools.mjs";

const ready = JSON.parse(readFileSync(`${home}/ready.json`, "utf8")).ready;

/** Signs in as the sandbox's first user; where the browser is sent back to. */
export async function signIn(authorize) {
  const page = await fetch(authorize, { redirect: "manual" });
  if (page.status !== 200) return { refused: page.status };
  const html = await page.text();
  const action = /<form[^>]*\saction="([^"]*)"/.exec(html)[1].replaceAll("&amp;", "&");
  const body = new URLSearchParams({ user: ready.users[0].id });
  const back = await fetch(new URL(action, authorize), { method: "POST", body, redirect: "manual" });
  return { back: new URL(back.headers.get("location")) };
}

/** Adds addresses to an application's callbacks, or to another list of its, by POST. */
export async function allow(application, url, list = "auth_redirect_urls") {
  const { issuer, audience, client_id, client_secret } = ready;
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret, audience });
  const minted = await fetch(`${issuer}/oauth2/token`, { method: "POST", body: form });
  const { access_token } = await minted.json();
  const answer = await fetch(`${issuer}/api/v1/applications/${application}/${list}`, {
    method: "POST",
    headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
    body: JSON.stringify({ urls: [url] }),
  });
  must(`${url} is added`, answer.ok, answer.status);
}

/** The value of NAME in an environment file. */
export const inEnv = (file, name) => new RegExp(`^${name}=(.*)$`, "m").exec(readFileSync(file, "utf8"))[1].replace(/^'|'$/g, "");

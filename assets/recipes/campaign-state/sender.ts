// app/auth/campaign/route.ts
//
// Where a campaign link leads: %%campaign_link%%
// Takes the campaign out of the link and sends the browser on to Kinde with a signed `state`.

import { campaignOf, cookiePath, MAX_AGE, newNonce, writeState } from "@/lib/campaign-state";

export async function GET(request: Request): Promise<Response> {
  const nonce = newNonce();
  const site = origin("KINDE_SITE_URL");
  const authorize = new URL("/oauth2/auth", origin("KINDE_ISSUER_URL"));
  authorize.search = new URLSearchParams({
    response_type: "code",
    client_id: env("KINDE_CLIENT_ID"),
    redirect_uri: `${site}/auth/campaign/callback`,
    scope: "openid profile email",
    prompt: "create",
    state: writeState(campaignOf(new URL(request.url).searchParams), nonce),
  }).toString();

  const path = cookiePath(site);
  const secure = site.startsWith("https:") ? "; Secure" : "";
  return new Response(null, {
    status: 302,
    headers: {
      location: authorize.toString(),
      "set-cookie": `campaign_nonce=${nonce}; Path=${path}; Max-Age=${MAX_AGE}; HttpOnly; SameSite=Lax${secure}`,
      "cache-control": "no-store",
    },
  });
}

function env(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** An address without a slash at its end. */
function origin(name: string): string {
  return env(name).replace(/\/+$/, "");
}

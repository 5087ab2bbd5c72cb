// app/auth/campaign/callback/route.ts
//
// Where Kinde sends the browser back to. Believes a campaign only when the state was signed here, is recent, and belongs
// to this browser. The code is good once and is exchanged only after that.

import { type Campaign, cookiePath, readState } from "@/lib/campaign-state";

export async function GET(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const refused = query.get("error");
  if (refused) {
    return answer(400, `Kinde answered ${refused}: ${query.get("error_description") ?? "no reason given"}`);
  }
  const read = readState(query.get("state"), cookie(request, "campaign_nonce"));
  if (!read.ok) return answer(400, `The state was refused: ${read.reason}`);
  const code = query.get("code");
  if (!code) return answer(400, "There is no code");

  const site = origin("KINDE_SITE_URL");
  const exchanged = await fetch(new URL("/oauth2/token", origin("KINDE_ISSUER_URL")), {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: env("KINDE_CLIENT_ID"),
      client_secret: env("KINDE_CLIENT_SECRET"),
      redirect_uri: `${site}/auth/campaign/callback`,
      code,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!exchanged.ok) return answer(502, `The code was not exchanged: ${exchanged.status}`);
  const tokens = (await exchanged.json()) as { id_token?: unknown };
  const user = subjectOf(tokens.id_token);
  if (!user) return answer(502, "The answer has no ID token");

  await recordCampaign(user, read.campaign);
  // Your own session begins here: the tokens are in `tokens`.

  return new Response(null, {
    status: 303,
    headers: {
      location: `${site}/`,
      "set-cookie": `campaign_nonce=; Path=${cookiePath(site)}; Max-Age=0; HttpOnly; SameSite=Lax`,
      "cache-control": "no-store",
    },
  });
}

/** Write it down where your reports read it, or tell the advertiser. */
async function recordCampaign(user: string, campaign: Campaign): Promise<void> {
  console.info("signed up", { user, campaign });
}

/** The subject of an ID token that came straight from the token endpoint: the connection vouches for it. */
function subjectOf(token: unknown): string | undefined {
  if (typeof token !== "string") return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const subject = (claims as { sub?: unknown } | null)?.sub;
    return typeof subject === "string" ? subject : undefined;
  } catch {
    return undefined;
  }
}

function cookie(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name) return value;
  }
  return undefined;
}

function answer(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
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

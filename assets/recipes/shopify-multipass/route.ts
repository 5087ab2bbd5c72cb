// app/api/multipass/route.ts
//
// Signs whoever is signed in with Kinde in to the store. Link to it: /api/multipass, or /api/multipass?return_to=/cart

import { getKindeServerSession } from "@kinde-oss/kinde-auth-nextjs/server";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { type Customer, multipassUrl } from "@/lib/multipass";

let keys: JWTVerifyGetKey | undefined;

export async function GET(request: Request): Promise<Response> {
  const idToken = await getKindeServerSession().getIdTokenRaw();
  if (!idToken) return signIn(request);

  const issuer = origin("KINDE_ISSUER_URL");
  keys ??= createRemoteJWKSet(new URL("/.well-known/jwks", issuer));
  let claims: JWTPayload;
  try {
    ({ payload: claims } = await jwtVerify(idToken, keys, { issuer, algorithms: ["RS256"] }));
  } catch (error) {
    if (error instanceof errors.JWTExpired) return signIn(request);
    console.error(error);
    return new Response("The ID token could not be checked", { status: 403 });
  }
  const clientId = env("KINDE_CLIENT_ID");
  if (claims["azp"] !== clientId && ![claims.aud].flat().includes(clientId)) {
    return new Response("The ID token belongs to another application", { status: 403 });
  }
  const email = text(claims["email"]);
  if (!email || claims["email_verified"] !== true) {
    return new Response("Verify your email address first", { status: 403 });
  }

  const store = env("SHOPIFY_STORE");
  const customer: Customer = { email };
  const [first, last] = [text(claims["given_name"]), text(claims["family_name"])];
  if (first) customer.first_name = first;
  if (last) customer.last_name = last;
  const page = pageOf(store, new URL(request.url).searchParams.get("return_to"));
  if (page) customer.return_to = page;

  return redirect(multipassUrl(store, env("SHOPIFY_MULTIPASS_SECRET"), customer).toString());
}

/**
 * A page of the store alone: an address from outside must not decide where a signed-in customer lands. Judged by what the
 * address comes to, not by how it is written: a parser drops tabs and line ends, and takes `\` for `/`.
 */
function pageOf(store: string, text: string | null): string | undefined {
  const home = new URL(`https://${store}`);
  if (!text || !URL.canParse(text, home)) return undefined;
  const page = new URL(text, home);
  return page.origin === home.origin ? page.toString() : undefined;
}

function signIn(request: Request): Response {
  const back = new URL(request.url);
  const site = origin("KINDE_SITE_URL");
  const login = new URL("/api/auth/login", site);
  login.searchParams.set("post_login_redirect_url", `${site}${back.pathname}${back.search}`);
  return redirect(login.toString());
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location, "cache-control": "no-store" } });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
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

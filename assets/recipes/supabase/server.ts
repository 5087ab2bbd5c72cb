// lib/supabase/server.ts
//
// A Supabase client that acts as the person who is signed in with Kinde. Kinde's ID token is verified, then a token of our
// own is minted for Supabase: five minutes, the user's ID as `sub`, the role that the policies are for.
//
// SUPABASE_JWT_SECRET is the shared secret that was imported into Supabase as its HS256 signing key. It is no key of
// Kinde's: whoever has it can be any user of the database.

import { getKindeServerSession } from "@kinde-oss/kinde-auth-nextjs/server";
import { createClient as createSupabaseClient, type SupabaseClient } from "@supabase/supabase-js";
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify, SignJWT } from "jose";
import { redirect } from "next/navigation";

const LIFETIME = "5m";
let keys: JWTVerifyGetKey | undefined;

export async function createClient(): Promise<SupabaseClient> {
  const token = await supabaseToken();
  return createSupabaseClient(
    env("NEXT_PUBLIC_SUPABASE_URL"),
    env("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY"),
    {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      global: {
        fetch: (input, init) => {
          const headers = new Headers(init?.headers);
          // A publishable key is no token: as one it is refused. Nobody signed in: no token at all.
          if (token) headers.set("Authorization", `Bearer ${token}`);
          else headers.delete("Authorization");
          return fetch(input, { ...init, headers, cache: "no-store" });
        },
      },
    },
  );
}

/** The token for whoever is signed in; undefined for anybody else. */
async function supabaseToken(): Promise<string | undefined> {
  const idToken = await getKindeServerSession().getIdTokenRaw();
  if (!idToken) return undefined;
  const issuer = env("KINDE_ISSUER_URL").replace(/\/+$/, "");
  keys ??= createRemoteJWKSet(new URL("/.well-known/jwks", issuer));
  let user: { sub: string; email?: string };
  try {
    const { payload } = await jwtVerify(idToken, keys, { issuer, algorithms: ["RS256"] });
    const clientId = env("KINDE_CLIENT_ID");
    if (payload["azp"] !== clientId && ![payload.aud].flat().includes(clientId)) return undefined;
    if (!payload.sub) return undefined;
    user = { sub: payload.sub };
    if (typeof payload["email"] === "string") user.email = payload["email"];
  } catch (error) {
    // lib/supabase/proxy.ts refreshes it in time. Where that has no part in this path, an empty list would be a lie.
    if (error instanceof errors.JWTExpired) redirect("/api/auth/login");
    // Not the tenant's: the person is not signed in as far as the database goes.
    console.warn("The ID token was not taken:", error instanceof Error ? error.message : error);
    return undefined;
  }
  return new SignJWT({ ...user, role: "authenticated" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setAudience("authenticated")
    .setIssuedAt()
    .setExpirationTime(LIFETIME)
    .sign(new TextEncoder().encode(env("SUPABASE_JWT_SECRET")));
}

function env(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

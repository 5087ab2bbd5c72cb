// lib/verify-kinde-token.ts
//
// Verifies Kinde's access tokens with what every edge runtime has: fetch and WebCrypto. No package. RS256 alone, by the key
// that the token names; an unknown key ID makes it fetch the keys once more, at most every 30 seconds.

export type Claims = {
  iss?: string;
  sub?: string;
  azp?: string;
  aud?: string | string[];
  exp?: number;
  nbf?: number;
  iat?: number;
  scp?: string[];
  scope?: string;
  permissions?: string[];
  org_code?: string;
  [claim: string]: unknown;
};

export type Options = {
  /** The tenant: https://acme.kinde.com */
  issuer: string;
  /** The API's audience. Without one, tokens for any audience are taken: Kinde leaves `aud` empty where none was asked for. */
  audience?: string | undefined;
  /** Client IDs whose tokens are taken; any where none are named. */
  clients?: readonly string[] | undefined;
  /** How far clocks may be apart, in seconds. */
  leeway?: number;
  /** The moment to judge at, in milliseconds. */
  now?: number;
};

export type Verified = { ok: true; claims: Claims } | { ok: false; reason: string };

type Keys = { fetched: number; byId: Map<string, CryptoKey> };
const sets = new Map<string, Keys>();
const KEPT_MS = 10 * 60 * 1000;
const AGAIN_MS = 30 * 1000;
const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** Whether `token` is the tenant's, and what it says. Throws only where the keys cannot be fetched. */
export async function verifyKindeToken(token: string, options: Options): Promise<Verified> {
  const refused = (reason: string): Verified => ({ ok: false, reason });
  const [head, body, signature, ...rest] = token.split(".");
  if (!head || !body || !signature || rest.length > 0) return refused("malformed");
  let header: { alg?: unknown; kid?: unknown; crit?: unknown };
  let claims: Claims;
  let signed: Uint8Array<ArrayBuffer>;
  try {
    header = JSON.parse(text(decode(head)));
    claims = JSON.parse(text(decode(body)));
    signed = decode(signature);
  } catch {
    return refused("malformed");
  }
  if (typeof header !== "object" || header === null || typeof claims !== "object" || claims === null) {
    return refused("malformed");
  }
  if (header.alg !== "RS256" || header.crit !== undefined) return refused("algorithm");
  if (typeof header.kid !== "string") return refused("unknown key");

  const issuer = options.issuer.replace(/\/+$/, "");
  const key = await keyOf(issuer, header.kid);
  if (!key) return refused("unknown key");
  const input = new TextEncoder().encode(`${head}.${body}`);
  if (!(await crypto.subtle.verify(RS256, key, signed, input))) return refused("signature");

  const now = (options.now ?? Date.now()) / 1000;
  const leeway = options.leeway ?? 30;
  if (typeof claims.exp !== "number" || claims.exp <= now - leeway) return refused("expired");
  if (claims.nbf !== undefined && !(typeof claims.nbf === "number" && claims.nbf <= now + leeway)) {
    return refused("not yet valid");
  }
  if (claims.iss !== issuer) return refused("issuer");
  if (options.audience && ![claims.aud].flat().includes(options.audience)) return refused("audience");
  const { clients } = options;
  if (clients?.length && !(typeof claims.azp === "string" && clients.includes(claims.azp))) return refused("client");
  return { ok: true, claims };
}

/** The token of an Authorization header. */
export function bearer(request: Request): string | undefined {
  const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && token ? token : undefined;
}

/** Answers a request that needs a token: 401 with a reason, or what `handle` makes of the claims. */
export async function withKindeToken(
  request: Request,
  options: Options,
  handle: (claims: Claims) => Response | Promise<Response>,
): Promise<Response> {
  const token = bearer(request);
  const verified: Verified = token ? await verifyKindeToken(token, options) : { ok: false, reason: "no token" };
  if (verified.ok) return handle(verified.claims);
  return Response.json(
    { error: verified.reason },
    { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } },
  );
}

async function keyOf(issuer: string, kid: string): Promise<CryptoKey | undefined> {
  const now = Date.now();
  const kept = sets.get(issuer);
  const age = kept ? now - kept.fetched : Number.POSITIVE_INFINITY;
  const known = kept?.byId.get(kid);
  if (known && age < KEPT_MS) return known;
  // A key may have been rotated in; a forger may also make key IDs up, so not for every one of them.
  if (!known && age < AGAIN_MS) return undefined;
  try {
    const keys = await fetchKeys(issuer, now);
    sets.set(issuer, keys);
    return keys.byId.get(kid);
  } catch (error) {
    if (known) return known;
    throw error;
  }
}

async function fetchKeys(issuer: string, now: number): Promise<Keys> {
  const answer = await fetch(`${issuer}/.well-known/jwks`, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`The keys of ${issuer} could not be fetched: ${answer.status}`);
  const set = (await answer.json()) as { keys?: (JsonWebKey & { kid?: string })[] };
  const byId = new Map<string, CryptoKey>();
  for (const jwk of set.keys ?? []) {
    if (jwk.kty !== "RSA" || !jwk.kid || !jwk.n || !jwk.e) continue;
    const key = { kty: "RSA", n: jwk.n, e: jwk.e };
    byId.set(jwk.kid, await crypto.subtle.importKey("jwk", key, RS256, false, ["verify"]));
  }
  return { fetched: now, byId };
}

function decode(part: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw new Error("not base64url");
  return Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function text(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
